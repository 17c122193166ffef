"""What a process keeps in memory of the database, so that no request asks for it: read again every two seconds, and at
once where somebody says that it changed.

Never holds anything itself: `read` does.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)
READ_EVERY_S = 2.0
BELIEVED_S = 4.0
_PATIENCE_S = 5.0


class Remembered:
    """When `read` is called, for one memory of a process."""

    def __init__(self, name: str, read: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._read = read
        self._read_at = self._outdated_at = float("-inf")
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()

    async def believed(self) -> None:
        """Reads where the memory is outdated. Raises what the database raises when it has been silent for so long that
        a change may have passed unheard."""
        if self._read_at <= self._outdated_at or time.monotonic() - self._read_at > BELIEVED_S:
            await self.read()

    async def read(self) -> None:
        """What the database says now."""
        begun = time.monotonic()
        async with self._lock:
            if self._read_at >= begun:
                return  # somebody read meanwhile
            started = time.monotonic()
            await self._read()
            self._read_at = started

    def outdate(self) -> None:
        """It changed: to be read before it is believed once more."""
        self._outdated_at = time.monotonic()
        self._wake.set()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Reads as long as the block runs."""
        over = asyncio.Event()
        task = asyncio.create_task(self._follow(over), name=self._name)
        try:
            yield
        finally:
            over.set()  # a statement that is broken off costs its connection
            self._wake.set()
            await asyncio.wait({task}, timeout=_PATIENCE_S)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self, over: asyncio.Event) -> None:
        while not over.is_set():
            self._wake.clear()
            try:
                await self.read()
            except Exception as error:  # the database is away; requests ask it themselves meanwhile
                log.warning("memory.not_read", memory=self._name, error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), READ_EVERY_S)
