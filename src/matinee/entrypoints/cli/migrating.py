"""Copies every stored value from one store of the house to the other, verified, and resumed where an earlier run ended.

Safe while the house runs: a second run brings what came meanwhile. A value keeps its bytes unless the step that made it
runs again; so what differs in a target that the house uses already is newer, and stays. Never removes anything from the
source, except by `remove_source`, value by value, after both sides were read and are equal.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from matinee.infra.storage import claims
from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.opening import local_folder, open_store, place_of
from matinee.infra.storage.port import Storage, Stored
from matinee.kernel.errors import Conflict, NotFound, Unavailable
from matinee.kernel.settings import Settings, StorageSettings

Kind = Literal["local", "s3"]
Show = Callable[[int], None]
"""Told of the bytes that each finished value had."""

_PIECE_BYTES = 1 << 20


@dataclass(slots=True)
class Moved:
    """What a run did. `gone`: deleted by the house while it ran. `unfinished`: uploads that are not whole yet; they
    stay with their store, and are begun again by their senders."""

    source: str
    target: str
    values: int = 0
    bytes: int = 0
    copied: int = 0
    copied_bytes: int = 0
    there_already: int = 0
    removed: int = 0
    gone: int = 0
    unfinished: int = 0
    dry_run: bool = False
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Way:
    """From one store to the other. `in_use` is the one that the settings name."""

    source: Storage
    target: Storage
    source_place: str
    target_place: str
    source_in_use: bool
    scratch: Path

    @classmethod
    def to(cls, settings: Settings, kind: Kind) -> "Way":
        """`kind` is the target; the source is the other. Raises pydantic's error when no bucket is named."""
        known = settings.of(StorageSettings)
        stores: dict[Kind, tuple[Storage, str]] = {}
        for each in ("s3", "local"):
            chosen = settings.replaced(StorageSettings(**known.model_dump() | {"storage": each}))
            if each == "local" and kind == "s3" and not local_folder(settings).is_dir():
                raise NotFound(f"There is no local store at {local_folder(settings)} to copy from.")
            stores[each] = (open_store(chosen), place_of(chosen))
        other: Kind = "local" if kind == "s3" else "s3"
        return cls(
            source=stores[other][0],
            target=stores[kind][0],
            source_place=stores[other][1],
            target_place=stores[kind][1],
            source_in_use=known.storage == other,
            scratch=settings.house.data_dir / "scratch",
        )


async def survey(way: Way) -> tuple[list[Stored], dict[str, int], int]:
    """All values of the source, the sizes of what the target has, and how many uploads are not whole."""
    values = [item async for item in way.source.list() if not item.key.startswith("check/")]
    present = {item.key: item.size_bytes async for item in way.target.list()}
    return values, present, len([1 async for _ in way.source.parts()])


async def migrate(way: Way, *, jobs: int, dry_run: bool, show: Show, begin: Show) -> Moved:
    """Copy what the target lacks. Raises `Unavailable` when a store fails; what is copied stays."""
    began = time.monotonic()
    values, present, unfinished = await survey(way)
    missing = [
        item
        for item in values
        if item.key not in present or (way.source_in_use and present[item.key] != item.size_bytes)
    ]
    done = Moved(
        way.source_place, way.target_place, values=len(values), dry_run=dry_run, unfinished=unfinished
    )
    done.bytes = sum(item.size_bytes for item in values)
    done.there_already = len(values) - len(missing)
    begin(sum(item.size_bytes for item in missing))
    if dry_run:
        done.copied, done.copied_bytes = len(missing), sum(item.size_bytes for item in missing)
        return done

    with claims.workplace(way.scratch) as scratch:

        async def copy(item: Stored) -> None:
            try:
                await _copy(way, item, scratch)
            except NotFound:
                done.gone += 1
            else:
                done.copied += 1
                done.copied_bytes += item.size_bytes
            show(item.size_bytes)

        await _all(missing, copy, jobs)
    done.seconds = round(time.monotonic() - began, 2)
    return done


async def remove_source(way: Way, *, jobs: int, dry_run: bool, show: Show, begin: Show) -> Moved:
    """Read every value on both sides, and remove from the source what is equal. Raises `Conflict` while the house still
    uses the source, or while the target lacks anything."""
    began = time.monotonic()
    if way.source_in_use:
        raise Conflict(
            f"The settings still name the source, {way.source_place}: change MATINEE_STORAGE and restart first."
        )
    values, present, unfinished = await survey(way)
    done = Moved(
        way.source_place, way.target_place, values=len(values), dry_run=dry_run, unfinished=unfinished
    )
    done.bytes = sum(item.size_bytes for item in values)
    lacking = [item.key for item in values if item.key not in present]
    if lacking:
        raise Conflict(
            f"The target lacks {len(lacking)} values, such as {min(lacking)}: run the command without --remove-source"
            " first. Those that the house has deleted since are swept from the target later."
        )
    begin(done.bytes)

    async def remove(item: Stored) -> None:
        if await _hash(way.source, item.key) != await _hash(way.target, item.key):
            done.wrong.append(item.key)
        elif not dry_run:
            await way.source.delete(item.key)
            done.removed += 1
        show(item.size_bytes)

    await _all(values, remove, jobs)
    done.seconds = round(time.monotonic() - began, 2)
    return done


async def _all(items: list[Stored], act: Callable[[Stored], Any], jobs: int) -> None:
    left = iter(items)

    async def run() -> None:
        for item in left:
            await act(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(jobs):
                group.create_task(run())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _copy(way: Way, item: Stored, scratch: Path) -> None:
    """Whole and verified, or not at all."""
    path = await way.source.here(item.key)
    draft = None
    if path is None:
        path = draft = scratch / hashlib.sha256(item.key.encode()).hexdigest()
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    try:
        size_bytes = 0
        file = await asyncio.to_thread(draft.open, "wb") if draft is not None else None
        try:
            async for chunk in way.source.read(item.key, chunk_bytes=_PIECE_BYTES):

                def take(chunk: bytes = chunk) -> None:
                    md5.update(chunk)
                    sha256.update(chunk)
                    if file is not None:
                        file.write(chunk)

                await asyncio.to_thread(take)
                size_bytes += len(chunk)
        finally:
            if file is not None:
                file.close()
        if size_bytes != item.size_bytes:
            raise Unavailable(f"The source gave {size_bytes} bytes of {item.key}, not {item.size_bytes}.")
        stored = await way.target.put_file(item.key, path, move=draft is not None)
    except OSError as error:
        raise Unavailable(f"{item.key} cannot be copied: {error.strerror}.") from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    # A store that says the MD5 says it of what it holds; any other word of it may be a number of parts, or of an
    # encrypted form, and then what it holds is read again.
    trusted = not isinstance(way.target, LocalStorage) and stored.etag == md5.hexdigest()
    if not trusted and await _hash(way.target, item.key) != sha256.hexdigest():
        await way.target.delete(item.key)
        raise Unavailable(f"The target holds other bytes of {item.key} than it was given.")


async def _hash(storage: Storage, key: str) -> str:
    digest = hashlib.sha256()
    async for chunk in storage.read(key, chunk_bytes=_PIECE_BYTES):
        await asyncio.to_thread(digest.update, chunk)
    return digest.hexdigest()
