"""Files that come in pieces: partial uploads, and the final upload that is made of them.

A final upload may be made while its pieces still come: the last byte of the last piece orders the joining. Pieces are
consumed by it. Never copies a byte itself: the store does.
"""

import structlog

from matinee.features.files import repository
from matinee.features.files.errors import PartTaken, UploadNotFound
from matinee.features.files.messages import DiscardPart, JoinParts
from matinee.features.files.rules import Concat, Metadata, part_key
from matinee.features.files.schemas import UploadState
from matinee.features.files.service.reception import finish
from matinee.features.files.service.uploads import check_size, drop_upload, most_bytes, new_upload, state_of
from matinee.infra.work import Work
from matinee.kernel.errors import Conflict, NotFound
from matinee.kernel.ids import UploadId

log = structlog.get_logger(__name__)


async def join_uploads(work: Work, metadata: Metadata, concat: Concat) -> UploadState:
    """A file of the actor's made of its partial uploads, in their order. Raises `NotExpected`, `UploadNotFound` when a
    piece is not there, `PartTaken`, `UploadTooLarge`. The quota holds the pieces already."""
    owner_id = work.actor.owner()
    most = await most_bytes(work, owner_id, metadata)
    found = await repository.lock_partials(work.session, owner_id, concat.parts)
    pieces = [found[id] for id in concat.parts if id in found and found[id].expires_at > work.now]
    if len(pieces) < len(concat.parts):
        raise UploadNotFound("A partial upload of this file does not exist, has ended, or is not yours.")
    if any(piece.final_id is not None for piece in pieces):
        raise PartTaken
    size_bytes = sum(piece.size_bytes for piece in pieces)
    check_size(size_bytes, most)
    final = new_upload(work, owner_id, metadata, size_bytes, concat)
    work.session.add(final)
    for position, piece in enumerate(pieces):
        piece.final_id, piece.position = final.id, position
    if all(piece.offset_bytes == piece.size_bytes for piece in pieces):
        work.send(JoinParts(upload_id=UploadId(final.id)))
    await work.session.flush()
    return state_of(final)


async def join_parts(work: Work, final_id: UploadId) -> None:
    """Make one part of all pieces, and seal it. Idempotent; does nothing while a byte is missing."""
    final = await repository.upload(work.session, final_id)
    if final is None or final.state == "complete":
        return
    pieces = await repository.partials(work.session, final_id)
    if any(piece.offset_bytes < piece.size_bytes for piece in pieces):
        return
    if pieces:
        sources = [(part_key(UploadId(piece.id)), piece.size_bytes) for piece in pieces]
        ids = [piece.id for piece in pieces]
        last_byte_at = max((piece.last_byte_at for piece in pieces if piece.last_byte_at), default=None)
        lost = False
        try:
            async with work.outside():
                await work.storage.join(part_key(final_id), sources)
        except (Conflict, NotFound):
            lost = True
        final = await repository.upload(work.session, final_id, lock=True)
        if final is None:  # given up meanwhile
            work.send(DiscardPart(upload_id=final_id))
            return
        if lost:
            # The disk lost bytes that it had confirmed: no file rather than a damaged one.
            log.error("upload.bytes_lost", upload_id=str(final_id))
            await drop_upload(work, final)
            return
        final.offset_bytes, final.last_byte_at = final.size_bytes, last_byte_at
        await repository.delete_uploads(work.session, ids)
    async with work.outside():
        await finish(work.works, final_id)
