"""`/.well-known/…`: what other programs look for at a fixed place. Never says anything personal."""

from typing import Any

from fastapi import APIRouter, Request, Response

from matinee.entrypoints.parts import Parts
from matinee.features.accounts import service as accounts

router = APIRouter(include_in_schema=False)


@router.get("/.well-known/jwks.json")
async def keys(request: Request, response: Response) -> dict[str, Any]:
    """The public keys of access tokens, also the one that signs next (RFC 7517)."""
    parts: Parts = request.app.state.parts
    response.headers["Cache-Control"] = "public, max-age=300"
    return {"keys": accounts.published_keys(await parts.works.held(accounts.Gate).keys())}
