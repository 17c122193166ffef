"""Counting tries, so that guessing becomes slow. Holds keyed hashes of what it counts, and only while a window lasts.

The key is another one each week, so that rows of two weeks cannot be compared; counts begin anew with it."""

import hmac
from datetime import timedelta

from matinee.features.accounts import repository
from matinee.features.accounts.errors import SlowDown
from matinee.features.accounts.service import signing
from matinee.infra.work import Work


async def count(work: Work, key: bytes, *, most: int, window_s: float) -> None:
    """Count one try before it is made, so that tries side by side count too. Raises `SlowDown` beyond `most`."""
    tries, ends_at = await repository.count_try(
        work.session, _kept(work, key), work.now, work.now + timedelta(seconds=window_s)
    )
    if tries > most:
        left_s = max(1, round((ends_at - work.now).total_seconds()))
        raise SlowDown(retry_after_s=left_s)


async def forgive(work: Work, key: bytes) -> None:
    """The try was right: start from nothing."""
    await repository.forgive(work.session, _kept(work, key))


async def take_back(work: Work, key: bytes) -> None:
    """The try was right, but others of the same window stand."""
    await repository.take_back_try(work.session, _kept(work, key))


def _kept(work: Work, key: bytes) -> bytes:
    """An address has few possible values: without the secret nobody can try them all."""
    year, week, _ = work.now.isocalendar()
    return hmac.digest(signing.secret_of(work.works.settings, f"counters of {year}-{week}"), key, "sha256")
