"""The web client's files, and its pages with a server-rendered head (title, OpenGraph, oEmbed link).

Never serves anything outside the built folder.
"""

import hashlib
import html
import mimetypes
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from matinee.entrypoints.api.identity import authenticate
from matinee.entrypoints.parts import Parts
from matinee.features.people import service as people
from matinee.features.people.errors import HandleMoved
from matinee.features.videos import service as videos
from matinee.kernel.errors import NotFound
from matinee.kernel.shipped import shipped

router = APIRouter(include_in_schema=False)
_HEAD = "<!--head-->"


def web_dir(parts: Parts) -> Path:
    return parts.settings.house.web_dir or shipped("web/dist")


@lru_cache(maxsize=8)
def _shell(path: Path, modified_ns: int) -> str:
    return path.read_text(encoding="utf-8")


def _page(parts: Parts, head: str, *, status: int = 200, title: str = "Matinee") -> HTMLResponse:
    index = web_dir(parts) / "index.html"
    try:
        shell = _shell(index, index.stat().st_mtime_ns)
    except FileNotFoundError:
        sentence = "The web client is not built yet: run `make run`, or `npm run build` in web/."
        raise HTTPException(503, sentence) from None
    page = shell.replace("<title>Matinee</title>", f"<title>{html.escape(title)}</title>").replace(
        _HEAD, head
    )
    return HTMLResponse(page, status, headers={"Cache-Control": "no-cache"})


def _meta(name: str, content: str) -> str:
    kind = "name" if name.startswith("twitter:") or name == "description" else "property"
    return f'<meta {kind}="{name}" content="{html.escape(content, quote=True)}">'


@router.get("/assets/{path:path}")
async def asset(request: Request, path: str) -> Response:
    """A built file; its name holds its hash, so it may be kept for ever."""
    folder = web_dir(request.app.state.parts).resolve() / "assets"
    try:
        file = (folder / path).resolve()
        found = file.is_relative_to(folder) and file.is_file()
    except (OSError, ValueError):
        found = False
    if not found:
        raise NotFound
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(file, media_type=kind, headers=headers)


@router.get("/watch/{video_id}")
@router.get("/embed/{video_id}")
async def watch_page(request: Request, video_id: str) -> Response:
    """The watch page; a stranger to a private video gets 404, with the same page shell."""
    parts: Parts = request.app.state.parts
    if (moved := _to_localhost(parts, request)) is not None:
        return moved
    embedded = request.url.path.startswith("/embed/")
    try:
        async with parts.works.open(reading=True) as work:
            work.actor = await authenticate(work, request)
            video = await videos.get(work, UUID(video_id))
    except (ValueError, NotFound):
        return _page(parts, '<meta name="robots" content="noindex">', status=404, title="Not here · Matinee")
    address = f"{parts.settings.house.address}/watch/{video.id}"
    tags = [
        _meta("og:site_name", "Matinee"),
        _meta("og:type", "video.other"),
        _meta("og:title", video.title),
        _meta("og:description", video.description[:300]),
        _meta("description", video.description[:300]),
        _meta("og:url", address),
        f'<link rel="canonical" href="{html.escape(address)}">',
    ]
    if video.visibility == "public":
        tags += [
            f'<link rel="alternate" type="application/json+oembed" title="{html.escape(video.title)}"'
            f' href="{html.escape(parts.settings.house.address)}/oembed?url={html.escape(address)}&amp;format=json">',
            _meta("og:video:url", f"{parts.settings.house.address}/embed/{video.id}"),
            _meta("og:video:type", "text/html"),
            _meta("twitter:card", "summary_large_image"),
        ]
    else:
        tags.append('<meta name="robots" content="noindex">')
    if video.poster is not None and video.visibility != "private":
        width = max(video.poster.widths)
        tags.append(_meta("og:image", f"{parts.settings.house.address}{video.poster.base}/{width}.jpg"))
    title = video.title if embedded else f"{video.title} · Matinee"
    return _page(parts, "".join(tags), title=title)


@router.get("/@{handle}")
async def profile_page(request: Request, handle: str) -> Response:
    parts: Parts = request.app.state.parts
    if (moved := _to_localhost(parts, request)) is not None:
        return moved
    try:
        async with parts.works.open(reading=True) as work:
            work.actor = await authenticate(work, request)
            profile = await people.get_by_handle(work, handle)
    except HandleMoved as former:
        query = f"?{request.url.query}" if request.url.query else ""
        # Not to be remembered: the old handle may be somebody else's one day.
        headers = {"Cache-Control": "no-store"}
        return RedirectResponse(f"/@{former.facts['handle']}{query}", 308, headers=headers)
    except NotFound:
        return _page(parts, '<meta name="robots" content="noindex">', status=404, title="Not here · Matinee")
    tags = [
        _meta("og:type", "profile"),
        _meta("og:title", profile.display_name),
        _meta("og:description", profile.bio[:300]),
    ]
    return _page(parts, "".join(tags), title=f"{profile.display_name} (@{profile.handle}) · Matinee")


@router.get("/privacy")
async def privacy_page(request: Request) -> Response:
    parts: Parts = request.app.state.parts
    title = "What this house keeps · Matinee"
    about = "What this house keeps about people, for how long, who sees it, and how to get or erase it."
    tags = [_meta("og:type", "website"), _meta("og:title", title), _meta("description", about)]
    return _to_localhost(parts, request) or _page(parts, "".join(tags), title=title)


_PAGES = ("/", "/upload", "/videos", "/videos/{rest:path}", "/sign-in", "/sign-up", "/forgot-password",
          "/reset-password", "/confirm-address", "/join", "/device", "/settings", "/settings/{rest:path}", "/run",
          "/run/{rest:path}")  # fmt: skip


async def page(request: Request) -> Response:
    """Any other page of the client."""
    parts: Parts = request.app.state.parts
    return _to_localhost(parts, request) or _page(parts, "")


def _to_localhost(parts: Parts, request: Request) -> Response | None:
    """From 127.0.0.1 to localhost, where one is signed in and which passkeys need."""
    if request.url.hostname == "127.0.0.1" and parts.settings.house.public_url is None:
        return RedirectResponse(str(request.url.replace(hostname="localhost")), 307)
    return None


for _path in _PAGES:
    router.add_api_route(_path, page, methods=["GET"])


@router.get("/{name:path}")
async def root_file(request: Request, name: str) -> Response:
    """Files at the root of the built client (icon, manifest, robots); else 404, with the page shell for people."""
    parts: Parts = request.app.state.parts
    folder = web_dir(parts).resolve()
    if name != "index.html" and "/" not in name and not name.startswith("."):
        try:
            file = (folder / name).resolve()
            if file.parent == folder and file.is_file():
                tag = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
                return FileResponse(file, headers={"ETag": f'"{tag}"', "Cache-Control": "max-age=3600"})
        except (OSError, ValueError):
            pass
    if "text/html" in request.headers.get("accept", ""):
        return _page(parts, "", status=404, title="Not here · Matinee")
    raise NotFound
