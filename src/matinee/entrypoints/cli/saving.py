"""Makes a backup: the database of one moment first, then every stored file, then the keys, and reads it all again.

Consistent while the house runs: a stored file never changes under its key, and one that the house deletes meanwhile
is noted. Never changes anything in the house.
"""

import asyncio
import contextlib
import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import matinee
from matinee.entrypoints.cli.archive import BadBackup, Manifest, Writer, opened
from matinee.entrypoints.cli.dump import Snapshot, snapshot
from matinee.entrypoints.cli.noting import note
from matinee.entrypoints.cli.supervise import UNFINISHED
from matinee.infra import postgres
from matinee.infra.storage.opening import open_store
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from matinee.kernel.settings import DatabaseSettings, HouseSettings, Settings
from matinee.kernel.time import utc_now

LOCK_FILE = "up.lock"
_KEY_BYTES = 1 << 20
_NO_KEYS = {LOCK_FILE, UNFINISHED}
_NO_KEY_ENDINGS = {".lock", ".new", ".part", ".tar", ".log"}
_CHUNK_BYTES = 1 << 20
_SPARE_BYTES = 50_000_000

Say = Callable[[str], None]


def save(settings: Settings, path: Path, *, say: Say) -> dict[str, Any]:
    """Write a backup to `path` and verify it. Returns what it holds.

    Raises `Conflict` when something is there, `Unavailable` when database, store or disk fail.
    """
    began = time.monotonic()
    _refuse_place(settings.house, path)
    storage = open_store(settings)
    with _database(settings) as url, _cleaned(Writer(path)) as writer:
        if not note(settings, "backup.begun", database_url=url):
            say("The audit log does not take that this was done.")
        before = asyncio.run(_keys(storage))
        say("Reading the database …")
        with (
            snapshot(url) as moment,
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder,
        ):
            manifest = Manifest(
                matinee=matinee.__version__,
                made_at=utc_now().isoformat(timespec="seconds"),
                revision=moment.revision,
                server=moment.server,
                tables=_tables(moment, writer, Path(folder)),
                sequences=moment.sequences(),
            )
        say("Reading stored files …")
        manifest.missing = asyncio.run(_blobs(storage, writer, before))
        for key in key_files(settings.house.data_dir):
            data = key.read_bytes()
            writer.write(f"keys/{key.name}", len(data), [data])
        manifest.files = writer.files
        writer.seal(manifest)
        say("Reading the backup again …")
        with opened(writer.part) as reader:
            if reader.manifest.files != manifest.files:
                raise BadBackup("The backup is not what was written: is the disk in order?")
            reader.verify()
        writer.finish()
    return {
        "path": str(path),
        "matinee": manifest.matinee,
        "made_at": manifest.made_at,
        "revision": manifest.revision,
        **manifest.counts(),
        "missing": manifest.missing,
        "verified": True,
        "seconds": round(time.monotonic() - began, 2),
    }


def key_files(data_dir: Path) -> list[Path]:
    """What the house keeps beside database and store: small files at the top of the data folder."""
    return sorted(
        path
        for path in data_dir.iterdir()
        if path.is_file()
        and not path.is_symlink()
        and path.name not in _NO_KEYS
        and path.suffix not in _NO_KEY_ENDINGS
        and not path.name.startswith(".")
        and path.stat().st_size <= _KEY_BYTES
    )


@contextlib.contextmanager
def lock(house: HouseSettings) -> Iterator[bool]:
    """Hold the data folder as `matinee up` does, so that no house starts meanwhile. False when one runs."""
    with open(house.data_dir / LOCK_FILE, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The address of the configured server, or of the embedded one, started for this time when it does not run.
    The caller holds the data folder."""
    knobs = settings.of(DatabaseSettings)
    if knobs.database_url is not None:
        yield knobs.database_url.get_secret_value()
        return
    server = postgres.start(settings.house.data_dir, knobs.pg_bin)
    try:
        yield server.url
    finally:
        if not server.reattached:
            server.stop()


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[str]:
    from matinee.entrypoints.parts import database_url

    with lock(settings.house) as free:
        if not free:
            yield database_url(settings)
            return
        with running_database(settings) as url:
            yield url


@contextlib.contextmanager
def _cleaned(writer: Writer) -> Iterator[Writer]:
    try:
        yield writer
    except OSError as error:
        raise Unavailable(f"The backup cannot be written to {writer.path}: {error.strerror}.") from error
    finally:
        writer.drop()


def _refuse_place(house: HouseSettings, path: Path) -> None:
    if not house.data_dir.is_dir():
        raise Invalid(
            f"There is nothing to back up: {house.data_dir} does not exist. Is MATINEE_DATA_DIR right?"
        )
    if path.suffix in {".gz", ".tgz", ".xz", ".zst", ".zip"}:
        raise Invalid(
            "A backup is a folder or a file that ends in .tar: films do not get smaller by packing."
        )
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise Conflict(f"{path} exists already: name another place, or remove it first.")
    if not path.parent.is_dir():
        raise Invalid(f"The folder {path.parent} does not exist.")
    real = path.parent.resolve() / path.name
    # The folder itself, and those in it that may be links to another disk.
    if any(
        real.is_relative_to((house.data_dir / name).resolve())
        for name in ("", "storage", "postgres", "scratch", "cache")
    ):
        raise Invalid(
            f"{path} lies inside the house itself, and would be lost together with it: "
            f"name a place outside of {house.data_dir}."
        )


def _tables(moment: Snapshot, writer: Writer, folder: Path) -> dict[str, dict[str, Any]]:
    """Each through a file, because an archive must know the size first."""
    found: dict[str, dict[str, Any]] = {}
    for name, columns in moment.columns.items():
        with (folder / "rows").open("w+b") as file:
            rows = moment.copy_out(name, file)
            size_bytes = file.tell()
            file.seek(0)
            writer.write(f"database/{name}.copy", size_bytes, _chunks(file))
        found[name] = {"columns": columns, "rows": rows}
    return found


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


async def _keys(storage: Storage) -> dict[str, int]:
    """Every stored key and its size, without the traces of health checks."""
    return {item.key: item.size_bytes async for item in storage.list() if not item.key.startswith("check/")}


async def _blobs(storage: Storage, writer: Writer, before: dict[str, int]) -> list[str]:
    """Copy all that is stored now. Returns what was there `before` the snapshot and is gone."""
    present = await _keys(storage)
    gone = sorted(before.keys() - present.keys())
    _refuse_full_disk(writer.path.parent, sum(present.values()))
    for key, size_bytes in sorted(present.items()):
        try:
            await writer.stream(f"storage/{key}", size_bytes, storage.read(key, chunk_bytes=_CHUNK_BYTES))
        except NotFound:
            gone.append(key)
    return gone


def _refuse_full_disk(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes + _SPARE_BYTES:
        raise Unavailable(
            f"The disk of {folder} is too full: the stored files need {needed_bytes // 1_000_000} MB and "
            f"{free_bytes // 1_000_000} MB are free."
        )
