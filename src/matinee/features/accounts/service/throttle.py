"""Counting tries, so that guessing becomes slow. Holds keyed hashes of what it counts, and only while a window lasts.

The key is another one each week, so that rows of two weeks cannot be compared. What counts while the week ends goes on
to its end under the former key."""

import hmac
from datetime import datetime, timedelta

from matinee.features.accounts import repository
from matinee.features.accounts.errors import SlowDown
from matinee.features.accounts.service import signing
from matinee.infra.work import Work

LONGEST = timedelta(days=1)
"""No window is longer."""


async def count(work: Work, key: bytes, *, most: int, window_s: float) -> None:
    """Count one try before it is made, so that tries side by side count too. Raises `SlowDown` beyond `most`."""
    tries, ends_at = await repository.count_try(
        work.session, await _kept(work, key), work.now, work.now + timedelta(seconds=window_s)
    )
    if tries > most:
        left_s = max(1, round((ends_at - work.now).total_seconds()))
        raise SlowDown(retry_after_s=left_s)


async def forgive(work: Work, key: bytes) -> None:
    """The try was right: start from nothing."""
    await repository.forgive(work.session, await _kept(work, key))


async def take_back(work: Work, key: bytes) -> None:
    """The try was right, but others of the same window stand."""
    await repository.take_back_try(work.session, await _kept(work, key))


async def _kept(work: Work, key: bytes) -> bytes:
    present, former = _hashed(work, key, work.now), _hashed(work, key, work.now - LONGEST)
    if former != present and await repository.counts(work.session, former, work.now):
        return former
    return present


def _hashed(work: Work, key: bytes, at: datetime) -> bytes:
    """An address has few possible values: without the secret nobody can try them all."""
    year, week, _ = at.isocalendar()
    return hmac.digest(signing.secret_of(work.works.settings, f"counters of {year}-{week}"), key, "sha256")
