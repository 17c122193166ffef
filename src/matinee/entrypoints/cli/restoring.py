"""Puts a backup into a house: first every hash, then the stored files and keys, last the database in one transaction.

What fails on the way is taken back, and a note in the data folder tells of a restore that was killed. Never touches
a house that runs, and never replaces one that holds something unless it was told to.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matinee.entrypoints.cli import dump
from matinee.entrypoints.cli.archive import BadBackup, Reader, opened
from matinee.entrypoints.cli.noting import note
from matinee.entrypoints.cli.saving import Say, key_files, lock, running_database
from matinee.entrypoints.cli.supervise import UNFINISHED
from matinee.features.accounts import service as accounts
from matinee.infra.storage.opening import open_store
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, Unavailable
from matinee.kernel.settings import HouseSettings, Settings


def restore(
    settings: Settings, path: Path, *, force: bool, say: Say, end_tokens: bool = False
) -> dict[str, Any]:
    """Make the house what the backup at `path` holds, with nobody signed in. Returns what that is.

    What was ended after the backup would count again: sessions never do, tokens of programs not with `end_tokens`.

    Raises `BadBackup` when it is damaged, `Conflict` when the house runs or holds something and not `force`.
    """
    began = time.monotonic()
    house = settings.house
    with opened(path) as reader:
        manifest = reader.manifest
        if not dump.known(manifest.revision):
            raise BadBackup(
                f"This backup stands at revision {manifest.revision} of Matinee {manifest.matinee}, which this older "
                "Matinee does not know: restore it with that one or a newer one."
            )
        say("Reading the backup …")
        reader.verify()
        try:
            house.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Unavailable(
                f"The data folder {house.data_dir} cannot be used: {error.strerror}."
            ) from error
        with _alone(house), running_database(settings) as url:
            storage = open_store(settings)
            dump.refuse_in_use(url)
            if not force:
                _refuse_what_is_there(house, storage, url)
            sizes = [kept.size_bytes for kept in manifest.below("storage").values()]
            # A store elsewhere takes the files one after another through this disk.
            elsewhere = asyncio.run(storage.free_bytes()) is None
            _refuse_full_disk(house.data_dir, max(sizes, default=0) if elsewhere else sum(sizes))
            without = accounts.SESSION_TABLES + (accounts.TOKEN_TABLES if end_tokens else ())
            _put_back(house, storage, url, reader, say, without)
            ended = ["sessions", "tokens"] if end_tokens else ["sessions"]
            if not note(settings, "backup.restored", database_url=url, made_at=manifest.made_at, ended=ended):
                say("The audit log does not take that this was done.")
    return {
        "path": str(path),
        "matinee": manifest.matinee,
        "made_at": manifest.made_at,
        "revision": dump.newest(),
        **manifest.counts(),
        "missing": manifest.missing,
        "ended": ended,
        "verified": True,
        "seconds": round(time.monotonic() - began, 2),
    }


@contextlib.contextmanager
def _alone(house: HouseSettings) -> Iterator[None]:
    with lock(house) as free:
        if not free:
            raise Conflict(
                f"Matinee runs on {house.data_dir}: stop it first (Ctrl-C where `matinee up` runs)."
            )
        yield


def _refuse_what_is_there(house: HouseSettings, storage: Storage, url: str) -> None:
    found = []
    if tables := dump.what_lies_there(url):
        found.append(f"rows in its database ({', '.join(tables[:3])}{' …' if len(tables) > 3 else ''})")
    if asyncio.run(_keys(storage)):
        found.append("stored files")
    if keys := key_files(house.data_dir):
        found.append(f"keys ({', '.join(key.name for key in keys)})")
    if found:
        raise Conflict(
            f"The house at {house.data_dir} is not empty: it has {' and '.join(found)}. Use another MATINEE_DATA_DIR, "
            "or --force to replace all of it by the backup."
        )


def _refuse_full_disk(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes * 1.05 + 100_000_000:
        raise Unavailable(
            f"The disk of {folder} is too full: the backup needs {needed_bytes // 1_000_000} MB and "
            f"{free_bytes // 1_000_000} MB are free."
        )


def _put_back(
    house: HouseSettings, storage: Storage, url: str, reader: Reader, say: Say, without: tuple[str, ...]
) -> None:
    manifest = reader.manifest
    present = asyncio.run(_keys(storage))
    # Its own folder below the data folder: from there a file moves into the store without another copy.
    staging = house.data_dir / "restoring"
    aside = house.data_dir / "replaced-keys"
    note = house.data_dir / UNFINISHED
    placed: list[str] = []
    note.write_text(f"{reader.path}\n")
    try:
        say("Writing stored files …")
        staging.mkdir(mode=0o700, exist_ok=True)
        asyncio.run(_place(storage, reader, staging, placed))
        _set_aside(house, aside)
        for name in manifest.below("keys"):
            _write_key(house.data_dir / name, b"".join(reader.read(f"keys/{name}")))
        say("Writing the database …")
        dump.load(url, manifest, lambda table: reader.read(f"database/{table}.copy"), without=without)
    except BaseException as error:
        _take_back(house, aside)
        asyncio.run(_delete(storage, set(placed) - present))
        note.unlink()
        if isinstance(error, OSError):
            raise Unavailable(
                f"The data folder {house.data_dir} cannot be written: {error.strerror}."
            ) from error
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    # The house is the restored one now. What only the replaced one knew goes.
    asyncio.run(_delete(storage, present - manifest.below("storage").keys()))
    for name in ("scratch", "cache", "audit"):
        shutil.rmtree(house.data_dir / name, ignore_errors=True)
    shutil.rmtree(aside, ignore_errors=True)
    note.unlink()


async def _keys(storage: Storage) -> set[str]:
    return {item.key async for item in storage.list() if not item.key.startswith("check/")}


async def _place(storage: Storage, reader: Reader, staging: Path, placed: list[str]) -> None:
    """Store every file, and check what the store says it has."""
    wanted = reader.manifest.below("storage")
    for key in wanted:
        path = staging / "file"
        with path.open("wb") as file:
            for chunk in reader.read(f"storage/{key}"):
                file.write(chunk)
        placed.append(key)
        stored = await storage.put_file(key, path, move=True)
        if stored.size_bytes != wanted[key].size_bytes:
            raise Unavailable(
                f"The store took {stored.size_bytes} bytes of {key}, not {wanted[key].size_bytes}."
            )
    if lacking := wanted.keys() - await _keys(storage):
        raise Unavailable(f"The store lacks {len(lacking)} files that it took, such as {min(lacking)}.")


async def _delete(storage: Storage, keys: set[str]) -> None:
    for key in keys:
        await storage.delete(key)


def _set_aside(house: HouseSettings, aside: Path) -> None:
    """The keys of the house that is replaced, until its database is."""
    aside.mkdir(mode=0o700, exist_ok=True)
    for key in key_files(house.data_dir):
        key.rename(aside / key.name)


def _take_back(house: HouseSettings, aside: Path) -> None:
    if not aside.is_dir():
        return
    for key in key_files(house.data_dir):
        key.unlink()
    for key in aside.iterdir():
        key.rename(house.data_dir / key.name)
    aside.rmdir()


def _write_key(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
