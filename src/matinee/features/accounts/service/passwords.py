"""Hashing passwords with argon2id, two at a time, away from the event loop. Never inside a transaction."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from matinee.features.accounts import rules
from matinee.features.accounts.schemas import AccountsSettings
from matinee.kernel.errors import Unavailable

T = TypeVar("T")
SIDE_BY_SIDE = 2
MOST_WAITING = 100
_pool = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="argon2")


@lru_cache(maxsize=8)
def _hasher(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@lru_cache(maxsize=8)
def _nobodys_hash(time_cost: int, memory_kib: int) -> str:
    """What an unknown name is checked against, so that it takes as long as a known one."""
    return _hasher(time_cost, memory_kib).hash(rules.new_secret())


async def hash_password(settings: AccountsSettings, password: str) -> str:
    """The encoded hash, with its parameters and salt. Raises `Unavailable` when too many wait."""
    plain = rules.normalise_password(password)
    hasher = _hasher(settings.argon2_time_cost, settings.argon2_memory_kib)
    return await _in_pool(lambda: hasher.hash(plain))


async def verify(settings: AccountsSettings, stored: str | None, password: str) -> tuple[bool, bool]:
    """(right, should be hashed anew with the present parameters). `stored` None takes as long and is never right."""
    costs = (settings.argon2_time_cost, settings.argon2_memory_kib)
    plain = rules.normalise_password(password)

    def check() -> tuple[bool, bool]:
        hasher = _hasher(*costs)
        try:
            hasher.verify(stored or _nobodys_hash(*costs), plain)
        except (VerificationError, InvalidHashError):
            return False, False
        return stored is not None, stored is not None and hasher.check_needs_rehash(stored)

    return await _in_pool(check)


class _Counter:
    """How many wait for the pool now."""

    waiting = 0


async def _in_pool(call: Callable[[], T]) -> T:
    if _Counter.waiting >= MOST_WAITING:
        raise Unavailable("Too many people are signing in at this moment. Try again shortly.")
    _Counter.waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, call)
    finally:
        _Counter.waiting -= 1
