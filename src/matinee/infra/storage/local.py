"""Bytes in a folder: atomic by rename, durable by fsync of file and folder. Never follows a key out of its
root."""

import asyncio
import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TypeVar

from matinee.infra.storage.keys import segments
from matinee.infra.storage.port import Stored
from matinee.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from matinee.kernel.ids import new_id

T = TypeVar("T")
JOIN_BYTES = 256 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LOST = "The store holds fewer bytes of a part than were recorded."


class LocalStorage:
    """`root/blobs` holds values, `root/parts` what still grows, `root/tmp` what is being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._blobs, self._parts, self._tmp = (root / name for name in ("blobs", "parts", "tmp"))
        for folder in (self._blobs, self._parts, self._tmp):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _path(self, base: Path, key: str) -> Path:
        return base.joinpath(*segments(key))

    async def put_file(self, key: str, path: Path, *, move: bool = False) -> Stored:
        target = self._path(self._blobs, key)

        def place() -> Stored:
            _make_folder(target.parent)
            if move:
                try:
                    with path.open("rb") as source:
                        os.fsync(source.fileno())
                    _place(path, target)
                    return _stat(key, target)
                except OSError as error:
                    if error.errno != errno.EXDEV:  # from another file system it can only be copied
                        raise
            temporary = self._tmp / str(new_id())
            try:
                with path.open("rb") as source, temporary.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                    sink.flush()
                    os.fsync(sink.fileno())
                _place(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            if move:
                path.unlink(missing_ok=True)
            return _stat(key, target)

        return await self._run(place)

    async def put_bytes(self, key: str, data: bytes) -> Stored:
        target = self._path(self._blobs, key)

        def place() -> Stored:
            _make_folder(target.parent)
            temporary = self._tmp / str(new_id())
            try:
                with temporary.open("wb") as sink:
                    sink.write(data)
                    sink.flush()
                    os.fsync(sink.fileno())
                _place(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
            return _stat(key, target)

        return await self._run(place)

    async def stat(self, key: str) -> Stored:
        path = self._path(self._blobs, key)
        return await self._run(lambda: _stat(key, path))

    async def read(
        self, key: str, start: int = 0, end: int | None = None, *, chunk_bytes: int = 262_144
    ) -> AsyncIterator[bytes]:
        path = self._path(self._blobs, key)
        left = None if end is None else max(0, end - start)

        def wanted() -> int:
            return chunk_bytes if left is None else min(chunk_bytes, left)

        def begin() -> tuple[FileIO, bytes]:
            file = FileIO(path)
            file.seek(start)
            return file, file.read(wanted())

        file, chunk = await self._run(begin)
        try:
            while chunk:
                if left is not None:
                    left -= len(chunk)
                yield chunk
                chunk = await self._run(partial(file.read, wanted())) if left != 0 else b""
        finally:
            file.close()

    async def local_path(self, key: str, folder: Path) -> Path:
        path = self._path(self._blobs, key)
        await self._run(lambda: _stat(key, path))
        return path

    async def here(self, key: str) -> Path | None:
        return await self.local_path(key, self._tmp)

    async def delete(self, key: str) -> None:
        path = self._path(self._blobs, key)
        await self._run(lambda: path.unlink(missing_ok=True))

    async def delete_prefix(self, prefix: str) -> int:
        folder = self._path(self._blobs, prefix)

        def remove() -> int:
            if not folder.is_dir():
                return 0
            count = sum(len(files) for _, _, files in os.walk(folder))
            with contextlib.suppress(FileNotFoundError):  # another remover was quicker
                shutil.rmtree(folder)
            return count

        return await self._run(remove)

    def list(self, prefix: str = "") -> AsyncIterator[Stored]:
        return self._walk(self._blobs, self._path(self._blobs, prefix) if prefix else self._blobs)

    def parts(self) -> AsyncIterator[Stored]:
        return self._walk(self._parts, self._parts)

    async def _walk(self, root: Path, base: Path) -> AsyncIterator[Stored]:
        def walk() -> Iterator[Stored]:
            for folder, _, names in os.walk(base):
                for name in sorted(names):
                    path = Path(folder, name)
                    try:
                        yield _stat(path.relative_to(root).as_posix(), path)
                    except NotFound:
                        continue

        found = walk()
        while batch := await self._run(lambda: list(itertools.islice(found, 500))):
            for item in batch:
                yield item

    def direct(self) -> None:
        return None

    async def tidy(self, before: datetime, spare: Collection[str] = ()) -> int:
        def remove() -> int:
            old = [p for p in self._tmp.iterdir() if p.stat().st_mtime < before.timestamp()]
            for path in old:
                path.unlink(missing_ok=True)
            return len(old)

        return await self._run(remove)

    async def check(self) -> None:
        key = f"check/{new_id()}"
        await self.put_bytes(key, b"matinee")
        try:
            if b"".join([chunk async for chunk in self.read(key)]) != b"matinee":
                raise Unavailable("The store gave back other bytes than were written.")
        finally:
            await self.delete(key)

    async def append(self, key: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        path = self._path(self._parts, key)

        def start() -> int:
            _make_folder(path.parent)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            size = os.fstat(handle).st_size
            if size < offset:
                os.close(handle)
                raise Conflict("The store holds fewer bytes than the offset says.", held_bytes=size)
            os.ftruncate(handle, offset)
            os.lseek(handle, offset, os.SEEK_SET)
            return handle

        def end() -> None:
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

        handle = await self._run(start)
        size = offset
        try:
            async for chunk in chunks:
                taken = chunk[: max(0, limit - size)]
                await self._run(partial(_write_all, handle, taken))
                size += len(taken)
                if len(taken) < len(chunk):
                    raise Invalid("More bytes came than the upload declared.")
        finally:
            await self._run(end)
        return size

    async def append_size(self, key: str) -> int:
        path = self._path(self._parts, key)
        return await self._run(lambda: path.stat().st_size if path.exists() else 0)

    async def seal(self, part: str, key: str) -> Stored:
        source, target = self._path(self._parts, part), self._path(self._blobs, key)

        def place() -> Stored:
            _make_folder(target.parent)
            with contextlib.suppress(FileNotFoundError):  # sealed already, or never there: `_stat` knows
                _place(source, target)
            return _stat(key, target)

        return await self._run(place)

    async def join(self, part: str, sources: Sequence[tuple[str, int]]) -> int:
        target = self._path(self._parts, part)
        offset = 0
        for key, size in sources:
            source = self._path(self._parts, key)
            if await self._run(partial(_is_held, source, size, target, offset)):
                if offset == 0:
                    await self._run(partial(_place, source, target))
                else:
                    # Step by step, so that a cancelled caller waits for one step only.
                    for start in range(0, size, JOIN_BYTES):
                        most = min(JOIN_BYTES, size - start)
                        await self._run(partial(_copy_range, source, start, most, target, offset + start))
                    await self._run(partial(_remove, source))
            offset += size
        return await self._run(partial(_cut, target, offset))

    async def discard(self, part: str) -> None:
        path = self._path(self._parts, part)
        await self._run(lambda: path.unlink(missing_ok=True))

    async def free_bytes(self) -> tuple[int, int] | None:
        usage = await self._run(lambda: shutil.disk_usage(self.root))
        return usage.free, usage.total

    async def _run(self, call: Callable[[], T]) -> T:
        """Run `call` in a thread, and always to its end: a cancelled caller must not close a file under
        it."""
        running = asyncio.get_running_loop().run_in_executor(None, call)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            while not running.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({running})
            running.exception()
            raise
        except FileNotFoundError:
            raise NotFound("The store holds nothing under this key.") from None
        except OSError as error:
            if error.errno in _FULL:
                raise Unavailable("The disk of the store is full.") from error
            raise Unavailable(f"The store failed: {error.strerror or type(error).__name__}.") from error


def _make_folder(folder: Path) -> None:
    """With every new folder durable in its own parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _place(source: Path, target: Path) -> None:
    os.replace(source, target)
    _sync_folder(target.parent)


def _is_held(source: Path, size: int, target: Path, offset: int) -> bool:
    """Whether `source` still has to be joined; else `target` holds it already. A source goes only once it is there."""
    held = source.stat().st_size if source.exists() else None
    joined = target.stat().st_size if target.exists() else 0
    if held is None and joined < offset + size:
        raise FileNotFoundError if joined == 0 else Conflict(_LOST)
    if held is not None and (held < size or (offset and joined < offset)):
        raise Conflict(_LOST)
    return held is not None


def _copy_range(source: Path, start: int, size: int, target: Path, offset: int) -> None:
    """Bytes [start, start + size) of `source` to `target` at `offset`, durable: by the file system where it can."""
    with FileIO(source) as reading, FileIO(target, "r+") as writing:
        os.ftruncate(writing.fileno(), offset)
        done = 0
        while done < size:
            done += _copy_some(reading.fileno(), start + done, writing.fileno(), offset + done, size - done)
        os.fsync(writing.fileno())


def _copy_some(reading: int, start: int, writing: int, offset: int, size: int) -> int:
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):  # not between these two file systems, or not here at all
            if copied := os.copy_file_range(reading, writing, size, start, offset):
                return copied
    data = os.pread(reading, min(size, 1 << 20), start)
    if not data:
        raise Conflict(_LOST)
    return os.pwrite(writing, data, offset)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _cut(path: Path, size: int) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.ftruncate(handle, size)
        os.fsync(handle)
    finally:
        os.close(handle)
    return size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _stat(key: str, path: Path) -> Stored:
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise NotFound("The store holds nothing under this key.") from None
    etag = f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
    return Stored(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC), etag)
