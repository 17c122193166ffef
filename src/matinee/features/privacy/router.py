"""HTTP of privacy: copies of all about oneself. Holds no logic."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from matinee.features.privacy import service
from matinee.features.privacy.schemas import Copies, Copy, CopyAddress, CopyWish
from matinee.infra.http import needs
from matinee.infra.work import Work

router = APIRouter(prefix="/api/v1/me/copies", tags=["privacy"])


@router.post("", status_code=202)
async def ask(wish: CopyWish, work: Work = needs("privacy.copy")) -> Copy:
    """Ask for a copy of everything that the house keeps about you: a zip, made by a worker. Needs a proof of the last
    ten minutes."""
    return await service.ask(work, films=wish.films)


@router.get("")
async def own(work: Work = needs("privacy.copy")) -> Copies:
    """The copies that you asked for lately, newest first."""
    return await service.own(work)


@router.post("/{copy_id}/address")
async def address(copy_id: UUID, work: Work = needs("privacy.copy")) -> CopyAddress:
    """Where the zip can be fetched now: so that a page can ask for the proof before the browser goes there."""
    await service.fetch(work, copy_id)
    return CopyAddress(address=f"{router.prefix}/{copy_id}/file")


@router.get(
    "/{copy_id}/file",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "One folder per room."}},
)
async def fetch(copy_id: UUID, request: Request, work: Work = needs("privacy.copy")) -> Response:
    """The zip of a copy that is ready. Needs a proof of the last ten minutes."""
    found = await service.fetch(work, copy_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.filename}"',
        "Content-Length": str(found.size_bytes),
    }
    if request.method == "HEAD":
        return Response(headers=headers, media_type="application/zip")
    await service.note_fetched(work)
    body = work.storage.read(found.key)
    return StreamingResponse(body, media_type="application/zip", headers=headers)
