"""Whole uploaded files. Never changes their bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta

from matinee.features.files import repository
from matinee.features.files.errors import BlobNotFound
from matinee.features.files.messages import DeleteOriginal, HashBlob, ShareOriginal, UploadCompleted
from matinee.features.files.models import BlobRow, Original, Upload
from matinee.features.files.rules import original_key, original_of_key
from matinee.features.files.schemas import Blob, OriginalId
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId, BlobId, UploadId
from matinee.kernel.subject import Subject

HASH_DELAY_S = 60
LATE_READERS_S = 3600


async def blob(work: Work, blob_id: BlobId) -> Blob:
    """Raises `BlobNotFound`. Who may see it decides the room that asks."""
    row = await repository.blob(work.session, blob_id)
    if row is None:
        raise BlobNotFound
    return _shown(row)


async def kept_keys(work: Work, keys: Sequence[str]) -> set[str]:
    """Those of `keys` under which the bytes of a blob are kept."""
    named = {id: key for key in keys if (id := original_of_key(key)) is not None}
    return {named[OriginalId(id)] for id in await repository.known_originals(work.session, list(named))}


async def drop_blob(work: Work, blob_id: BlobId) -> None:
    """Free its quota now, and delete its bytes after the commit unless another blob shares them. Idempotent."""
    original_id = await repository.delete_blob(work.session, blob_id)
    if original_id is not None:
        await _free(work, OriginalId(original_id))


async def drop_blobs_for(work: Work, subject: str | Subject, purpose: str | None = None) -> None:
    """The same for every whole upload of a subject, of `purpose` or of any, also one that nobody has taken yet."""
    for id in await repository.blobs_for(work.session, str(subject), purpose):
        await drop_blob(work, BlobId(id))


async def _free(work: Work, original_id: OriginalId, *, keep_s: float = 0) -> None:
    """Delete bytes that no blob has any more, `keep_s` seconds from now."""
    await repository.lock_originals(work.session, original_id)
    if await repository.delete_free_original(work.session, original_id):
        gone = DeleteOriginal(original_id=original_id)
        work.send(gone, at=work.now + timedelta(seconds=keep_s) if keep_s else None)


async def record_blob(work: Work, upload: Upload, blob_id: BlobId, sha256: str | None = None) -> None:
    """Note an upload that was sealed under `sealed_key(blob_id)` as a blob, and say so in the same transaction."""
    received_at = upload.last_byte_at or work.now
    work.session.add(Original(id=blob_id, owner_id=upload.owner_id, created_at=work.now))
    await work.session.flush()
    work.session.add(
        BlobRow(
            id=blob_id,
            owner_id=upload.owner_id,
            original_id=blob_id,
            purpose=upload.purpose,
            subject=upload.subject,
            filename=upload.filename,
            filetype=upload.filetype,
            size_bytes=upload.size_bytes,
            sha256=sha256,
            received_at=received_at,
            created_at=work.now,
        )
    )
    work.send(
        UploadCompleted(
            upload_id=UploadId(upload.id),
            blob_id=blob_id,
            purpose=upload.purpose,
            subject=upload.subject,
        )
    )
    if sha256 is not None:
        work.send(ShareOriginal(blob_id=blob_id))
        return
    # Later, because reading it all again now would slow down whoever makes it playable.
    work.send(HashBlob(blob_id=blob_id), at=work.now + timedelta(seconds=HASH_DELAY_S))


async def hash_blob(work: Work, blob_id: BlobId) -> None:
    """Read all bytes once and record their SHA-256. Idempotent; a blob that is gone needs none."""
    row = await repository.blob(work.session, blob_id)
    if row is None or row.sha256 is not None:
        return
    key, digest = original_key(OriginalId(row.original_id)), hashlib.sha256()
    try:
        async with work.outside():
            async for chunk in work.storage.read(key, chunk_bytes=1 << 20):
                await asyncio.to_thread(digest.update, chunk)
    except NotFound:
        if await repository.blob(work.session, blob_id) is not None:
            raise
        return
    await note_hash(work, blob_id, digest.hexdigest())


async def note_hash(work: Work, blob_id: BlobId, sha256: str) -> None:
    """For who has read all bytes of a blob anyhow. Idempotent."""
    row = await repository.blob(work.session, blob_id)
    if row is not None and row.sha256 is None:
        await repository.set_hash(work.session, blob_id, sha256)
        work.send(ShareOriginal(blob_id=blob_id))


async def share_original(work: Work, blob_id: BlobId) -> bool:
    """Let the blob have the bytes of an older one of its owner that is identical, and free its own; whether it does.

    Only within one owner: see docs/decisions/0012. Who reads its own bytes now has an hour to end. Idempotent.
    """
    row = await repository.blob(work.session, blob_id)
    if row is None or row.sha256 is None:
        return False
    own, twin, size_bytes = row.original_id, await repository.twin_of(work.session, row), row.size_bytes
    if twin is None:
        return False
    async with work.outside():
        try:  # never give up bytes for a record alone
            stored = await work.storage.stat(original_key(OriginalId(twin)))
        except NotFound:
            return False
    if stored.size_bytes != size_bytes:
        return False
    if await repository.lock_originals(work.session, own, twin) != {own, twin}:
        return False
    await repository.share(work.session, own, twin)
    await _free(work, OriginalId(own), keep_s=LATE_READERS_S)
    return True


def sealed_key(blob_id: BlobId) -> str:
    """Where an upload is sealed that becomes this blob: its own bytes at first."""
    return original_key(OriginalId(blob_id))


def _shown(row: BlobRow) -> Blob:
    return Blob(
        id=BlobId(row.id),
        owner_id=AccountId(row.owner_id),
        purpose=row.purpose,
        subject=row.subject,
        filename=row.filename,
        filetype=row.filetype,
        key=original_key(OriginalId(row.original_id)),
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        received_at=row.received_at,
    )
