"""HTTP of privacy: copies of all about oneself. Holds no logic."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from matinee.features.privacy import service
from matinee.features.privacy.schemas import Copies, Copy, CopyAddress, CopyWish
from matinee.infra import serving
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


@router.delete("/{copy_id}", status_code=204)
async def drop(copy_id: UUID, work: Work = needs("privacy.copy")) -> None:
    """Make no copy after all, or remove one that is ready."""
    await service.drop(work, copy_id)


@router.head("/{copy_id}/file", include_in_schema=False)
@router.get(
    "/{copy_id}/file",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}, "description": "One folder per room."},
        206: {"content": {"application/zip": {}}, "description": "The range that was asked for."},
    },
)
async def fetch(copy_id: UUID, request: Request, work: Work = needs("privacy.copy")) -> Response:
    """The zip of a copy that is ready, in ranges. Needs a proof of the last ten minutes."""
    found = await service.fetch(work, copy_id)
    answer = serving.of(
        request,
        work.storage,
        found.stored,
        "application/zip",
        kind="copy",
        filename=found.filename,
        headers={"Cache-Control": "no-store"},
    )
    begins = answer.status_code == 200 or answer.headers.get("content-range", "").startswith("bytes 0-")
    if begins and request.method == "GET":  # once, however often it goes on
        await service.note_fetched(work)
    return answer
