"""From a stream of bytes to durable slices. Knows no table and no storage."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from matinee.infra.telemetry import BYTES_IN
from matinee.kernel.time import Clock

WRITE_BYTES = 1 << 20
"""Small pieces are gathered to this size before the store sees them."""

PAUSE_S = 0.2
"""A sender that pauses so long ends its slice: what it sent is worth recording now."""

Receive = Callable[[], Awaitable[tuple[bytes, bool]]]
"""Gives (bytes, whether more come); raises `ConnectionError` once the sender is gone."""


class Intake:
    """One connection's bytes, cut into slices by size and time, so that each can be made durable and
    recorded."""

    def __init__(self, receive: Receive, clock: Clock) -> None:
        self._receive = receive
        self._clock = clock
        self._pending: asyncio.Task[tuple[bytes, bool]] | None = None
        self._ready = b""
        self.ended = False
        self.broken = False
        self.last_byte_at: datetime | None = None

    @property
    def has_bytes(self) -> bool:
        """Whether bytes wait to be taken."""
        return bool(self._ready)

    async def wait(self, seconds: float) -> bool:
        """Whether bytes are here, or nothing more will come, after at most `seconds`."""
        if self._ready or self.ended:
            return True
        await self._fill(seconds)
        return bool(self._ready) or self.ended

    async def slice(self, size_bytes: int, seconds: float) -> AsyncIterator[bytes]:
        """At most about `size_bytes`, during at most `seconds`; ends early when the stream ends, breaks or pauses."""
        deadline = time.monotonic() + seconds
        given = 0
        held: list[bytes] = []
        held_bytes = 0
        while given < size_bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not await self.wait(min(left, PAUSE_S)) or not self._ready:
                break
            chunk, self._ready = self._ready, b""
            held.append(chunk)
            held_bytes += len(chunk)
            given += len(chunk)
            if held_bytes >= WRITE_BYTES:
                yield b"".join(held)
                held, held_bytes = [], 0
        if held:
            yield b"".join(held)

    async def close(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await self._pending
            self._pending = None

    async def _fill(self, seconds: float) -> None:
        if self._pending is None:
            self._pending = asyncio.ensure_future(self._receive())
        # Not wait_for: that would cancel the read and lose what it holds.
        done, _ = await asyncio.wait({self._pending}, timeout=seconds)
        if not done:
            return
        task, self._pending = self._pending, None
        try:
            self._ready, more = task.result()
        except ConnectionError:
            self.ended = self.broken = True
            return
        self.ended = not more
        if self._ready:
            self.last_byte_at = self._clock()
            BYTES_IN.inc(len(self._ready))
