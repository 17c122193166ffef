"""Uploads whose parts a browser sends straight to the store, over HTTP. Holds no logic, and never sees their bytes."""

from uuid import UUID

from fastapi import APIRouter, Response

from matinee.features.files import service
from matinee.features.files.schemas import DirectStart, DirectUpload, PartAddresses, PartsWanted, UploadWay
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.ids import UploadId

router = APIRouter(prefix="/api/v1/direct-uploads", tags=["files"])


@router.get("")
async def way(work: Work = needs("files.limits")) -> UploadWay:
    """Whether this house takes parts straight to its store, or files by tus."""
    return service.upload_way(work)


@router.post("", status_code=201)
async def begin(
    start: DirectStart, response: Response, work: Work = needs("files.upload", limit="upload")
) -> DirectUpload:
    """Begin an upload of a file that a subject of yours waits for."""
    begun = await service.begin_direct(work, start)
    response.headers["Location"] = f"/api/v1/direct-uploads/{begun.id}"
    return begun


@router.get("/{upload_id}")
async def ask(upload_id: UUID, work: Work = needs("files.upload")) -> DirectUpload:
    """Which parts are there, as the store says; at most a few seconds old."""
    return await service.direct_state(work, UploadId(upload_id))


@router.post("/{upload_id}/addresses")
async def addresses(
    upload_id: UUID, wanted: PartsWanted, work: Work = needs("files.upload")
) -> PartAddresses:
    """Where to send parts, at most 32 at a time. Whoever has an address may send that part once more."""
    return await service.part_addresses(work, UploadId(upload_id), wanted.parts)


@router.post("/{upload_id}/complete")
async def complete(upload_id: UUID, work: Work = needs("files.upload")) -> DirectUpload:
    """Make the file of its parts, once all are there. May be said again."""
    return await service.complete_direct(work, UploadId(upload_id))


@router.delete("/{upload_id}", status_code=204)
async def end(upload_id: UUID, work: Work = needs("files.upload")) -> Response:
    """Give an unfinished upload up; its parts are deleted."""
    await service.cancel_direct(work, UploadId(upload_id))
    return Response(status_code=204)
