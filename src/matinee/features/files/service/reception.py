"""How bytes come in: from the stream straight into the store, slice by slice, and sealed after the last one.

While bytes flow no transaction is open. A connection holds a lease and renews it with each slice; before
every slice it proves that the lease is still its own, so a connection that fell silent can be followed by
another soon, and two never write at once. Never decides who may upload: `uploads` did.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from matinee.features.files import repository
from matinee.features.files.errors import (
    ChecksumMismatch,
    UploadBroken,
    UploadLocked,
    UploadNotFound,
    UploadTooLarge,
    WrongOffset,
)
from matinee.features.files.messages import DiscardPart, JoinParts
from matinee.features.files.repository import fetches
from matinee.features.files.rules import MAX_CHECKED_BYTES, Checksum, part_key, size_in_words
from matinee.features.files.service.blobs import record_blob, sealed_key
from matinee.features.files.service.digest import RunningHash
from matinee.features.files.service.intake import Intake, Receive
from matinee.features.files.settings import FilesSettings
from matinee.infra.jobs import ledger
from matinee.infra.work import Work, Works
from matinee.kernel.actor import SYSTEM
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import BlobId, UploadId, new_id

SLICE_BYTES = 16 << 20
SLICE_S = 1.0
SILENCE_S = 60.0
POLL_S = 0.1
T = TypeVar("T")


class Reception:
    """One connection that brings bytes of one upload."""

    def __init__(
        self,
        works: Works,
        upload_id: UploadId,
        size_bytes: int,
        *,
        signal: str | None = None,
        digest: RunningHash | None = None,
    ) -> None:
        """`signal`: the channel that hears of every slice, for who cannot see the bytes leave. `digest`: of what the
        same sender brought before."""
        self._works = works
        self._signal = signal
        self._id = upload_id
        self._size = size_bytes
        self._lease = new_id()
        self._knobs = works.settings.of(FilesSettings)
        self._offset = 0
        self._kept = 0  # what may be recorded: behind the offset while a checksum is not proven
        self._check: _Check | None = None
        self._renewed_at = works.clock()
        self._hash = digest or RunningHash()

    async def run(self, offset_bytes: int, receive: Receive, checksum: Checksum | None = None) -> None:
        """Take bytes until the upload is full, the sender ends or breaks off; see `uploads.receive`."""
        self._check = None if checksum is None else _Check(checksum)
        await self._acquire()
        intake = Intake(receive, self._works.clock)
        silent_s = 0.0
        try:
            await self._begin(offset_bytes)
            while self._offset < self._size and not (intake.ended and not intake.has_bytes):
                if await intake.wait(SLICE_S):
                    silent_s = 0.0
                    await self._take_slice(intake)
                else:
                    silent_s += SLICE_S
                    if silent_s >= SILENCE_S:
                        raise UploadBroken("No byte came for a minute. Go on from the offset.")
            if self._check is not None:
                await self._prove(self._check, intake)
        finally:
            # Even while the server stops: the next connection must not wait for a lease that nobody uses.
            await _to_the_end(self._release(intake))
        if self._offset == self._size:
            await _to_the_end(finish(self._works, self._id, self._hash.of_all(self._size)))
        elif intake.broken:
            raise UploadBroken

    async def _acquire(self) -> None:
        """Take the lease. A holder that shows life is left alone, a silent one is outlasted."""
        seen: datetime | None = None
        while True:
            async with self._works.open(SYSTEM) as work:
                taken = await repository.take_lease(
                    work.session, self._id, self._lease, now=work.now, until=self._lease_until(work.now)
                )
                if taken:
                    self._renewed_at = work.now
                    return
                upload = await repository.upload(work.session, self._id)
                if upload is None:
                    raise UploadNotFound
                if upload.state == "complete":
                    raise WrongOffset
                until = upload.lease_expires_at
            if seen is not None and until is not None and until > seen:
                raise UploadLocked
            seen = seen or until
            await asyncio.sleep(POLL_S)

    async def _begin(self, offset_bytes: int) -> None:
        async with self._works.open(SYSTEM) as work:
            upload = await repository.upload(work.session, self._id)
        if upload is None:
            raise UploadNotFound
        self._offset = upload.offset_bytes
        if self._offset < self._size:  # a full one may be sealed already, and then holds no part
            self._offset = min(self._offset, await self._works.storage.append_size(part_key(self._id)))
        if self._offset != offset_bytes:
            raise WrongOffset
        self._kept = self._offset

    async def _take_slice(self, intake: Intake) -> None:
        if not intake.has_bytes:
            return
        if (self._works.clock() - self._renewed_at).total_seconds() > SLICE_S / 2:
            await self._record(None)
        start, over = self._offset, False

        async def fitting() -> AsyncIterator[bytes]:
            nonlocal over
            room = self._size - start
            async for piece in intake.slice(min(room, SLICE_BYTES), SLICE_S):
                if len(piece) > room:
                    over = True
                    return
                await self._hash.take(self._size - room, piece)
                room -= len(piece)
                if self._check is not None:
                    self._check.update(piece)
                yield piece

        offset = await self._works.storage.append(part_key(self._id), start, fitting(), limit=self._size)
        if over:
            raise UploadTooLarge("More bytes came than the upload declared.")
        self._offset = offset
        if self._check is None:
            self._kept = offset
            await self._record(intake.last_byte_at)
        else:
            await self._record(None)

    async def _prove(self, check: "_Check", intake: Intake) -> None:
        """All of a checked body counts from here on, or nothing of it stays."""
        if not intake.broken and check.holds:
            self._kept = self._offset
            await self._record(intake.last_byte_at)
            return
        await self._record(None)  # the lease is still ours
        await self._works.storage.append(part_key(self._id), self._kept, _nothing(), limit=self._size)
        self._offset = self._kept
        raise (
            UploadBroken("The connection broke before the end of a body with a checksum. Send it again.")
            if (intake.broken)
            else ChecksumMismatch
        )

    async def _record(self, last_byte_at: datetime | None) -> None:
        """What is durable now; raises when the lease is not ours any more."""
        async with self._works.open(SYSTEM) as work:
            ours = await repository.note_progress(
                work.session,
                self._id,
                self._lease,
                offset=self._kept,
                last_byte_at=last_byte_at,
                lease_until=self._lease_until(work.now),
                expires_at=work.now + timedelta(hours=self._knobs.upload_expires_h),
            )
            self._renewed_at = work.now
            if not ours:
                gone = await repository.upload(work.session, self._id) is None
                raise UploadNotFound if gone else UploadLocked
            if self._signal is not None:
                work.signal(self._signal)

    async def _release(self, intake: Intake) -> None:
        await intake.close()
        async with self._works.open(SYSTEM) as work:
            await repository.release_lease(work.session, self._id, self._lease)

    def _lease_until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._knobs.upload_lease_s)


class _Check:
    """A checksum that is being computed."""

    def __init__(self, wanted: Checksum) -> None:
        self._wanted = wanted.digest
        self._digest = hashlib.new(wanted.algorithm, usedforsecurity=False)
        self._left = MAX_CHECKED_BYTES

    def update(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise UploadTooLarge(
                f"A body with a checksum may have {size_in_words(MAX_CHECKED_BYTES)}; send smaller ones."
            )
        self._digest.update(piece)

    @property
    def holds(self) -> bool:
        return self._digest.digest() == self._wanted


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _to_be_joined(work: Work, final_id: UUID) -> bool:
    """All its pieces are whole, and nobody is at it: the sweep asks for each of them, every minute."""
    if not await repository.pieces_are_whole(work.session, final_id):
        return False
    return str(final_id) not in await ledger.said_by_waiting(work.session, "files.join_parts", "upload_id")


async def finish(works: Works, upload_id: UploadId, sha256: str | None = None) -> bool:
    """Seal a full upload as a blob and say so; a full piece orders the joining when it is the last. Idempotent, and
    safe after a crash at any point: the blob's id is the upload's, so sealing again finds what is sealed already.
    `sha256` of all bytes, where it is known: else they are read again later.
    Returns whether it is complete now."""
    async with works.open(SYSTEM) as work:
        upload = await repository.upload(work.session, upload_id)
        if upload is None or upload.offset_bytes != upload.size_bytes or not upload.sized:
            return False
        if upload.kind == "direct":  # holds no part of ours: see `direct.finish_direct`
            return upload.state == "complete"
        if upload.state == "complete":
            return True
        if upload.kind == "partial":
            if upload.final_id is not None and await _to_be_joined(work, upload.final_id):
                work.send(JoinParts(upload_id=UploadId(upload.final_id)))
            return False
        size_bytes = upload.size_bytes
    blob_id = BlobId(upload_id)
    try:
        stored = await works.storage.seal(part_key(upload_id), sealed_key(blob_id))
        whole = stored.size_bytes == size_bytes
    except NotFound:
        whole = False
    async with works.open(SYSTEM) as work:
        upload = await repository.upload(work.session, upload_id, lock=True)
        if upload is None or upload.state == "complete":
            return upload is not None
        if not whole:
            # The disk lost bytes that it had confirmed: start again rather than hand on a damaged file.
            if upload.kind == "final":  # its pieces are consumed: there is nothing to start from
                await repository.delete_uploads(work.session, [upload.id])
                work.send(DiscardPart(upload_id=upload_id))
            upload.offset_bytes = 0
            return False
        upload.state = "complete"
        upload.blob_id = blob_id
        upload.lease_owner = upload.lease_expires_at = None
        if upload.kind == "fetch":
            await fetches.delete_of(work.session, upload.id)
        await record_blob(work, upload, blob_id, sha256)
        return True


async def _to_the_end(task: Coroutine[Any, Any, T]) -> T:
    """Run `task` to its end even when the caller is cancelled meanwhile; the cancellation follows after
    it."""
    running = asyncio.ensure_future(task)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        raise
