"""Uploads as their owner sees them: create, ask, bring bytes, end. How bytes come in is said in
`reception`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from matinee.features.files import repository
from matinee.features.files.errors import (
    EmptyUpload,
    NotExpected,
    PartTaken,
    TakesNoBytes,
    UploadComplete,
    UploadNotFound,
    UploadTooLarge,
    WrongOffset,
)
from matinee.features.files.messages import AbortDirect, DiscardPart, StartFetches
from matinee.features.files.models import Fetch, Upload
from matinee.features.files.repository import fetches
from matinee.features.files.rules import (
    MAX_CHECKED_BYTES,
    Checksum,
    Concat,
    Metadata,
    host_of,
    part_key,
    size_in_words,
)
from matinee.features.files.schemas import FetchInfo, UploadInfo, UploadState
from matinee.features.files.service.intake import Receive
from matinee.features.files.service.quota import check_disk, reserve
from matinee.features.files.service.reception import Reception, finish
from matinee.features.files.settings import FilesSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, UploadId, new_id
from matinee.kernel.subject import Subject


async def create_upload(
    work: Work, metadata: Metadata, size_bytes: int, *, concat: Concat | None = None
) -> UploadState:
    """A new upload of the actor, or with `concat` a piece of one. All refusals happen here, before a byte is taken:
    `NotExpected`, `EmptyUpload`, `UploadTooLarge`, `QuotaExceeded`, `NoRoom`."""
    owner_id = work.actor.owner()
    if size_bytes == 0:
        raise EmptyUpload
    check_size(size_bytes, await most_bytes(work, owner_id, metadata))
    async with work.outside():
        await check_disk(work, size_bytes)
    await reserve(work, owner_id, size_bytes)
    await most_bytes(work, owner_id, metadata)
    upload = new_upload(work, owner_id, metadata, size_bytes, concat)
    work.session.add(upload)
    await work.session.flush()
    return state_of(upload)


async def most_bytes(work: Work, owner_id: AccountId, metadata: Metadata) -> int:
    """How large the file may be that is waited for. Raises `NotExpected`. A piece that does not say what it is for may
    be as large as the largest file that is waited for."""
    if metadata.purpose:
        expected = await repository.expectation(work.session, owner_id, metadata.purpose, metadata.subject)
        most = None if expected is None else expected.max_bytes
    else:
        most = await repository.most_expected(work.session, owner_id)
    if most is None:
        raise NotExpected
    return min(most, work.settings(FilesSettings).max_upload_bytes)


def check_size(size_bytes: int, most_bytes: int) -> None:
    """Raises `UploadTooLarge`."""
    if size_bytes > most_bytes:
        size, most = size_in_words(size_bytes), size_in_words(most_bytes)
        if size == most:
            size, most = f"{size_bytes:,} bytes", f"{most_bytes:,}"
        raise UploadTooLarge(f"This file has {size}; at most {most} are allowed.")


def new_upload(
    work: Work, owner_id: AccountId, metadata: Metadata, size_bytes: int, concat: Concat | None = None
) -> Upload:
    """A row without bytes, not yet added."""
    return Upload(
        id=new_id(),
        owner_id=owner_id,
        purpose=metadata.purpose,
        subject=metadata.subject,
        filename=metadata.filename,
        filetype=metadata.filetype,
        metadata_raw=metadata.raw,
        state="open",
        size_bytes=size_bytes,
        offset_bytes=0,
        lease_owner=None,
        lease_expires_at=None,
        last_byte_at=None,
        blob_id=None,
        kind="plain" if concat is None else "final" if concat.parts else "partial",
        sized=True,
        concat_raw=None if concat is None else concat.raw,
        final_id=None,
        position=None,
        created_at=work.now,
        expires_at=work.now + timedelta(hours=work.settings(FilesSettings).upload_expires_h),
    )


async def upload_state(work: Work, upload_id: UploadId) -> UploadState:
    """Where the actor's upload stands; only durable bytes count. Finishes what a crash left between the last
    byte and the blob. Raises `UploadNotFound`."""
    upload = await _mine(work, upload_id)
    if upload.state == "complete" or upload.kind == "direct" or _leased(upload, work.now):
        return state_of(upload)
    if upload.offset_bytes == upload.size_bytes:
        async with work.outside():
            await finish(work.works, upload_id)
        return state_of(await _mine(work, upload_id))
    async with work.outside():
        held = await work.storage.append_size(part_key(upload_id))
    upload = await _mine(work, upload_id)
    state = state_of(upload)
    if upload.state == "complete" or held >= upload.offset_bytes:
        return state
    return state_of(upload, offset=held)


async def receive(
    work: Work,
    upload_id: UploadId,
    offset_bytes: int,
    declared_bytes: int | None,
    bytes_of: Receive,
    checksum: Checksum | None = None,
) -> UploadState:
    """Append what `bytes_of` gives at `offset_bytes`, and seal the upload with its last byte.

    `declared_bytes` is how many the sender announced, when it did. What arrived stays when the sender breaks
    off; with a `checksum` all of it stays or nothing. Raises `UploadNotFound`, `WrongOffset`, `UploadTooLarge`,
    `UploadLocked` (another connection brings bytes now), `UploadBroken`, `ChecksumMismatch`, `TakesNoBytes`.
    """
    upload = await _mine(work, upload_id)
    size_bytes = upload.size_bytes
    if upload.kind in ("final", "fetch", "direct"):
        raise TakesNoBytes
    if upload.state == "complete":
        if offset_bytes != size_bytes or declared_bytes:
            raise WrongOffset
        return state_of(upload)
    if declared_bytes is not None and offset_bytes + declared_bytes > size_bytes:
        raise UploadTooLarge("More bytes are announced than the upload declared.")
    if checksum is not None and (declared_bytes or 0) > MAX_CHECKED_BYTES:
        raise UploadTooLarge(
            f"A body with a checksum may have {size_in_words(MAX_CHECKED_BYTES)}; send smaller ones."
        )
    async with work.outside():
        await Reception(work.works, upload_id, size_bytes).run(offset_bytes, bytes_of, checksum)
    return state_of(await _mine(work, upload_id))


async def end_upload(work: Work, upload_id: UploadId) -> None:
    """Give up an unfinished upload of the actor. Raises `UploadNotFound` or `UploadComplete`."""
    upload = await _mine(work, upload_id, lock=True)
    if upload.state == "complete":
        raise UploadComplete
    if upload.final_id is not None:
        raise PartTaken
    await drop_upload(work, upload)


async def cancel_uploads(work: Work, subject: str | Subject, purpose: str | None = None) -> None:
    """End all unfinished uploads for `subject`, of `purpose` or of any; a connection that still brings bytes is cut at
    its next slice."""
    for upload in await repository.open_uploads(work.session, subject=str(subject)):
        if purpose in (None, upload.purpose):
            await drop_upload(work, upload)


async def uploads_for(work: Work, subject: str | Subject) -> list[UploadInfo]:
    """Unfinished uploads for `subject`, newest first. Who may see them decides the room that asks."""
    rows = await repository.open_uploads(work.session, subject=str(subject), partials=False)
    return await _infos(work, rows)


async def my_uploads(work: Work) -> list[UploadInfo]:
    """The actor's unfinished uploads, newest first, expired ones left out."""
    rows = await repository.open_uploads(work.session, owner_id=work.actor.owner(), partials=False, limit=200)
    return await _infos(work, [row for row in rows if row.expires_at > work.now])


async def drop_upload(work: Work, upload: Upload) -> None:
    """Forget an upload with its pieces and, after the commit, what they brought. Idempotent."""
    ids = [upload.id]
    if upload.kind == "final":
        ids += [piece.id for piece in await repository.partials(work.session, upload.id)]
    for id, state in await repository.delete_uploads(work.session, ids):
        if state == "open" and upload.multipart_id is not None:
            work.send(AbortDirect(upload_id=UploadId(id), multipart_id=upload.multipart_id))
        elif state == "open":
            work.send(DiscardPart(upload_id=UploadId(id)))
    if upload.kind == "fetch":
        work.send(StartFetches())  # its place is free


async def _mine(work: Work, upload_id: UploadId, *, lock: bool = False) -> Upload:
    upload = await repository.upload(work.session, upload_id, lock=lock)
    if upload is None or upload.owner_id != work.actor.owner() or upload.expires_at <= work.now:
        raise UploadNotFound
    return upload


def _leased(upload: Upload, now: datetime) -> bool:
    return upload.lease_expires_at is not None and upload.lease_expires_at >= now


def state_of(upload: Upload, *, offset: int | None = None) -> UploadState:
    return UploadState(
        id=upload.id,
        size_bytes=upload.size_bytes,
        offset_bytes=upload.offset_bytes if offset is None else offset,
        complete=upload.state == "complete",
        metadata=upload.metadata_raw,
        expires_at=upload.expires_at,
        concat=upload.concat_raw,
    )


async def _infos(work: Work, uploads: Sequence[Upload]) -> list[UploadInfo]:
    ids = [upload.id for upload in uploads if upload.kind == "fetch"]
    known = await fetches.by_upload(work.session, ids) if ids else {}
    return [_info(upload, known.get(upload.id)) for upload in uploads]


def _info(upload: Upload, fetch: Fetch | None) -> UploadInfo:
    return UploadInfo(
        id=upload.id,
        purpose=upload.purpose,
        subject=upload.subject,
        filename=upload.filename,
        size_bytes=upload.size_bytes,
        offset_bytes=upload.offset_bytes,
        created_at=upload.created_at,
        expires_at=upload.expires_at,
        fetch=None if fetch is None else _fetch_info(upload, fetch),
        direct=upload.kind == "direct",
    )


def _fetch_info(upload: Upload, fetch: Fetch) -> FetchInfo:
    return FetchInfo(
        host=host_of(fetch.url),
        state=fetch.state,
        total_bytes=upload.size_bytes if upload.sized and upload.size_bytes else None,
        trouble=fetch.trouble,
        next_try_at=fetch.not_before if fetch.state == "waiting" and fetch.failures else None,
    )
