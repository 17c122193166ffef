"""Answers with stored bytes: whole or one range of them, from storage to socket a slice at a time (RFC 9110).

Never decides who may have them, and holds no database connection while bytes flow.
"""

from collections.abc import AsyncIterator, Mapping
from email.utils import format_datetime
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from matinee.infra import ranges, telemetry
from matinee.infra.storage.port import Storage, Stored


def of(
    request: Request,
    storage: Storage,
    stored: Stored,
    media_type: str,
    *,
    kind: str,
    filename: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The bytes of `stored`, or the part of them that was asked for. `kind` names them in the figures; `filename`
    offers them as a download."""
    etag, given = f'"{stored.etag}"', request.headers
    part = ranges.decide(
        size=stored.size_bytes,
        etag=etag,
        modified_at=stored.modified_at,
        range_=given.get("range"),
        if_range=given.get("if-range"),
        if_none_match=given.get("if-none-match"),
        if_modified_since=given.get("if-modified-since"),
    )
    said = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Last-Modified": format_datetime(stored.modified_at, usegmt=True),
        **(headers or {}),
    }
    if filename is not None:
        said["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    if part.status == 416:
        said["Content-Range"] = f"bytes */{stored.size_bytes}"
        said["Cache-Control"] = "no-store"
        return Response(status_code=416, headers=said)
    if part.status == 304:
        return Response(status_code=304, headers=said)
    said["Content-Length"] = str(part.length)
    if part.status == 206:
        said["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{stored.size_bytes}"
    if request.method == "HEAD":
        return Response(status_code=part.status, headers=said, media_type=media_type)
    body = _flow(storage, stored.key, kind, part.start, part.end)
    return StreamingResponse(body, part.status, headers=said, media_type=media_type)


async def _flow(storage: Storage, key: str, kind: str, start: int, end: int) -> AsyncIterator[bytes]:
    sent = telemetry.BYTES_OUT.labels(kind)
    async for chunk in storage.read(key, start, end):
        sent.inc(len(chunk))
        yield chunk
