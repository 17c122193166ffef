"""Answers that say what went wrong (RFC 9457). The one place with status codes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from matinee.kernel.errors import (
    Conflict,
    Invalid,
    MatineeError,
    NotFound,
    NotSignedIn,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
)

PROBLEM = "application/problem+json"
_STATUS: tuple[tuple[type[MatineeError], int], ...] = (
    (NotSignedIn, 401),
    (TooMany, 429),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Invalid, 422),
    (Unavailable, 503),
)
TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Refused", 404: "Not found", 405: "Method not allowed",
    408: "Request timeout", 409: "Conflict", 412: "Precondition failed", 413: "Too large",
    415: "Unsupported media type", 416: "Range not satisfiable", 422: "Invalid", 423: "Locked",
    429: "Too many requests", 460: "Checksum mismatch", 500: "Internal error", 503: "Unavailable",
}  # fmt: skip


class Problem(BaseModel):
    """Problem details of RFC 9457 with our stable `code`. `permission`: what would have to be held; why it is not says
    `/api/v1/me/permissions/{permission}`. `reason` and `until` where an account is suspended or limited: what its
    person is told, and when it ends by itself (null: when somebody lifts it)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[dict[str, str]] | None = None
    permission: str | None = None
    reason: str | None = None
    until: datetime | None = None


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    facts: Mapping[str, object] | None = None,
) -> JSONResponse:
    """An answer that explains itself. `code` is stable, `detail` is for people; `facts` are further members."""
    body: dict[str, Any] = {
        "type": f"/docs/errors#{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if errors:
        body["errors"] = errors
    body |= jsonable_encoder(facts or {})
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


def status_of(error: MatineeError) -> int:
    return next((status for family, status in _STATUS if isinstance(error, family)), 500)
