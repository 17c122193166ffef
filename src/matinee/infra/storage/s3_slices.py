"""What still grows in a bucket: consecutive slices of 8 MiB, each an object named by its offset, the last one shorter.

Because the grid is fixed, writing a slice again replaces it in one step, and the store can join all of them. Never
holds more than one slice and one that is being sent.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matinee.infra.storage.s3_objects import Objects

SLICE_BYTES = 8 << 20
"""At least the 5 MiB that a part of a multipart upload must have."""

_DIGITS = 20


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    start: int
    size_bytes: int
    key: str
    modified_at: datetime

    @property
    def end(self) -> int:
        return self.start + self.size_bytes


def slice_key(folder: str, start: int) -> str:
    return f"{folder}/{start:0{_DIGITS}d}"


def folder_and_start(key: str) -> tuple[str, int] | None:
    """The inverse of `slice_key`; None for a key that is not one of ours."""
    folder, _, digits = key.rpartition("/")
    if not folder or len(digits) != _DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    return folder, int(digits)


def unbroken(slices: Sequence[Slice]) -> list[Slice]:
    """The slices from byte 0 on up to the first gap: the part. What lies behind a gap, a remover left."""
    found: list[Slice] = []
    for piece in sorted(slices):
        if piece.start != (found[-1].end if found else 0):
            break
        found.append(piece)
    return found


async def slices_of(objects: Objects, folder: str) -> list[Slice]:
    found = []
    async for stored in objects.list(folder):
        named = folder_and_start(stored.key)
        if named is not None and named[0] == folder:
            found.append(Slice(named[1], stored.size_bytes, stored.key, stored.modified_at))
    return sorted(found)


async def drop_slices(objects: Objects, slices: Sequence[Slice]) -> None:
    """The first one alone before all others: without it there is no part, so whoever reads meanwhile sees all of
    it or nothing, never a shorter one."""
    keys = [piece.key for piece in sorted(slices)]
    if keys:
        await objects.delete(keys[0])
        await objects.delete(*keys[1:])


async def cut(objects: Objects, slices: Sequence[Slice], offset: int) -> Slice | None:
    """Forget what lies beyond `offset`. Returns the slice that is not full, to be filled up next."""
    await objects.delete(*(piece.key for piece in slices if piece.start >= max(offset, 1)))
    last = max((piece for piece in slices if piece.start < max(offset, 1)), default=None)
    if last is None:
        return None
    if last.end > offset:
        data = await objects.read_all(last.key, offset - last.start)
        await objects.put(last.key, data)
        last = Slice(last.start, offset - last.start, last.key, last.modified_at)
    return last if last.size_bytes < SLICE_BYTES else None


class SliceWriter:
    """Fills slices and sends each while the next one fills. After `close` all that was written is durable."""

    def __init__(self, objects: Objects, folder: str, offset: int, tail: Slice | None) -> None:
        self._objects = objects
        self._folder = folder
        self._tail = tail
        self._start = offset if tail is None else tail.start
        self._held = bytearray()
        self._new = offset == 0 and tail is None
        self._sending: asyncio.Task[None] | None = None
        self._failed = False

    async def write(self, data: bytes) -> None:
        if data and self._tail is not None:
            self._held = await self._objects.read_all(self._tail.key, self._tail.size_bytes)
            self._tail = None
        left = memoryview(data)
        while left:
            room = SLICE_BYTES - len(self._held)
            self._held += left[:room]
            left = left[room:]
            if len(self._held) == SLICE_BYTES:
                await self._settle()
                self._begin_send()

    async def close(self) -> None:
        """Send what is left, unless a slice before it failed: then the part ends before that one."""
        if self._failed:
            return
        await self._settle()
        if self._held or self._new:
            self._begin_send()
            await self._settle()

    def _begin_send(self) -> None:
        data, self._held = self._held, bytearray()
        key = slice_key(self._folder, self._start)
        self._start += len(data)
        self._new = False
        self._sending = asyncio.create_task(self._objects.put(key, data), name="storage-send")

    async def _settle(self) -> None:
        """Until nothing is on its way. Also when the caller is cancelled: a slice that arrives late could replace a
        later one."""
        if self._sending is None:
            return
        sending, self._sending = self._sending, None
        try:
            await to_the_end(sending)
        finally:
            self._failed = sending.cancelled() or sending.exception() is not None


async def to_the_end(running: "asyncio.Task[Any] | Coroutine[Any, Any, Any]") -> Any:
    """Wait for `running` even when the caller is cancelled meanwhile; the cancellation follows after it."""
    task = asyncio.ensure_future(running)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                continue
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains of it
        raise
