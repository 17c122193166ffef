"""`GET /api/v1/me/export`: what the house keeps about somebody, sent as it is read."""

import asyncio
from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from matinee.entrypoints.house import build_export
from matinee.features.accounts import service as accounts
from matinee.infra.http import needs
from matinee.infra.work import Work

router = APIRouter(prefix="/api/v1", tags=["accounts"])
CHUNK_BYTES = 262_144
EXPORTS_SIDE_BY_SIDE = 2
_exporting = asyncio.Semaphore(EXPORTS_SIDE_BY_SIDE)


@router.get(
    "/me/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "One folder per room."}},
)
async def export(work: Work = needs("accounts.self")) -> StreamingResponse:
    """Everything that the house keeps about you, as a zip with one folder per room."""
    account_id = work.actor.owner()
    await accounts.audit.record(work, "account.exported", about=account_id)
    async with _exporting:
        file = await build_export(work, account_id)
    return StreamingResponse(
        _chunks(file),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="matinee-{work.now:%Y-%m-%d}.zip"',
            "Cache-Control": "no-store",
        },
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
