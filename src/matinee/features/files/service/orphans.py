"""Stored bytes that nothing records: found by comparing the whole store with the tables, and removed when they are old.

They come from what died between store and database, from late writers, and from copies of a house that went on
living. Never removes a key that is not of the room's own making, nor most of a store at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.files import repository
from matinee.features.files.rules import (
    ORIGINALS,
    TREES,
    original_key,
    original_of_key,
    tree_of_key,
    tree_prefix,
)
from matinee.features.files.schemas import OriginalId, Swept, TreeId
from matinee.features.files.service.blobs import share_original
from matinee.infra.jobs import ledger
from matinee.infra.work import Work
from matinee.kernel.ids import BlobId

log = structlog.get_logger(__name__)
ORPHAN_AFTER = timedelta(hours=24)
FEW = 20
"""So many orphans are removed even where they are most of the store."""

_BATCH = 1000
_CHECKS = "check"
_Known = Callable[[AsyncSession, Sequence[UUID]], Awaitable[set[UUID]]]


@dataclass(slots=True)
class _Found:
    """One original, or one tree with all its values."""

    size_bytes: int
    newest_at: datetime


async def sweep_orphans(work: Work, *, dry_run: bool = False, force: bool = False) -> Swept:
    """Compare and remove. Refuses where most of the store would go, unless `force`: then the database is rather that of
    another house, or an old one."""
    swept = Swept()
    originals: dict[UUID, _Found] = {}
    trees: dict[UUID, _Found] = {}
    checks: list[str] = []
    oldest = work.now - ORPHAN_AFTER
    async with work.outside():
        async for item in work.storage.list():
            kind = item.key.partition("/")[0]
            id: UUID | None = None
            if kind == ORIGINALS:
                id = original_of_key(item.key)
            elif kind == TREES:
                id = tree_of_key(item.key)
            elif kind == _CHECKS and item.modified_at < oldest:
                checks.append(item.key)
            if id is None:
                swept.strange += kind in (ORIGINALS, TREES)
                continue
            found = (originals if kind == ORIGINALS else trees).setdefault(id, _Found(0, item.modified_at))
            found.size_bytes += item.size_bytes
            found.newest_at = max(found.newest_at, item.modified_at)
    # What waits to be deleted by its own order has readers that are still at it.
    waits = await ledger.said_by_waiting(work.session, "files.delete_original", "original_id")
    waits |= await ledger.said_by_waiting(work.session, "files.delete_tree_bytes", "tree_id")
    for found_ids in (originals, trees):
        for id in [id for id in found_ids if str(id) in waits]:
            del found_ids[id]
    lost_originals = await _lost(work, originals, _known_originals, oldest, swept)
    lost_trees = await _lost(work, trees, repository.known_trees, oldest, swept)
    if swept.orphans > max(FEW, swept.known) and not force:
        swept.refused = (
            f"{swept.orphans} stored values are recorded nowhere, and {swept.known} are: is this database the one of"
            " this store? If they shall go, run `matinee storage sweep --force`."
        )
        log.error("orphans.refused", orphans=swept.orphans, known=swept.known)
        return swept
    if dry_run:
        return swept
    async with work.outside():
        for key in checks:
            await work.storage.delete(key)
        for original_id in lost_originals:
            await work.storage.delete(original_key(OriginalId(original_id)))
            swept.removed += 1
        for tree_id in lost_trees:
            await work.storage.delete_prefix(tree_prefix(TreeId(tree_id)))
            swept.removed += 1
    for blob_id in await repository.doubles(work.session, _BATCH):
        swept.shared += await share_original(work, BlobId(blob_id))
    log.info("orphans.swept", removed=swept.removed, size_bytes=swept.orphan_bytes, shared=swept.shared)
    return swept


async def _lost(
    work: Work, found: dict[UUID, _Found], known: _Known, oldest: datetime, swept: Swept
) -> list[UUID]:
    """Those that nothing records and that are old enough to be sure of it."""
    lost: list[UUID] = []
    ids = list(found)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        there = await known(work.session, batch)
        swept.known += len(there)
        for id in batch:
            if id in there:
                continue
            if found[id].newest_at >= oldest:
                swept.young += 1
                continue
            lost.append(id)
            swept.orphan_bytes += found[id].size_bytes
    swept.orphans += len(lost)
    return lost


async def _known_originals(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Also those of uploads that are sealed and not recorded yet: they bear the upload's id."""
    return await repository.known_originals(session, ids) | await repository.known_uploads(session, ids)
