"""The API of videos, and oEmbed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from matinee.features.videos import service
from matinee.features.videos.schemas import (
    Card,
    Embed,
    NewImport,
    NewVideo,
    PosterPick,
    Resume,
    State,
    Video,
    VideoPatch,
    Watched,
)
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.page import Page

router = APIRouter(tags=["videos"])
Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("/api/v1/videos", status_code=201)
async def create(form: NewVideo, work: Work = needs("videos.create")) -> Video:
    """Make a video. Then send its file by tus with purpose `video` and subject `video:<id>`."""
    return await service.create(work, form)


@router.post("/api/v1/imports", status_code=201)
async def import_video(form: NewImport, work: Work = needs("videos.import", limit="upload")) -> Video:
    """Make a video of the file at an address. It is fetched in the background: `upload` of the video says how far it
    is, `reason` why it failed; `cancel` and `retry` are those of the video."""
    return await service.import_video(work, form)


@router.get("/api/v1/videos")
async def newest(
    cursor: Cursor = None,
    limit: Limit = 24,
    handle: Annotated[str | None, Query(max_length=64)] = None,
    work: Work = needs("videos.watch"),
) -> Page[Card]:
    """Public videos that play, newest first."""
    return await service.newest(work, cursor=cursor, limit=limit, handle=handle)


@router.get("/api/v1/me/videos")
async def mine(
    cursor: Cursor = None,
    limit: Limit = 24,
    state: State | None = None,
    work: Work = needs("videos.edit"),
) -> Page[Video]:
    """Your videos, newest first."""
    return await service.mine(work, cursor=cursor, limit=limit, state=state)


@router.get("/api/v1/videos/{video_id}")
async def get(video_id: UUID, work: Work = needs("videos.watch")) -> Video:
    """One video. 404 for what you may not see, too."""
    return await service.get(work, video_id)


@router.patch("/api/v1/videos/{video_id}")
async def edit(video_id: UUID, form: VideoPatch, work: Work = needs("videos.edit")) -> Video:
    """Change title, description or visibility."""
    return await service.edit(work, video_id, form)


@router.delete("/api/v1/videos/{video_id}", status_code=204)
async def remove(video_id: UUID, work: Work = needs("videos.edit")) -> None:
    """Delete the video. It is gone at once; its bytes are freed a moment later."""
    await service.remove(work, video_id)


@router.post("/api/v1/videos/{video_id}/retry")
async def retry(video_id: UUID, work: Work = needs("videos.edit")) -> Video:
    """Take up a failed or cancelled encode; what is finished stays."""
    return await service.retry(work, video_id)


@router.post("/api/v1/videos/{video_id}/cancel")
async def cancel(video_id: UUID, work: Work = needs("videos.edit")) -> Video:
    """Stop the upload or the encode."""
    return await service.cancel(work, video_id)


@router.put("/api/v1/videos/{video_id}/poster")
async def pick_poster(video_id: UUID, form: PosterPick, work: Work = needs("videos.edit")) -> Video:
    """Show one of the candidates. A picture of your own goes by tus with purpose `poster`."""
    return await service.pick_poster(work, video_id, form)


@router.post("/api/v1/videos/{video_id}/watch", status_code=204)
async def watch(video_id: UUID, beat: Watched, request: Request, work: Work = needs("videos.watch")) -> None:
    """A sign of life from a player: the first as playback starts, then at most every 10 s, and one on leaving."""
    address = request.client.host if request.client is not None else "unknown"
    await service.watch(work, video_id, beat, address)


@router.get("/api/v1/videos/{video_id}/resume")
async def resume(video_id: UUID, work: Work = needs("videos.watch")) -> Resume:
    """Where you stopped; 0 for guests."""
    return await service.resume(work, video_id)


@router.get("/oembed")
async def oembed(
    url: Annotated[str, Query(max_length=2000)],
    form: Annotated[str, Query(alias="format", max_length=10)] = "json",
    max_width: Annotated[int | None, Query(alias="maxwidth", ge=1, le=10_000)] = None,
    max_height: Annotated[int | None, Query(alias="maxheight", ge=1, le=10_000)] = None,
    work: Work = needs("videos.watch"),
) -> Embed:
    """oEmbed 1.0 for the address of a public or unlisted video."""
    return await service.embed(work, url, form=form, max_width=max_width, max_height=max_height)
