"""Whole uploaded files. Never changes their bytes."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta

from matinee.features.files import repository
from matinee.features.files.errors import BlobNotFound
from matinee.features.files.messages import DeleteBlobBytes, HashBlob, UploadCompleted
from matinee.features.files.models import BlobRow, Upload
from matinee.features.files.rules import blob_key, blob_of_key
from matinee.features.files.schemas import Blob
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId, BlobId, UploadId
from matinee.kernel.subject import Subject

HASH_DELAY_S = 60


async def blob(work: Work, blob_id: BlobId) -> Blob:
    """Raises `BlobNotFound`. Who may see it decides the room that asks."""
    row = await repository.blob(work.session, blob_id)
    if row is None:
        raise BlobNotFound
    return _shown(row)


async def kept_keys(work: Work, keys: Sequence[str]) -> set[str]:
    """Those of `keys` under which a blob is kept."""
    named = {id: key for key in keys if (id := blob_of_key(key)) is not None}
    return {named[BlobId(id)] for id in await repository.known_blobs(work.session, list(named))}


async def drop_blob(work: Work, blob_id: BlobId) -> None:
    """Free its quota now and delete its bytes after the commit. Idempotent."""
    if await repository.delete_blob(work.session, blob_id):
        work.send(DeleteBlobBytes(blob_id=blob_id))


async def drop_blobs_for(work: Work, subject: str | Subject) -> None:
    """The same for every whole upload of a subject that is gone, also one that nobody has taken yet."""
    for id in await repository.blobs_for(work.session, str(subject)):
        await drop_blob(work, BlobId(id))


async def record_blob(work: Work, upload: Upload, blob_id: BlobId) -> None:
    """Note a sealed upload as a blob, and say so in the same transaction."""
    received_at = upload.last_byte_at or work.now
    work.session.add(
        BlobRow(
            id=blob_id,
            owner_id=upload.owner_id,
            purpose=upload.purpose,
            subject=upload.subject,
            filename=upload.filename,
            filetype=upload.filetype,
            size_bytes=upload.size_bytes,
            sha256=None,
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
    # Later, because reading it all again now would slow down whoever makes it playable.
    work.send(HashBlob(blob_id=blob_id), at=work.now + timedelta(seconds=HASH_DELAY_S))


async def hash_blob(work: Work, blob_id: BlobId) -> None:
    """Read all bytes once and record their SHA-256. Idempotent; a blob that is gone needs none."""
    row = await repository.blob(work.session, blob_id)
    if row is None or row.sha256 is not None:
        return
    digest = hashlib.sha256()
    try:
        async with work.outside():
            async for chunk in work.storage.read(blob_key(blob_id), chunk_bytes=1 << 20):
                await asyncio.to_thread(digest.update, chunk)
    except NotFound:
        if await repository.blob(work.session, blob_id) is not None:
            raise
        return
    await repository.set_hash(work.session, blob_id, digest.hexdigest())


def _shown(row: BlobRow) -> Blob:
    return Blob(
        id=BlobId(row.id),
        owner_id=AccountId(row.owner_id),
        purpose=row.purpose,
        subject=row.subject,
        filename=row.filename,
        filetype=row.filetype,
        key=blob_key(BlobId(row.id)),
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        received_at=row.received_at,
    )
