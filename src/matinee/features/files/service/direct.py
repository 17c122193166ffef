"""Uploads whose parts a browser sends straight to the store: begin, where to send, what is there, make the file of it.

The store alone knows which parts are there; the row remembers how many bytes that were when somebody looked. From the
last part on everything is as with tus: the same blob, the same facts. Never sees a byte.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from matinee.features.files import repository
from matinee.features.files.errors import (
    DirectOff,
    EmptyUpload,
    NoSuchPart,
    PartsMissing,
    StoreUndecided,
    UploadComplete,
    UploadNotFound,
)
from matinee.features.files.models import Upload
from matinee.features.files.repository import direct as rows
from matinee.features.files.rules import (
    LEAST_PART_BYTES,
    MOST_DIRECT_BYTES,
    direct_metadata,
    part_bytes_for,
    part_sizes,
)
from matinee.features.files.schemas import (
    DirectStart,
    DirectUpload,
    PartAddress,
    PartAddresses,
    UploadInfo,
    UploadWay,
)
from matinee.features.files.service import uploads
from matinee.features.files.service.blobs import record_blob, sealed_key
from matinee.features.files.service.quota import reserve
from matinee.features.files.service.uploads import check_size, drop_upload, most_bytes, new_upload
from matinee.features.files.settings import FilesSettings
from matinee.infra.work import Work, Works
from matinee.kernel.actor import SYSTEM
from matinee.kernel.errors import MatineeError, NotFound, Unavailable
from matinee.kernel.ids import BlobId, UploadId, new_id
from matinee.kernel.settings import StorageSettings

if TYPE_CHECKING:
    from matinee.infra.storage.s3_direct import DirectUploads
    from matinee.infra.storage.s3_multipart import Part

    _Look = Callable[[str, str], Awaitable[list[Part]]]

log = structlog.get_logger(__name__)
ADDRESS_S = 900
GLANCE_S = 3.0
"""So long an answer that may go without waits for the store to say how far an upload is."""

LOST_AFTER = timedelta(minutes=10)
"""A store that completes an upload may show neither its parts nor the file for a moment."""

FAILURES = 3
"""After so many a sweep leaves the rest for the next time: the store is away."""

_BATCH = 20
_GLANCES = 4
_NAMED_PARTS = 5


@dataclass(frozen=True, slots=True)
class _Plan:
    """A row, as it may be read while no transaction is open. `sizes` are those of all parts."""

    id: UploadId
    key: str
    multipart_id: str
    sizes: list[int]
    part_bytes: int
    complete: bool
    seen_at: datetime
    expires_at: datetime

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes)

    def right(self, parts: "Sequence[Part]") -> "list[Part]":
        """Those that are as they must be, by number."""
        count = len(self.sizes)
        return [p for p in parts if 1 <= p.number <= count and p.size_bytes == self.sizes[p.number - 1]]

    def shown(self, held: Sequence[int]) -> DirectUpload:
        return DirectUpload(
            id=self.id,
            size_bytes=self.size_bytes,
            part_bytes=self.part_bytes,
            parts=len(self.sizes),
            held=list(held),
            held_bytes=sum(self.sizes[number - 1] for number in held),
            complete=self.complete,
            expires_at=self.expires_at,
        )

    def whole(self) -> DirectUpload:
        return self.shown(range(1, len(self.sizes) + 1))


def upload_way(work: Work) -> UploadWay:
    """How browsers shall bring files."""
    if work.storage.direct() is None or not work.settings(StorageSettings).s3_direct_uploads:
        return UploadWay(way="tus", part_bytes=None)
    return UploadWay(way="direct", part_bytes=LEAST_PART_BYTES)


async def begin_direct(work: Work, start: DirectStart) -> DirectUpload:
    """A new upload of the actor. Refused as `create_upload` refuses, before a byte is taken; and `DirectOff`,
    `Unavailable`."""
    store = _open_store(work)
    facts = direct_metadata(start.purpose, start.subject, start.filename, start.filetype)
    owner_id = work.actor.owner()
    if start.size_bytes == 0:
        raise EmptyUpload
    check_size(start.size_bytes, min(MOST_DIRECT_BYTES, await most_bytes(work, owner_id, facts)))
    await reserve(work, owner_id, start.size_bytes)
    upload_id = UploadId(new_id())
    async with work.outside():
        # Before the row: what is refused below, or not committed, holds no part, and the sweep ends it.
        multipart_id = await store.begin(_key(upload_id))
    await reserve(work, owner_id, start.size_bytes)
    await most_bytes(work, owner_id, facts)
    upload = new_upload(work, owner_id, facts, start.size_bytes)
    upload.id, upload.kind = upload_id, "direct"
    upload.multipart_id, upload.part_bytes = multipart_id, part_bytes_for(start.size_bytes)
    work.session.add(upload)
    await work.session.flush()
    return _planned(upload).shown([])


async def direct_state(work: Work, upload_id: UploadId) -> DirectUpload:
    """What the store holds of the actor's upload. Finishes what a lost answer left between the last part and the blob.
    Raises `UploadNotFound`, `Unavailable`."""
    plan = await _mine(work, upload_id)
    if plan.complete:
        return plan.whole()
    async with work.outside():
        held = await _look(work.works, plan, _store(work.works).parts)
    plan = await _mine(work, upload_id)
    return plan.whole() if plan.complete else plan.shown(held)


async def part_addresses(work: Work, upload_id: UploadId, numbers: Sequence[int]) -> PartAddresses:
    """Where to send parts of the actor's upload. Raises `UploadNotFound`, `UploadComplete`, `NoSuchPart`,
    `DirectOff`."""
    store = _open_store(work)
    plan = await _mine(work, upload_id)
    if plan.complete:
        raise UploadComplete("This upload is complete.")
    if not all(1 <= number <= len(plan.sizes) for number in numbers):
        raise NoSuchPart(f"This upload has the parts 1 to {len(plan.sizes)}.")
    sizes = {number: plan.sizes[number - 1] for number in numbers}
    async with work.outside():
        await _glance(work.works, plan)
        found = await store.addresses(plan.key, plan.multipart_id, sizes, expires_s=ADDRESS_S)
    return PartAddresses(
        items=[PartAddress(number=n, url=url, size_bytes=sizes[n]) for n, url in found.items()],
        expires_in_s=ADDRESS_S,
    )


async def my_uploads(work: Work) -> list[UploadInfo]:
    """The actor's unfinished uploads, newest first, expired ones left out. The store is asked about the newest of those
    that go there, for a page that was loaded again must say what is safe."""
    if work.storage.direct() is not None:
        found = await rows.newest_of(work.session, work.actor.owner(), _GLANCES)
        if plans := [_planned(upload) for upload in found if upload.expires_at > work.now]:
            async with work.outside():
                await asyncio.gather(*(_glance(work.works, plan) for plan in plans))
    return await uploads.my_uploads(work)


async def complete_direct(work: Work, upload_id: UploadId) -> DirectUpload:
    """Make the file of the parts. Idempotent, also when two say it at once. Raises `UploadNotFound`, `PartsMissing`,
    `Unavailable`; the upload can be gone on with after the last two."""
    plan = await _mine(work, upload_id)
    if not plan.complete:
        async with work.outside():
            await finish_direct(work.works, upload_id)
        plan = await _mine(work, upload_id)
    return plan.whole()


async def cancel_direct(work: Work, upload_id: UploadId) -> None:
    """Give up an unfinished upload of the actor. Raises `UploadNotFound` or `UploadComplete`."""
    if (await _mine(work, upload_id)).complete:
        raise UploadComplete
    upload = await repository.upload(work.session, upload_id, lock=True)
    if upload is None:
        raise UploadNotFound
    if upload.state == "complete":
        raise UploadComplete
    await drop_upload(work, upload)


async def abort_direct(work: Work, upload_id: UploadId, multipart_id: str) -> None:
    """Delete the parts of an ended upload. Does nothing while it is open. Idempotent."""
    store = work.storage.direct()
    if store is None or await repository.known_uploads(work.session, [upload_id]):
        return
    async with work.outside():
        await store.abort(_key(upload_id), multipart_id)


async def finish_direct(works: Works, upload_id: UploadId) -> None:
    """Complete the upload in the store, record the blob and say so. Idempotent, and safe after a crash at any point:
    once the parts are gone the file under the upload's own key tells. Raises as `complete_direct`."""
    async with works.open(SYSTEM) as work:
        upload = await repository.upload(work.session, upload_id)
        plan = None if upload is None else _planned(upload)
    if plan is None:
        raise UploadNotFound
    if plan.complete:
        return
    store = _store(works)
    with contextlib.suppress(NotFound):  # completed already: the file tells
        parts = await store.parts(plan.key, plan.multipart_id, at_once=True)
        right = plan.right(parts)
        await _note(works, plan, right)
        if len(right) < len(plan.sizes):
            raise PartsMissing(_missing(plan, right))
        await store.complete(plan.key, plan.multipart_id, right)
    await _record(works, plan)


async def finish_directs(works: Works) -> None:
    """Finish those whose sender left after the last part."""
    async with works.open(SYSTEM) as work:
        found = await rows.full(work.session, _BATCH)
    failures = 0
    for upload_id in found:
        try:
            await finish_direct(works, UploadId(upload_id))
        except MatineeError as error:
            log.warning("direct.unfinished", upload_id=str(upload_id), error=error.code)
            failures += 1
            if failures == FAILURES:
                return


async def keys_coming(work: Work) -> list[str]:
    """Under which open uploads send to the store."""
    return [_key(UploadId(id)) for id in await rows.open_ids(work.session)]


async def _look(works: Works, plan: _Plan, look: "_Look") -> list[int]:
    """Numbers of the parts that are there."""
    try:
        parts = await look(plan.key, plan.multipart_id)
    except NotFound:
        await finish_direct(works, plan.id)
        return []
    right = plan.right(parts)
    await _note(works, plan, right)
    return [part.number for part in right]


async def _glance(works: Works, plan: _Plan) -> None:
    """Let the row know what is there, or another time."""
    with contextlib.suppress(MatineeError, TimeoutError):
        async with asyncio.timeout(GLANCE_S):
            await _look(works, plan, _store(works).glance)


async def _note(works: Works, plan: _Plan, right: "Sequence[Part]") -> None:
    hours = works.settings.of(FilesSettings).upload_expires_h
    async with works.open(SYSTEM) as work:
        await rows.note_held(
            work.session,
            plan.id,
            held_bytes=sum(part.size_bytes for part in right),
            now=work.now,
            expires_at=work.now + timedelta(hours=hours),
        )


async def _record(works: Works, plan: _Plan) -> None:
    """The file is there: make the blob of it, once."""
    try:
        stored = await works.storage.stat(plan.key)
    except NotFound:
        raise await _lost(works, plan) from None
    if stored.size_bytes != plan.size_bytes:
        await works.storage.delete(plan.key)
        raise Unavailable(f"The store made {stored.size_bytes} bytes out of {plan.size_bytes}.")
    async with works.open(SYSTEM) as work:
        upload = await repository.upload(work.session, plan.id, lock=True)
        if upload is not None:
            if upload.state == "open":
                upload.state, upload.blob_id = "complete", BlobId(plan.id)
                upload.offset_bytes = upload.size_bytes
                await record_blob(work, upload, BlobId(plan.id))
            return
        nobodys = not await repository.known_originals(work.session, [plan.id])
    if nobodys:  # given up while the store completed it
        await works.storage.delete(plan.key)
    raise UploadNotFound


async def _lost(works: Works, plan: _Plan) -> MatineeError:
    """What to say of an upload that the store holds nothing of. After a while it is given up."""
    async with works.open(SYSTEM) as work:
        if work.now - plan.seen_at < LOST_AFTER:
            return StoreUndecided()
        upload = await repository.upload(work.session, plan.id, lock=True)
        if upload is not None and upload.state == "open":
            log.error("upload.bytes_lost", upload_id=str(plan.id))
            await drop_upload(work, upload)
    return UploadNotFound("The store lost what was sent. Begin again.")


async def _mine(work: Work, upload_id: UploadId) -> _Plan:
    upload = await repository.upload(work.session, upload_id)
    if upload is None or upload.owner_id != work.actor.owner() or upload.expires_at <= work.now:
        raise UploadNotFound
    if upload.kind != "direct":
        raise UploadNotFound("This upload goes by tus, not straight to the store.")
    return _planned(upload)


def _planned(upload: Upload) -> _Plan:
    assert upload.part_bytes is not None
    assert upload.multipart_id is not None
    upload_id = UploadId(upload.id)
    return _Plan(
        id=upload_id,
        key=_key(upload_id),
        multipart_id=upload.multipart_id,
        sizes=part_sizes(upload.size_bytes, upload.part_bytes),
        part_bytes=upload.part_bytes,
        complete=upload.state == "complete",
        seen_at=upload.last_byte_at or upload.created_at,
        expires_at=upload.expires_at,
    )


def _missing(plan: _Plan, right: "Sequence[Part]") -> str:
    there = {part.number for part in right}
    missing = [number for number in range(1, len(plan.sizes) + 1) if number not in there]
    named = ", ".join(map(str, missing[:_NAMED_PARTS]))
    more = f" and {len(missing) - _NAMED_PARTS} more" if len(missing) > _NAMED_PARTS else ""
    return (
        f"Of {len(plan.sizes)} parts these are missing, or have another size than they must: {named}{more}."
    )


def _key(upload_id: UploadId) -> str:
    """The blob's own: its id is the upload's, so nothing is copied at the end."""
    return sealed_key(BlobId(upload_id))


def _store(works: Works) -> "DirectUploads":
    store = works.storage.direct()
    if store is None:
        raise DirectOff
    return store


def _open_store(work: Work) -> "DirectUploads":
    """For what begins or goes on. Raises `DirectOff` where the pages may not reach the store."""
    if not work.settings(StorageSettings).s3_direct_uploads:
        raise DirectOff
    return _store(work.works)
