"""A narrow place: a few at a time go through, some wait in line, and whoever comes then is told to come again.

For what costs much and may be asked for by many addresses at once: the rest of the house stays quick beside it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matinee.kernel.errors import Unavailable

WAITING_MOST = 50


class Crowded(Unavailable):
    code = "house.crowded"
    sentence = "Many sign in at this moment. Try again in a few seconds."


class Narrow:
    """Of one process. `at_once` 0 lets everybody through."""

    def __init__(self, at_once: int) -> None:
        self._free = asyncio.Semaphore(at_once) if at_once else None
        self._waiting = 0

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """First come, first through. Raises `Crowded`."""
        if self._free is None:
            yield
            return
        if self._free.locked() and self._waiting >= WAITING_MOST:
            raise Crowded
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
