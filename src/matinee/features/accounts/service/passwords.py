"""Taking, hashing and checking passwords: argon2id, a few at a time, away from the event loop. Never inside a
transaction."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from matinee.features.accounts import rules
from matinee.features.accounts.errors import LeakedPassword, WeakPassword
from matinee.features.accounts.schemas import StrengthInfo
from matinee.features.accounts.settings import PasswordSettings
from matinee.infra import breaches
from matinee.kernel.errors import Unavailable

T = TypeVar("T")


@lru_cache(maxsize=8)
def _hasher(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


@lru_cache(maxsize=8)
def _nobodys_hash(time_cost: int, memory_kib: int) -> str:
    """What an unknown name is checked against, so that it takes as long as a known one."""
    return _hasher(time_cost, memory_kib).hash(rules.new_secret())


async def accept(
    settings: PasswordSettings, password: str, own_words: Iterable[str], *, field: str = "password"
) -> str:
    """The hash of a new password, once nothing speaks against it. Raises `WeakPassword`, `LeakedPassword` and
    `Unavailable`."""
    words = tuple(own_words)

    def look() -> bool:
        rules.check_password(password, words, field=field)
        return breaches.listed(password)

    url = settings.breaches_url
    if await _in_pool(settings, look) or (url and await breaches.leaked(url, password)):
        raise LeakedPassword(field=field)
    return await hash_password(settings, password)


async def strength(settings: PasswordSettings, password: str, own_words: Iterable[str]) -> StrengthInfo:
    """How good a new password would be, by what is known here: no service is asked."""
    words = tuple(own_words)

    def look() -> StrengthInfo:
        try:
            rules.check_password(password, words)
        except WeakPassword as error:
            weak = rules.strength(password, words).guesses < rules.GUESSES_LEAST / 2
            return StrengthInfo(score=0 if not password else 1 if weak else 2, why=error.detail)
        if breaches.listed(password):
            return StrengthInfo(score=1, why=LeakedPassword.sentence)
        strong = rules.strength(password, words).guesses >= rules.GUESSES_STRONG
        return StrengthInfo(score=4 if strong else 3, why=None)

    return await _in_pool(settings, look)


async def hash_password(settings: PasswordSettings, password: str) -> str:
    """The encoded hash, with its parameters and salt. Raises `Unavailable` when too many wait."""
    plain = rules.normalise_password(password)
    hasher = _hasher(settings.argon2_time_cost, settings.argon2_memory_kib)
    return await _in_pool(settings, lambda: hasher.hash(plain))


async def is_known(settings: PasswordSettings, password: str) -> bool:
    """Whether the list of this install has it by now. No service is asked."""
    return await _in_pool(settings, lambda: breaches.listed(password))


async def verify(settings: PasswordSettings, stored: str | None, password: str) -> tuple[bool, bool]:
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

    return await _in_pool(settings, check)


class _Counter:
    """How many are in the pool now or wait for it."""

    inside = 0


@lru_cache(maxsize=8)
def _pool(at_once: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(at_once, thread_name_prefix="argon2", initializer=_give_way)


def _give_way() -> None:
    """Hashes of many who guess leave the processor to who asks for pages: Linux has a priority for each thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


async def _in_pool(settings: PasswordSettings, call: Callable[[], T]) -> T:
    if _Counter.inside >= settings.argon2_at_once + settings.argon2_waiting:
        raise Unavailable("Too many people are signing in at this moment. Try again shortly.")
    _Counter.inside += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool(settings.argon2_at_once), call)
    finally:
        _Counter.inside -= 1
