"""Before a process serves or works, it sees that it has the same media key and the same store as the rest of the house.

Processes share nothing but database and store: two keys would make addresses of one machine fail at another, and two
stores would lose films in silence. Never changes what the house agreed on; `adopt` does, on an operator's word.
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from matinee.entrypoints.foreseen import foreseen
from matinee.entrypoints.parts import Parts, assemble
from matinee.entrypoints.strength import refuse_weak
from matinee.features.accounts import service as accounts
from matinee.features.videos import service as videos
from matinee.infra import marks
from matinee.infra.storage.opening import place_of
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, NotFound, Unavailable
from matinee.kernel.ids import new_id
from matinee.kernel.settings import Settings

log = structlog.get_logger(__name__)
STORE_KEY = "house/mark"
_KEY, _STORE, _PLACED = "media-key", "store", "store.placed"


class Differs(Conflict):
    """This process has another key or store than the rest of its house."""

    code = "house.differs"


def fingerprint(settings: Settings) -> str | None:
    """Of this process's media key; None where it has none yet."""
    key = videos.media_key_of(settings, make=False)
    return None if key is None else hashlib.sha256(b"matinee media key\n" + key).hexdigest()[:32]


async def agree(parts: Parts) -> None:
    """Raises `Differs` and `WeakSecret`. The first process of a house decides. A store that is away is passed over:
    health tells."""
    refuse_weak(parts.settings)
    videos.media_key_of(parts.settings, make=await _mark(parts, _KEY) is None)
    await _agree_on_key(parts)
    try:
        await _agree_on_store(parts)
    except Unavailable as error:
        log.warning("house.store_not_asked", reason=error.detail)


async def _agree_on_key(parts: Parts) -> None:
    mine = fingerprint(parts.settings)
    async with parts.works.open() as work:
        ours = await marks.mark(work.session, _KEY) if mine is None else None
        ours = ours or await marks.settled(work.session, _KEY, mine or "")
    if mine != ours:
        has = "no media key" if mine is None else "another media key"
        raise Differs(
            f"This machine has {has} than the rest of the house: addresses that one makes would fail at the other. Set "
            "MATINEE_MEDIA_KEY to the same value on every machine (the first one keeps it in DATA_DIR/media-key). If "
            "the key here is meant to replace it, run `matinee adopt` here and restart all others with it."
        )


async def _agree_on_store(parts: Parts) -> None:
    async with parts.works.open() as work:
        ours = await marks.settled(work.session, _STORE, str(new_id()))
        placed = await marks.mark(work.session, _PLACED)
    found = await _read(parts.storage)
    if found is None and placed is None:
        await parts.storage.put_bytes(STORE_KEY, ours.encode())
        found = ours
    if found != ours:
        what = "not the one that this house uses" if found is None else "that of another house"
        raise Differs(
            f"The store of this process, {place_of(parts.settings)}, is {what}. Processes on several machines share "
            "one bucket: set MATINEE_STORAGE and MATINEE_S3_… alike on all. If the house has moved, copy its bytes "
            "with `matinee storage migrate` first; if this store is meant all the same, run `matinee adopt`."
        )
    if placed is None:
        async with parts.works.open() as work:
            await marks.settled(work.session, _PLACED, "yes")


async def _mark(parts: Parts, name: str) -> str | None:
    async with parts.works.open(reading=True) as work:
        return await marks.mark(work.session, name)


async def _read(storage: Storage) -> str | None:
    try:
        return b"".join([chunk async for chunk in storage.read(STORE_KEY, 0, 64)]).decode("ascii", "replace")
    except NotFound:
        return None


async def adopt(settings: Settings) -> None:
    """The media key and the store of this machine are the house's from now on."""
    async with _opened(settings) as parts:
        videos.media_key_of(settings, make=True)
        async with parts.works.open() as work:
            await marks.replace(work.session, _KEY, fingerprint(settings) or "")
            ours = await marks.settled(work.session, _STORE, str(new_id()))
        await parts.storage.put_bytes(STORE_KEY, ours.encode())
        async with parts.works.open() as work:
            await marks.replace(work.session, _PLACED, "yes")
            await accounts.audit.record(work, "house.adopted")


async def see(settings: Settings) -> str | None:
    """What `agree` would refuse, as a sentence. Makes nothing: before the first start there is nothing to see."""
    async with _opened(settings) as parts:
        try:
            if await _mark(parts, _KEY) is not None:
                await _agree_on_key(parts)
            if await _mark(parts, _PLACED) is not None:
                await _agree_on_store(parts)
        except Differs as error:
            return error.detail
    return None


async def check(settings: Settings) -> None:
    """`agree` with connections of its own, for programs whose loop begins later."""
    async with _opened(settings) as parts:
        await agree(parts)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Parts]:
    parts = assemble(settings)
    try:
        yield parts
    finally:
        await parts.database.close()


def refuse(error: Exception) -> None:
    """End the process with a sentence for what was foreseen; raise the rest."""
    if (sentence := foreseen(error)) is None:
        raise error
    log.error("process.cannot_start", reason=sentence)
    sys.exit(1)
