"""From pictures that the engine made to ones that people can fetch: posters, the owner's own, the storyboard.

Never chooses a picture and never touches a rendition.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from matinee.engines.media import (
    Ladder,
    Rejected,
    Tools,
    make_storyboard,
    normalise_picture,
    plan_storyboard,
)
from matinee.features.encoding.service.programs import clear, tools_of
from matinee.features.files import service as files
from matinee.features.videos import schemas as video_schemas
from matinee.features.videos import service as videos
from matinee.infra.scratch import scratch_of
from matinee.infra.work import Work, Works
from matinee.kernel.ids import AccountId, BlobId, RenditionId, VideoId
from matinee.kernel.settings import HouseSettings

log = structlog.get_logger(__name__)
POSTER_WIDTHS = (320, 640, 1280)
OWN_POSTER_INDEX = 0


async def store_poster(
    work: Work,
    view: video_schemas.EncodingView,
    index: int,
    at_s: float | None,
    tint: str,
    pictures: Sequence[tuple[int, str, Path]],
) -> video_schemas.PosterCandidate:
    tree = await files.open_tree(work, AccountId(view.owner_id), "poster", f"video:{view.id}")
    total = 0
    for width, extension, path in pictures:
        stored = await work.storage.put_file(files.tree_key(tree, f"{width}.{extension}"), path)
        total += stored.size_bytes
    await files.note_tree_bytes(work, tree, total)
    widths = sorted({width for width, _, _ in pictures})
    return video_schemas.PosterCandidate(index=index, at_s=at_s, tree_id=tree, widths=widths, tint=tint)


async def make_own_poster(work: Work, video_id: VideoId, blob_id: BlobId) -> None:
    """The owner's own picture, cleaned and scaled, becomes the poster; its upload is dropped. A picture that cannot be
    shown changes nothing but the reason that the owner reads."""
    view = await videos.encoding_view(work, video_id)
    blob = await files.blob(work, blob_id)
    if view is None:
        await files.drop_blob(work, blob_id)
        return
    tools = tools_of(work)
    scratch = scratch_of(work.settings(HouseSettings).data_dir) / str(video_id) / f"poster-{blob_id}"
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    refused = ""
    try:
        async with work.outside():
            source = await work.storage.local_path(blob.key, scratch)
            try:
                poster = await normalise_picture(
                    tools, source, scratch, index=OWN_POSTER_INDEX, widths=POSTER_WIDTHS
                )
            except Rejected as rejected:
                log.info("encoding.poster_rejected", code=rejected.code)
                poster, refused = None, rejected.sentence
        view = await videos.encoding_view(work, video_id)
        if view is not None and poster is not None:
            own = await store_poster(work, view, poster.index, None, poster.tint, poster.files)
            await videos.set_own_poster(work, video_id, own)
        elif view is not None:
            await videos.refuse_own_poster(work, video_id, refused)
        await files.drop_blob(work, blob_id)
    finally:
        await asyncio.to_thread(clear, scratch)


async def publish_storyboard(
    works: Works, tools: Tools, video_id: VideoId, ladder: Ladder, rendition_id: RenditionId, scratch: Path
) -> None:
    """`rendition_id` is the complete lowest rung of `ladder`; the source is not read. A run after one that was cut
    off writes the same sheets to the same places. Raises `EncodeFailed`, and `VideoGone` when the video or this file
    of it is gone."""
    plan = plan_storyboard(ladder)
    async with works.open() as work:
        rung = await videos.rendition_tree(work, rendition_id)
        tree = await videos.begin_storyboard(work, video_id)
    init, *segments = [
        await works.storage.local_path(files.tree_key(rung, name), scratch)
        for name in ("init.mp4", *(f"{n}.m4s" for n in plan.segments))
    ]
    sheets = await make_storyboard(tools, plan, init, segments, scratch / "sheets")
    size_bytes = 0
    for sheet in sheets:
        size_bytes += (await works.storage.put_file(files.tree_key(tree, sheet.name), sheet)).size_bytes
    async with works.open() as work:
        await videos.set_storyboard(work, video_id, tree, plan.board, size_bytes)
