"""The port for stored bytes. Keys are relative paths of plain segments; values are immutable once written.

Never knows who owns a key: room `files` does.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from matinee.infra.storage.s3_direct import DirectUploads


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of one key."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str


class Storage(Protocol):
    """Raises `kernel.errors.NotFound` for a key that is not there and `Unavailable` when the store is
    away."""

    async def put_file(self, key: str, path: Path, *, move: bool = False) -> Stored:
        """Store the file at `path`, whole or not at all; `move` may consume it."""

    async def put_bytes(self, key: str, data: bytes) -> Stored: ...

    async def stat(self, key: str) -> Stored: ...

    def read(
        self, key: str, start: int = 0, end: int | None = None, *, chunk_bytes: int = 262_144
    ) -> AsyncIterator[bytes]:
        """Bytes [start, end) in chunks."""

    async def local_path(self, key: str, folder: Path) -> Path:
        """A readable path with the bytes of `key`: the stored file itself where that is possible, else a copy
        in `folder`. Never write to it."""

    async def here(self, key: str) -> Path | None:
        """Where this machine's disk holds the bytes of `key` itself, never to be written to; None where only
        another one does."""

    async def delete(self, key: str) -> None:
        """Idempotent."""

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every key below `prefix/`. Returns how many."""

    def list(self, prefix: str = "") -> AsyncIterator[Stored]: ...

    async def check(self) -> None:
        """Write, read and remove a small key. Raises `Unavailable`."""

    async def append(self, key: str, offset: int, chunks: AsyncIterator[bytes], *, limit: int) -> int:
        """Write `chunks` into the growing part `key` from byte `offset` on, at most up to size `limit`; cuts
        what lay beyond `offset` first. Returns the new size once all of it is durable; when the source
        raises, the bytes that came stay and the error is raised after them. Raises `Conflict` when the part is shorter
        than `offset`, `Invalid` beyond `limit`. One writer at a time: the caller sees to it."""

    async def append_size(self, key: str) -> int:
        """Bytes safely held of a growing part; 0 when there is none."""

    async def seal(self, part: str, key: str) -> Stored:
        """Turn the growing part into the immutable value `key`. Idempotent."""

    async def join(self, part: str, sources: Sequence[tuple[str, int]]) -> int:
        """Make the part `part` of the growing parts `sources`, (key, size) each, in their order, and consume them.
        Returns its size once all of it is durable; only `append_size`, `seal` and `discard` follow.

        Idempotent, and goes on after a crash at any point, given the same arguments: what a source held is found in
        the source or in `part`, until the very end. Bytes beyond a source's size are left out. Raises `Conflict` when
        one holds fewer, `NotFound` when it was never there. Moves bytes only where the store cannot rename or copy by
        itself, and never holds a file in memory."""

    async def discard(self, part: str) -> None:
        """Drop a growing part. Idempotent."""

    def parts(self) -> AsyncIterator[Stored]:
        """All growing parts."""

    async def tidy(self, before: datetime, spare: Collection[str] = ()) -> int:
        """Remove what writers that died left half written, where it is older than `before`, but nothing of the keys in
        `spare`. Returns how many."""

    def direct(self) -> "DirectUploads | None":
        """For values that browsers send to the store themselves; None where it takes none."""

    async def free_bytes(self) -> tuple[int, int] | None:
        """(free, total) of the store, or None where that has no meaning."""
