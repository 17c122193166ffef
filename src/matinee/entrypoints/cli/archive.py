"""The form of a backup on disk: a folder or a tar with the same names in it, a manifest, and a hash of everything.

Never knows what a file means, and never shows a half-written backup under its final name.
"""

import hashlib
import json
import os
import re
import shutil
import tarfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from matinee.kernel.errors import Conflict, Invalid, Unavailable

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
FORMAT = 1
_CHUNK_BYTES = 1 << 20
# Nothing else is ever opened, so a name cannot lead out of the place where it belongs.
_NAME = re.compile(r"(database|keys|storage)(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){1,12}")


class BadBackup(Invalid):
    """What lies there cannot be restored; the sentence says what is wrong with it."""

    code = "backup.damaged"


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup."""

    size_bytes: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What a backup holds. `tables`: columns and number of rows of each; `sequences`: last value, and whether it was
    given out; `missing`: stored keys that were deleted while the backup was made."""

    matinee: str
    made_at: str
    revision: str
    server: str
    tables: dict[str, dict[str, Any]]
    sequences: dict[str, tuple[int, bool]]
    missing: list[str] = field(default_factory=list)
    files: dict[str, Kept] = field(default_factory=dict)

    def below(self, folder: str) -> dict[str, Kept]:
        """The files of one folder, by their names in it."""
        start = f"{folder}/"
        return {name.removeprefix(start): kept for name, kept in self.files.items() if name.startswith(start)}

    def counts(self) -> dict[str, int]:
        return {
            "tables": len(self.tables),
            "rows": sum(table["rows"] for table in self.tables.values()),
            "blobs": len(self.below("storage")),
            "keys": len(self.below("keys")),
            "files": len(self.files),
            "bytes": sum(kept.size_bytes for kept in self.files.values()),
        }

    def to_json(self) -> bytes:
        data = {
            "format": FORMAT,
            "matinee": self.matinee,
            "made_at": self.made_at,
            "revision": self.revision,
            "server": self.server,
            "counts": self.counts(),
            "tables": self.tables,
            "sequences": self.sequences,
            "missing": self.missing,
            "files": {
                name: {"size_bytes": kept.size_bytes, "sha256": kept.sha256}
                for name, kept in self.files.items()
            },
        }
        return json.dumps(data, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise BadBackup(
                    f"This backup has form {data['format']}, and this Matinee reads form {FORMAT}: use the Matinee "
                    f"that made it ({data['matinee']}) or a newer one."
                )
            return cls(
                matinee=str(data["matinee"]),
                made_at=str(data["made_at"]),
                revision=str(data["revision"]),
                server=str(data["server"]),
                tables={str(name): dict(table) for name, table in data["tables"].items()},
                sequences={
                    str(name): (int(last), bool(given)) for name, (last, given) in data["sequences"].items()
                },
                missing=[str(key) for key in data["missing"]],
                files={
                    _checked(name): Kept(int(kept["size_bytes"]), str(kept["sha256"]))
                    for name, kept in data["files"].items()
                },
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadBackup(f"{MANIFEST} of the backup cannot be read.") from error


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadBackup(f"The backup names a file that may not be in one: {name[:200]!r}.")
    return name


class _Sink(Protocol):
    """Where the bytes go. `size_bytes` must be right in advance."""

    def add(self, name: str, size_bytes: int) -> IO[bytes]: ...
    def added(self, file: IO[bytes]) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(mode=0o700)

    def add(self, name: str, size_bytes: int) -> IO[bytes]:
        path = self._root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def added(self, file: IO[bytes]) -> None:
        file.flush()
        os.fsync(file.fileno())
        file.close()

    def end(self) -> None:
        for folder, _, _ in os.walk(self._root):
            _sync(Path(folder))

    def close(self) -> None:
        """Nothing stays open between two files."""


class _Tar:
    """Header by header: `tarfile` itself wants a whole file at a time, and a table's rows come as a stream."""

    def __init__(self, path: Path) -> None:
        self._file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")  # noqa: SIM115

    def add(self, name: str, size_bytes: int) -> IO[bytes]:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size_bytes, 0o600, int(time.time())
        self._file.write(entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        return self._file

    def added(self, file: IO[bytes]) -> None:
        self._fill(tarfile.BLOCKSIZE)

    def end(self) -> None:
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))
        self._fill(tarfile.RECORDSIZE)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()

    def close(self) -> None:
        self._file.close()

    def _fill(self, block_bytes: int) -> None:
        self._file.write(bytes(-self._file.tell() % block_bytes))


class Writer:
    """Writes beside `path`; only `finish` gives the backup its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.is_tar = path.suffix == ".tar"
        self.files: dict[str, Kept] = {}
        try:
            self._sink: _Sink = _Tar(self.part) if self.is_tar else _Folder(self.part)
        except OSError as error:
            raise Unavailable(f"The backup cannot be written to {path}: {error.strerror}.") from error

    def write(self, name: str, size_bytes: int, chunks: Iterable[bytes]) -> None:
        """Exactly `size_bytes`, or the backup is broken: raises `Conflict`."""
        note = _Note(name, size_bytes)
        file = self._sink.add(_checked(name), size_bytes)
        for chunk in chunks:
            file.write(note.seen(chunk))
        self._note(file, note)

    async def stream(self, name: str, size_bytes: int, chunks: AsyncIterator[bytes]) -> None:
        """The same for bytes that come one after the other."""
        note = _Note(name, size_bytes)
        file: IO[bytes] | None = None
        async for chunk in chunks:  # begun with the first bytes: a key that is gone leaves nothing behind
            file = file or self._sink.add(_checked(name), size_bytes)
            file.write(note.seen(chunk))
        self._note(file or self._sink.add(_checked(name), size_bytes), note)

    def _note(self, file: IO[bytes], note: "_Note") -> None:
        self._sink.added(file)
        self.files[note.name] = note.kept()

    def seal(self, manifest: Manifest) -> None:
        """The manifest and its own hash come last: what lacks them is not whole."""
        text = manifest.to_json()
        line = f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n".encode()
        for name, data in ((MANIFEST, text), (SEAL, line)):
            file = self._sink.add(name, len(data))
            file.write(data)
            self._sink.added(file)
        self._sink.end()

    def finish(self) -> None:
        """Give it its name. An empty folder of that name gives way."""
        if self.path.is_dir():
            self.path.rmdir()
        self.part.rename(self.path)
        _sync(self.path.parent)

    def drop(self) -> None:
        """Remove what was written under the preliminary name. Idempotent."""
        self._sink.close()
        if self.is_tar:
            self.part.unlink(missing_ok=True)
        else:
            shutil.rmtree(self.part, ignore_errors=True)


class _Note:
    """Size and hash of one file as it passes."""

    def __init__(self, name: str, size_bytes: int) -> None:
        self.name = name
        self._left = size_bytes
        self._size_bytes = size_bytes
        self._digest = hashlib.sha256()

    def seen(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise Conflict(f"{self.name} grew while it was read: begin the backup again.")
        self._digest.update(chunk)
        return chunk

    def kept(self) -> Kept:
        if self._left:
            raise Conflict(f"{self.name} shrank while it was read: begin the backup again.")
        return Kept(self._size_bytes, self._digest.hexdigest())


class Reader:
    """A backup that lies there. Opening it reads the manifest; `verify` reads everything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tar: tarfile.TarFile | None = None
        self._members: dict[str, tarfile.TarInfo] = {}
        try:
            if not path.is_dir():
                self._tar = tarfile.open(path, mode="r:")  # noqa: SIM115
                self._members = {entry.name: entry for entry in self._tar if entry.isreg()}
        except FileNotFoundError:
            raise BadBackup(f"There is no backup at {path}.") from None
        except (tarfile.TarError, OSError, ValueError) as error:
            self.close()
            raise BadBackup(f"{path} is not a whole tar: it was cut off or damaged ({error}).") from error
        try:
            self.manifest = self._sealed()
        except BaseException:
            self.close()
            raise

    def _sealed(self) -> Manifest:
        text, line = self._small(MANIFEST), self._small(SEAL)
        if line.split()[:1] != [hashlib.sha256(text).hexdigest().encode()]:
            raise BadBackup(f"{MANIFEST} of the backup is damaged: it is not what {SEAL} says.")
        return Manifest.from_json(text)

    def _small(self, name: str) -> bytes:
        try:
            return b"".join(self.read(name))
        except BadBackup as error:
            raise BadBackup(
                f"{self.path} is not a whole backup: it has no readable {name}, which is written last."
            ) from error

    def read(self, name: str) -> Iterator[bytes]:
        """Raises `BadBackup` when it is not there or cannot be read."""
        try:
            with self._open(name) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
        except FileNotFoundError:
            raise BadBackup(f"The backup is not whole: {name} is missing.") from None
        except (tarfile.TarError, OSError) as error:
            raise BadBackup(f"The backup is damaged: {name} cannot be read ({error}).") from error

    def _open(self, name: str) -> IO[bytes]:
        if self._tar is None:
            return open(os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        entry = self._members.get(name)
        file = None if entry is None else self._tar.extractfile(entry)
        if file is None:
            raise FileNotFoundError(name)
        return file

    def verify(self) -> None:
        """Read every file once. Raises `BadBackup` for the first that is not as the manifest says."""
        for name, kept in self.manifest.files.items():
            size_bytes, digest = 0, hashlib.sha256()
            for chunk in self.read(name):
                size_bytes += len(chunk)
                digest.update(chunk)
            if (size_bytes, digest.hexdigest()) != (kept.size_bytes, kept.sha256):
                raise BadBackup(f"The backup is damaged: {name} is not what was written.")

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    try:
        yield reader
    finally:
        reader.close()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
