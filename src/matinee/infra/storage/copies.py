"""Copies of stored values on this machine, shared by all its processes, within a bound.

Each copy is a folder: who uses it shares the claim on it, who fetches or removes it claims it alone. So one process
fetches and the others wait, nobody removes what somebody uses, and a killed process holds nothing. Never copies what
the store itself keeps on this machine, and never knows whose a value is.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from matinee.infra.storage.claims import Claim
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Unavailable

log = structlog.get_logger(__name__)
_POLL_S = 0.1
_PIECE_BYTES = 1 << 20
_SPARE_BYTES = 200_000_000
"""What a copy leaves free of its disk."""

_WHOLE, _DRAFT, _ROOM = "value", "draft", ".room"


@dataclass(frozen=True, slots=True)
class Copy:
    """`path` may be read while it is held. `sha256` is known when the value was fetched just now."""

    path: Path
    sha256: str | None = None


class Copies:
    """Below `folder`, at most `limit_bytes` unless what is in use is more. Holds no state: each process has its own."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes

    @contextlib.asynccontextmanager
    async def held(
        self, storage: Storage, key: str, size_bytes: int, sha256: str | None = None
    ) -> AsyncIterator[Copy]:
        """The value of `key`, fetched if it is not here yet, and checked by size, and by hash where that is known.

        Raises `NotFound` where the store has none, `Unavailable` when it gives other bytes or the disk is full.
        """
        if (path := await storage.here(key)) is not None:
            yield Copy(path)
            return
        claim, found = await self._claimed(storage, key, size_bytes, sha256)
        try:
            yield Copy(claim.folder / _WHOLE, found)
        finally:
            claim.end()
            await asyncio.to_thread(self.tidy)

    async def _claimed(
        self, storage: Storage, key: str, size_bytes: int, sha256: str | None
    ) -> tuple[Claim, str | None]:
        """A shared claim on the whole copy."""
        folder = self.folder / key.replace("/", "+")
        while True:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(parents=True, mode=0o700)
            if (claim := Claim.of(folder, alone=False)) is not None:
                if _is_whole(folder, size_bytes):
                    os.utime(folder)  # used last
                    return claim, None
                claim.end()
            if (claim := Claim.of(folder, alone=True)) is not None:
                try:
                    found = await self._fetch(storage, key, claim.folder, size_bytes, sha256)
                    if claim.share() and _is_whole(folder, size_bytes):
                        return claim, found
                except BaseException:
                    claim.remove()
                    claim.end()
                    raise
                claim.end()
            await asyncio.sleep(_POLL_S)

    async def _fetch(
        self, storage: Storage, key: str, folder: Path, size_bytes: int, sha256: str | None
    ) -> str | None:
        """Under the lonely claim. Returns the hash; None when another process was quicker."""
        if _is_whole(folder, size_bytes):
            return None
        began = time.monotonic()
        draft, digest = folder / _DRAFT, hashlib.sha256()
        try:
            await asyncio.to_thread(self._reserve, draft, size_bytes)
            with draft.open("r+b") as file:

                def take(chunk: bytes) -> None:
                    file.write(chunk)
                    digest.update(chunk)

                async for chunk in storage.read(key, chunk_bytes=_PIECE_BYTES):
                    await asyncio.to_thread(take, chunk)
                came_bytes = file.tell()
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            if came_bytes != size_bytes:
                raise Unavailable(f"The store gave {came_bytes} bytes of a source that has {size_bytes}.")
            if sha256 not in (None, digest.hexdigest()):
                raise Unavailable("The store gave other bytes than were uploaded.")
            draft.replace(folder / _WHOLE)
            os.utime(folder)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Unavailable("The disk of this machine is full.") from error
            raise Unavailable(f"The copy of a source cannot be written: {error.strerror}.") from error
        log.info("source.fetched", key=key, size_bytes=size_bytes, seconds=round(time.monotonic() - began, 2))
        return digest.hexdigest()

    def _reserve(self, draft: Path, size_bytes: int) -> None:
        """Make room, and a draft of the full size, so that whoever fetches beside us counts it."""
        with self._alone():
            draft.unlink(missing_ok=True)
            self._shrink(self.limit_bytes - size_bytes, size_bytes + _SPARE_BYTES)
            if shutil.disk_usage(self.folder).free < size_bytes + _SPARE_BYTES:
                raise Unavailable(
                    f"The disk of this machine is too full for a source of {size_bytes // 1_000_000} MB."
                )
            with draft.open("wb") as file:
                file.truncate(size_bytes)

    def tidy(self) -> None:
        """Remove what a dead process left half fetched, and, least recently used first, what is beyond the bound."""
        if not self.folder.is_dir():
            return
        with self._alone():
            for folder in self._folders():
                if not (folder / _WHOLE).exists():
                    _remove(folder)
            self._shrink(self.limit_bytes, _SPARE_BYTES)

    def keys(self) -> list[str]:
        """All values of which there is a copy."""
        return [folder.name.replace("+", "/") for folder in self._folders()] if self.folder.is_dir() else []

    def forget(self, key: str) -> bool:
        """Remove a copy. False while somebody uses it."""
        return _remove(self.folder / key.replace("/", "+"))

    def _shrink(self, limit_bytes: int, free_bytes: int) -> None:
        used = sum(_size(folder) for folder in self._folders())
        for folder in sorted(self._folders(), key=_used_at):
            if used <= limit_bytes and shutil.disk_usage(self.folder).free >= free_bytes:
                return
            size_bytes = _size(folder)
            if (folder / _WHOLE).exists() and _remove(folder):
                used -= size_bytes

    def _folders(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.is_dir()]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """For moments: nobody else makes room now."""
        with (self.folder / _ROOM).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_whole(folder: Path, size_bytes: int) -> bool:
    try:
        return (folder / _WHOLE).stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def _remove(folder: Path) -> bool:
    if (claim := Claim.of(folder, alone=True)) is None:
        return False
    claim.remove()
    claim.end()
    return True


def _size(folder: Path) -> int:
    found = 0
    for name in (_WHOLE, _DRAFT):
        with contextlib.suppress(FileNotFoundError):
            found += (folder / name).stat().st_size
    return found


def _used_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0
