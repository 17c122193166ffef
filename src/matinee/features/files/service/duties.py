"""What the room does by itself: sweep, delete what was dropped, export, erase, count. Asked by handlers
only."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from prometheus_client import Gauge

from matinee.features.files import repository
from matinee.features.files.messages import DiscardPart
from matinee.features.files.repository import fetches
from matinee.features.files.rules import original_key, part_key, tree_prefix, upload_of_part
from matinee.features.files.schemas import OriginalId, TreeId
from matinee.features.files.service.blobs import drop_blob
from matinee.features.files.service.direct import finish_directs, keys_coming
from matinee.features.files.service.fetching import wake_fetches
from matinee.features.files.service.quota import usage
from matinee.features.files.service.reception import finish
from matinee.features.files.service.trees import drop_tree
from matinee.features.files.service.uploads import drop_upload
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, BlobId, UploadId

BATCH = 200
ORPHAN_AFTER = timedelta(hours=1)
STORED_BYTES = Gauge("matinee_stored_bytes", "Bytes kept, by sort.", ["sort"], registry=REGISTRY)

FETCHES_NOW = Gauge(
    "matinee_fetches_open", "Files being fetched from addresses.", ["state"], registry=REGISTRY
)


async def sweep(work: Work) -> None:
    """End expired uploads, finish full ones that a crash left, delete parts that belong to no upload."""
    full = await repository.full_uploads(work.session, work.now, BATCH)
    async with work.outside():
        for upload_id in full:
            await finish(work.works, UploadId(upload_id))
        await finish_directs(work.works)
    for upload in await repository.expired_uploads(work.session, work.now, BATCH):
        if upload.state == "complete" or upload.offset_bytes < upload.size_bytes:
            await drop_upload(work, upload)
    await wake_fetches(work)
    oldest = work.now - ORPHAN_AFTER
    coming = await keys_coming(work)
    async with work.outside():
        await work.storage.tidy(oldest, spare=coming)
        found = [
            id
            async for part in work.storage.parts()
            if part.modified_at < oldest and (id := upload_of_part(part.key)) is not None
        ]
    known = await repository.known_uploads(work.session, found)
    for upload_id in set(found) - known:
        work.send(DiscardPart(upload_id=UploadId(upload_id)))


async def discard_part(work: Work, upload_id: UploadId) -> None:
    """Delete the part of an ended upload. Does nothing while the upload is open."""
    if await repository.known_uploads(work.session, [upload_id]):
        return
    async with work.outside():
        await work.storage.discard(part_key(upload_id))


async def delete_original(work: Work, original_id: OriginalId) -> None:
    """Delete bytes that are recorded no more. Idempotent."""
    if await repository.known_originals(work.session, [original_id]):
        return
    async with work.outside():
        await work.storage.delete(original_key(original_id))


async def delete_tree_bytes(work: Work, tree_id: TreeId) -> None:
    """Delete the files of a tree that is recorded no more. Idempotent."""
    if await repository.tree(work.session, tree_id) is not None:
        return
    async with work.outside():
        await work.storage.delete_prefix(tree_prefix(tree_id))


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, bytes]]:
    """A list of every original, unfinished upload and sum. The originals themselves are fetched where they
    belong: they would not fit into one archive."""
    originals = []
    after: UUID | None = None
    while rows := await repository.blobs_after(work.session, account_id, after, 1000):
        after = rows[-1].id
        originals += [
            {
                "id": str(row.id),
                "purpose": row.purpose,
                "subject": row.subject,
                "filename": row.filename,
                "filetype": row.filetype,
                "size_bytes": row.size_bytes,
                "sha256": row.sha256,
                "received_at": row.received_at.isoformat(),
            }
            for row in rows
        ]
    unfinished = await repository.open_uploads(work.session, owner_id=account_id)
    sources = await fetches.by_upload(work.session, [row.id for row in unfinished])
    data = {
        "usage": (await usage(work, account_id)).model_dump(),
        "originals": originals,
        "unfinished": [
            {
                "id": str(row.id),
                "purpose": row.purpose,
                "subject": row.subject,
                "filename": row.filename,
                "size_bytes": row.size_bytes,
                "offset_bytes": row.offset_bytes,
                "fetched_from": sources[row.id].url if row.id in sources else None,
                "created_at": row.created_at.isoformat(),
            }
            for row in unfinished
        ],
    }
    yield "files.json", json.dumps(data, indent=1, ensure_ascii=False).encode()


async def erase(work: Work, account_id: AccountId) -> bool:
    """Drop a batch of all that the account holds; True once nothing is left."""
    uploads, blobs, trees = await repository.rows_of_owner(work.session, account_id, BATCH)
    for upload in uploads:
        await drop_upload(work, upload)
    for row in blobs:
        await drop_blob(work, BlobId(row.id))
    for tree in trees:
        await drop_tree(work, TreeId(tree.id))
    if uploads or blobs or trees:
        return False
    await repository.forget_owner(work.session, account_id)
    return True


async def refresh_metrics(work: Work) -> None:
    """Bytes kept by the whole house, at scrape time."""
    for sort, size_bytes in (await repository.totals(work.session)).items():
        STORED_BYTES.labels(sort).set(size_bytes)
    by_state = await fetches.by_state(work.session)
    for state in ("waiting", "running", "failed"):
        FETCHES_NOW.labels(state).set(by_state.get(state, 0))
