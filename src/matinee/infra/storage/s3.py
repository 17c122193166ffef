"""Bytes in a bucket of a store that speaks S3. Below the prefix `blobs/` holds values, `parts/` the slices of what
still grows, `joins/` what is being joined. Needs a store whose lists tell of a write at once, as S3's do.

Never keeps a file on this machine but where `local_path` is asked for one.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path

from matinee.infra.storage.keys import segments
from matinee.infra.storage.local_copy import placed
from matinee.infra.storage.port import Stored
from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys
from matinee.infra.storage.s3_direct import DirectUploads
from matinee.infra.storage.s3_joining import Joiner
from matinee.infra.storage.s3_multipart import Multipart
from matinee.infra.storage.s3_objects import Objects
from matinee.infra.storage.s3_slices import (
    SLICE_BYTES,
    Slice,
    SliceWriter,
    cut,
    drop_slices,
    folder_and_start,
    slice_key,
    slices_of,
    to_the_end,
    unbroken,
)
from matinee.kernel.errors import Conflict, Invalid, MatineeError, NotFound, Unavailable
from matinee.kernel.ids import new_id
from matinee.kernel.settings import StorageSettings

_LAST_WORD_S = 1.0
_LOST = "The store holds fewer bytes of a part than were recorded."


class S3Storage:
    """The port over one bucket. Holds no connection of one event loop, so every command may use it."""

    def __init__(self, knobs: StorageSettings, patience: Patience | None = None) -> None:
        self.bucket = Bucket.of(knobs)
        self.prefix = f"{knobs.s3_prefix}/" if knobs.s3_prefix else ""
        self._patience = patience or Patience()
        self._keys = StoreKeys(knobs)
        self._objects = Objects(self.bucket, self._keys, self._patience)
        self._blobs, self._parts, self._joins = (f"{self.prefix}{n}" for n in ("blobs", "parts", "joins"))
        self._joiner = Joiner(self._objects, self._joins)
        self._direct = DirectUploads(
            self.bucket, Bucket.for_browsers(knobs), self._keys, self._patience, f"{self._blobs}/"
        )

    def multipart(self) -> AbstractAsyncContextManager[Multipart]:
        """Multipart uploads of this bucket, signed with its key. `tidy` looks after those of this module alone:
        whoever makes others puts them below a name of their own under `prefix`."""
        return Multipart.connected(self.bucket, self._keys, self._patience)

    async def put_file(self, key: str, path: Path, *, move: bool = False) -> Stored:
        target = self._blob(key)
        try:
            size_bytes = path.stat().st_size
        except FileNotFoundError:
            raise NotFound("The file to store is not there.") from None
        except OSError as error:
            raise Unavailable(f"The file to store cannot be read: {error.strerror}.") from error
        await self._objects.put_file(target, path, size_bytes)
        stored = await self._verified(key, size_bytes)
        if move:
            path.unlink(missing_ok=True)
        return stored

    async def put_bytes(self, key: str, data: bytes) -> Stored:
        await self._objects.put(self._blob(key), data)
        return await self._verified(key, len(data))

    async def stat(self, key: str) -> Stored:
        return self._named(await self._objects.head(self._blob(key)))

    def read(
        self, key: str, start: int = 0, end: int | None = None, *, chunk_bytes: int = 262_144
    ) -> AsyncIterator[bytes]:
        return self._objects.read(self._blob(key), start, end, chunk_bytes=chunk_bytes)

    async def local_path(self, key: str, folder: Path) -> Path:
        """Named by key and etag, so that a copy made before is used again and another value never is."""
        facts = await self.stat(key)
        digest = hashlib.sha256(f"{key}\n{facts.etag}".encode()).hexdigest()[:16]
        path = folder / f"{digest}-{key.rpartition('/')[2]}"
        await placed(path, facts.size_bytes, self.read(key, chunk_bytes=1 << 20))
        return path

    async def here(self, key: str) -> Path | None:
        return None

    async def delete(self, key: str) -> None:
        await self._objects.delete(self._blob(key))

    async def delete_prefix(self, prefix: str) -> int:
        keys = [stored.key async for stored in self._objects.list(self._blob(prefix))]
        await self._objects.delete(*keys)
        return len(keys)

    async def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        async for stored in self._objects.list(self._blob(prefix) if prefix else self._blobs):
            yield self._named(stored)

    async def parts(self) -> AsyncIterator[Stored]:
        found: dict[str, list[Slice]] = {}
        async for stored in self._objects.list(self._parts):
            if (named := folder_and_start(stored.key)) is not None:
                piece = Slice(named[1], stored.size_bytes, stored.key, stored.modified_at)
                found.setdefault(named[0], []).append(piece)
        for folder, slices in found.items():
            held = unbroken(slices)
            yield Stored(
                folder.removeprefix(f"{self._parts}/"),
                held[-1].end if held else 0,
                max(piece.modified_at for piece in slices),
                "",
            )

    async def append(self, key: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        folder = self._part(key)
        slices = await slices_of(self._objects, folder)
        held = unbroken(slices)
        held_bytes = held[-1].end if held else 0
        if held_bytes < offset:
            raise Conflict("The store holds fewer bytes than the offset says.", held_bytes=held_bytes)
        tail = await cut(self._objects, slices, offset)
        writer = SliceWriter(self._objects, folder, offset, tail)
        size = offset
        try:
            async for chunk in chunks:
                taken = chunk[: max(0, limit - size)]
                await writer.write(taken)
                size += len(taken)
                if len(taken) < len(chunk):
                    raise Invalid("More bytes came than the upload declared.")
        finally:
            await to_the_end(writer.close())
        return size

    async def append_size(self, key: str) -> int:
        held = unbroken(await slices_of(self._objects, self._part(key)))
        return held[-1].end if held else 0

    async def seal(self, part: str, key: str) -> Stored:
        target, folder = self._blob(key), self._part(part)
        slices = await slices_of(self._objects, folder)
        held = unbroken(slices)
        if held:
            try:
                async with self.multipart() as multipart:
                    await self._joiner.join(multipart, held, target)
            except NotFound:
                held = []  # sealed by another meanwhile: the value tells
        stored = await self.stat(key)
        if held and stored.size_bytes != held[-1].end:
            await self._objects.delete(target)
            raise Unavailable(f"The store made {stored.size_bytes} bytes out of {held[-1].end}.")
        await drop_slices(self._objects, slices)
        return stored

    async def join(self, part: str, sources: Sequence[tuple[str, int]]) -> int:
        """The store copies what lies on the grid of slices, such as all but the end of the first source; the rest
        passes through this process, one slice at a time."""
        offset = 0
        for key, size in sources:
            slices = await slices_of(self._objects, self._part(key))
            held = unbroken(slices)
            joined = await self.append_size(part)
            if not held and joined < offset + size:
                raise Conflict(_LOST) if joined else NotFound
            if held and (held[-1].end < size or joined < offset):
                raise Conflict(_LOST)
            if held:
                await self._take_over(part, offset, held, size)
                await drop_slices(self._objects, slices)
            offset += size
        return await self.append(part, offset, _nothing(), limit=offset)

    async def _take_over(self, part: str, offset: int, slices: Sequence[Slice], size: int) -> None:
        """Write the first `size` bytes of `slices` to `part` at `offset`. Idempotent."""
        await self.append(part, offset, _nothing(), limit=offset)
        copied = 0
        if offset % SLICE_BYTES == 0:
            folder = self._part(part)
            for piece in slices:
                if piece.size_bytes != SLICE_BYTES or piece.end > size:
                    break
                await self._objects.copy(piece.key, slice_key(folder, offset + piece.start), SLICE_BYTES)
                copied = piece.end

        async def rest() -> AsyncIterator[bytes]:
            for piece in slices:
                if copied <= piece.start < size:
                    end = min(piece.size_bytes, size - piece.start)
                    async for chunk in self._objects.read(piece.key, 0, end):
                        yield chunk

        if copied < size:
            await self.append(part, offset + copied, rest(), limit=offset + size)

    async def discard(self, part: str) -> None:
        await drop_slices(self._objects, await slices_of(self._objects, self._part(part)))

    def direct(self) -> DirectUploads:
        return self._direct

    async def tidy(self, before: datetime, spare: Collection[str] = ()) -> int:
        count = 0
        spared = {self._blob(key) for key in spare}
        async with self.multipart() as multipart:
            async for upload in multipart.pending(self.prefix):
                if not upload.key.startswith((f"{self._blobs}/", f"{self._joins}/")):
                    continue
                if upload.key in spared:
                    continue
                if upload.begun_at < before and await self._rests(
                    multipart, upload.key, upload.upload_id, before
                ):
                    await multipart.abort(upload.key, upload.upload_id)
                    count += 1
        for folder in (self._joins, f"{self._blobs}/check"):
            old = [o.key async for o in self._objects.list(folder) if o.modified_at < before]
            await self._objects.delete(*old)
            count += len(old)
        return count

    async def check(self) -> None:
        key = f"check/{new_id()}"
        await self.put_bytes(key, b"matinee")
        try:
            if b"".join([chunk async for chunk in self.read(key)]) != b"matinee":
                raise Unavailable("The store gave back other bytes than were written.")
        except BaseException as error:
            # Whoever asks may have waited long enough already; `tidy` finds what stays.
            with contextlib.suppress(MatineeError, TimeoutError):
                await asyncio.wait_for(self.delete(key), _LAST_WORD_S)
            if isinstance(error, NotFound):
                raise Unavailable("The store forgot at once what was written.") from None
            raise
        await self.delete(key)

    async def free_bytes(self) -> tuple[int, int] | None:
        return None

    async def _rests(self, multipart: Multipart, key: str, upload_id: str, before: datetime) -> bool:
        """Whether nothing of an upload came since `before`: one that takes long may still be at work."""
        try:
            parts = await multipart.parts(key, upload_id)
        except NotFound:
            return False
        return all(part.modified_at is None or part.modified_at < before for part in parts)

    async def _verified(self, key: str, size_bytes: int) -> Stored:
        try:
            stored = await self.stat(key)
        except NotFound:
            raise Unavailable("The store forgot at once what was written.") from None
        if stored.size_bytes != size_bytes:
            await self.delete(key)
            raise Unavailable(f"The store took {stored.size_bytes} bytes of {size_bytes}.")
        return stored

    def _blob(self, key: str) -> str:
        return "/".join((self._blobs, *segments(key)))

    def _part(self, key: str) -> str:
        return "/".join((self._parts, *segments(key)))

    def _named(self, stored: Stored) -> Stored:
        key = stored.key.removeprefix(f"{self._blobs}/")
        return Stored(key, stored.size_bytes, stored.modified_at, stored.etag)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
