"""The addresses under /media: manifests, segments, pictures, storyboards, originals.

The grant in the address is what opens them; cookies and tokens are not read. What is not to be served is 404,
whatever the reason. No database connection is held while bytes flow.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from matinee.features.videos import service
from matinee.features.videos.errors import MediaNotFound
from matinee.features.videos.service import Manifest, Stored
from matinee.infra import serving, telemetry
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound

router = APIRouter(prefix="/media", tags=["media"])
YEAR = "max-age=31536000, immutable"
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The bytes."},
    206: {"content": {"application/octet-stream": {}}, "description": "The range that was asked for."},
    304: {"description": "You have it already."},
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}, "description": "The manifest."},
    304: {"description": "You have it already."},
}
_Id = str  # what is no id is 404 here, like all that is not to be served
_Grant = Annotated[str, Path(description="`open`, or `<expires>.<signature>`.")]


_by_address: Any = needs("videos.watch", by_address=True)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise MediaNotFound from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and str(int(text)) == text):
        raise MediaNotFound
    return int(text)


def _piece(text: str) -> tuple[str, int]:
    """The stored name and the revision that an address asks for: `7.m4s`, and `7-2.m4s` once it was made again."""
    stem, _, form = text.partition(".")
    stem, dash, given = stem.partition("-")
    revision = _number(given) if dash else 0
    if bool(revision) != bool(dash):
        raise MediaNotFound
    if (stem, form) == ("init", "mp4"):
        return "init.mp4", revision
    if form != "m4s":
        raise MediaNotFound
    return f"{_number(stem)}.m4s", revision


@router.options("/{video_id}/{grant}/{rest:path}", status_code=204)
async def preflight(video_id: _Id, grant: _Grant, rest: str, work: Work = _by_address) -> Response:
    """Players on other sites may fetch what is open."""
    headers = {}
    if grant == "open":
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match",
            "Access-Control-Max-Age": "86400",
        }
    return Response(status_code=204, headers=headers)


@router.head("/{video_id}/{grant}/master.m3u8", include_in_schema=False)
@router.get("/{video_id}/{grant}/master.m3u8", responses=_TEXT, response_class=Response)
async def master(video_id: _Id, grant: _Grant, request: Request, work: Work = _by_address) -> Response:
    """HLS: what plays now. It changes while the video is still being encoded."""
    return _text(request, await service.manifest(work, _id(video_id), grant, "master.m3u8"))


@router.head("/{video_id}/{grant}/manifest.mpd", include_in_schema=False)
@router.get("/{video_id}/{grant}/manifest.mpd", responses=_TEXT, response_class=Response)
async def dash(video_id: _Id, grant: _Grant, request: Request, work: Work = _by_address) -> Response:
    """DASH: what plays now."""
    return _text(request, await service.manifest(work, _id(video_id), grant, "manifest.mpd"))


@router.head("/{video_id}/{grant}/original", include_in_schema=False)
@router.get("/{video_id}/{grant}/original", responses=_BYTES, response_class=Response)
async def original(video_id: _Id, grant: _Grant, request: Request, work: Work = _by_address) -> Response:
    """The file as it was uploaded, for its owner."""
    return await _bytes(request, work, await service.original(work, _id(video_id), grant))


@router.head("/{video_id}/{grant}/poster/{number}/{name}", include_in_schema=False)
@router.get("/{video_id}/{grant}/poster/{number}/{name}", responses=_BYTES, response_class=Response)
async def picture(
    video_id: _Id,
    grant: _Grant,
    number: str,
    name: Annotated[str, Path(description="`<width>.avif`, `.webp` or `.jpg`.")],
    request: Request,
    work: Work = _by_address,
) -> Response:
    """A poster."""
    width, _, form = name.partition(".")
    stored = await service.picture(work, _id(video_id), grant, _number(number), _number(width), form)
    return await _bytes(request, work, stored)


@router.head("/{video_id}/{grant}/storyboard.vtt", include_in_schema=False)
@router.get("/{video_id}/{grant}/storyboard.vtt", responses=_TEXT, response_class=Response)
async def storyboard(video_id: _Id, grant: _Grant, request: Request, work: Work = _by_address) -> Response:
    """WebVTT: for every moment a place (`#xywh=`) on one of the sheets."""
    return _text(request, await service.storyboard(work, _id(video_id), grant))


@router.head("/{video_id}/{grant}/storyboard/{name}", include_in_schema=False)
@router.get("/{video_id}/{grant}/storyboard/{name}", responses=_BYTES, response_class=Response)
async def sheet(
    video_id: _Id,
    grant: _Grant,
    name: Annotated[str, Path(description="`<number>.webp`.")],
    request: Request,
    work: Work = _by_address,
) -> Response:
    """A sheet of small pictures of the film."""
    number, _, form = name.partition(".")
    if form != "webp":
        raise MediaNotFound
    return await _bytes(request, work, await service.sheet(work, _id(video_id), grant, _number(number)))


@router.head("/{video_id}/{grant}/{rendition_id}/index.m3u8", include_in_schema=False)
@router.get("/{video_id}/{grant}/{rendition_id}/index.m3u8", responses=_TEXT, response_class=Response)
async def playlist(
    video_id: _Id, grant: _Grant, rendition_id: _Id, request: Request, work: Work = _by_address
) -> Response:
    """HLS: the segments of one rendition."""
    return _text(request, await service.playlist(work, _id(video_id), grant, _id(rendition_id)))


@router.head("/{video_id}/{grant}/{rendition_id}/{name}", include_in_schema=False)
@router.get("/{video_id}/{grant}/{rendition_id}/{name}", responses=_BYTES, response_class=Response)
async def segment(
    video_id: _Id,
    grant: _Grant,
    rendition_id: _Id,
    name: Annotated[str, Path(description="`init.mp4` or `<number>.m4s`, `-<revision>` before the dot.")],
    request: Request,
    work: Work = _by_address,
) -> Response:
    """One segment, or what a player needs before the first."""
    stored = await service.segment(work, _id(video_id), grant, _id(rendition_id), *_piece(name))
    return await _bytes(request, work, stored)


@router.head("/{rest:path}", include_in_schema=False)
@router.get("/{rest:path}", include_in_schema=False)
async def nothing(rest: str, work: Work = _by_address) -> Response:
    """Any other address looks like one that may not be fetched."""
    raise MediaNotFound


def _open_headers(is_open: bool) -> dict[str, str]:
    if not is_open:
        return {}
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _text(request: Request, manifest: Manifest) -> Response:
    etag = f'"{manifest.etag}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "no-cache" if manifest.is_open else "private, no-cache",
        **_open_headers(manifest.is_open),
    }
    held = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if etag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    body = manifest.text.encode()
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(len(body))}, media_type=manifest.media_type)
    telemetry.BYTES_OUT.labels("manifest").inc(len(body))
    return Response(body, headers=headers, media_type=manifest.media_type)


async def _bytes(request: Request, work: Work, stored: Stored) -> Response:
    """Immutable bytes."""
    try:
        facts = await work.storage.stat(stored.key)
    except NotFound:
        raise MediaNotFound from None
    headers = {
        "Cache-Control": f"{'public' if stored.is_open else 'private'}, {YEAR}",
        **_open_headers(stored.is_open),
    }
    return serving.of(
        request,
        work.storage,
        facts,
        stored.media_type,
        kind=stored.kind,
        filename=stored.filename,
        headers=headers,
    )
