"""What the room does by itself: sweep, delete what was dropped, export, erase, count. Asked by handlers
only."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from prometheus_client import Gauge

from matinee.features.files import repository
from matinee.features.files.messages import DiscardPart
from matinee.features.files.repository import fetches
from matinee.features.files.rules import original_key, part_key, tree_prefix, upload_of_part
from matinee.features.files.schemas import OriginalId, TreeId
from matinee.features.files.service.blobs import drop_blob
from matinee.features.files.service.direct import FAILURES, finish_directs, keys_coming
from matinee.features.files.service.fetching import wake_fetches
from matinee.features.files.service.quota import usage
from matinee.features.files.service.reception import finish
from matinee.features.files.service.trees import drop_tree
from matinee.features.files.service.uploads import drop_upload
from matinee.infra.room import Attached, Told
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work, Works
from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import AccountId, BlobId, UploadId

log = structlog.get_logger(__name__)
BATCH = 200
ORPHAN_AFTER = timedelta(hours=1)
STORED_BYTES = Gauge("matinee_stored_bytes", "Bytes kept, by sort.", ["sort"], registry=REGISTRY)

FETCHES_NOW = Gauge(
    "matinee_fetches_open", "Files being fetched from addresses.", ["state"], registry=REGISTRY
)

_FILE = {
    "id": "Its id.",
    "purpose": "What it is for.",
    "subject": "What it belongs to, as kind:id.",
    "filename": "Its name when it was uploaded.",
    "size_bytes": "How large it is.",
}
TOLD = (
    Told(
        file="storage.json",
        about="How much you keep here, and how much you may.",
        tables=("files_quota",),
        fields={
            "used_bytes": "What counts.",
            "limit_bytes": "What may be at most.",
            "by_purpose": "Bytes of each sort.",
        },
    ),
    Told(
        file="originals.ndjson",
        about="Files that you uploaded. The files themselves lie in originals/, where you asked for them.",
        tables=("files_blob", "files_original"),
        fields=_FILE
        | {
            "filetype": "What your browser said it is.",
            "sha256": "Its SHA-256, once it was read; null before.",
            "received_at": "When its last byte came.",
            "name": "Where it lies in this copy, below files/.",
        },
    ),
    Told(
        file="unfinished.ndjson",
        about="Uploads that are not done.",
        tables=("files_upload", "files_fetch"),
        fields=_FILE
        | {
            "offset_bytes": "How much of it is here.",
            "fetched_from": "The address that the house brings it from; null where you send it.",
            "created_at": "When it was begun.",
        },
    ),
)
UNTOLD = {
    "files_expectation": "Which uploads are waited for: each belongs to a draft in videos.ndjson.",
    "files_tree": "Where files lie that the house made from yours, which it can make again.",
}


async def sweep(work: Work) -> None:
    """End expired uploads, finish full ones that a crash left, delete parts that belong to no upload. What a store that
    is away leaves undone is for the next time."""
    full = await repository.full_uploads(work.session, work.now, BATCH)
    async with work.outside():
        await _finish_all(work.works, full)
        await finish_directs(work.works)
    for upload in await repository.expired_uploads(work.session, work.now, BATCH):
        if upload.state == "complete" or upload.offset_bytes < upload.size_bytes:
            await drop_upload(work, upload)
    await wake_fetches(work)
    oldest = work.now - ORPHAN_AFTER
    coming = await keys_coming(work)
    try:
        async with work.outside():
            await work.storage.tidy(oldest, spare=coming)
            found = [
                id
                async for part in work.storage.parts()
                if part.modified_at < oldest and (id := upload_of_part(part.key)) is not None
            ]
    except Unavailable as error:
        log.warning("files.not_swept", reason=error.detail)
        return
    known = await repository.known_uploads(work.session, found)
    for upload_id in set(found) - known:
        work.send(DiscardPart(upload_id=UploadId(upload_id)))


async def _finish_all(works: Works, full: Sequence[UUID]) -> None:
    failures = 0
    for upload_id in full:
        try:
            await finish(works, UploadId(upload_id))
        except Unavailable as error:
            log.warning("upload.unfinished", upload_id=str(upload_id), reason=error.detail)
            failures += 1
            if failures == FAILURES:
                return


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


async def export(
    work: Work, account_id: AccountId
) -> AsyncIterator[tuple[str, Mapping[str, object] | Attached]]:
    """Usage, every original with its bytes, and unfinished uploads."""
    held = await usage(work, account_id)
    if held.by_purpose or await repository.quota_limit(work.session, account_id) is not None:
        yield "storage.json", held.model_dump(mode="json")
    after: UUID | None = None
    while rows := await repository.blobs_after(work.session, account_id, after, 1000):
        after = rows[-1].id
        for row in rows:
            name = f"originals/{row.id}/{row.filename}"
            yield (
                "originals.ndjson",
                {
                    "id": str(row.id),
                    "purpose": row.purpose,
                    "subject": row.subject,
                    "filename": row.filename,
                    "filetype": row.filetype,
                    "size_bytes": row.size_bytes,
                    "sha256": row.sha256,
                    "received_at": row.received_at.isoformat(),
                    "name": name,
                },
            )
            key = original_key(OriginalId(row.original_id))
            yield "originals.ndjson", Attached(name=name, key=key, size_bytes=row.size_bytes)
    unfinished = await repository.open_uploads(work.session, owner_id=account_id)
    sources = await fetches.by_upload(work.session, [row.id for row in unfinished])
    for upload in unfinished:
        yield (
            "unfinished.ndjson",
            {
                "id": str(upload.id),
                "purpose": upload.purpose,
                "subject": upload.subject,
                "filename": upload.filename,
                "size_bytes": upload.size_bytes,
                "offset_bytes": upload.offset_bytes,
                "fetched_from": sources[upload.id].url if upload.id in sources else None,
                "created_at": upload.created_at.isoformat(),
            },
        )


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
