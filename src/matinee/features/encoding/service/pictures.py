"""From pictures that the engine made to ones that people can fetch: posters, the owner's own, the storyboard.

Files are stored first, outside any transaction, and recorded when all are there; what is stored and never
recorded, a sweep of the room `files` removes. Never chooses a picture and never touches a rendition.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import structlog

from matinee.engines.media import (
    Ladder,
    Poster,
    Rejected,
    Tools,
    make_storyboard,
    normalise_picture,
    plan_storyboard,
)
from matinee.features.encoding.service import scanning, sources
from matinee.features.encoding.service.programs import tools_of
from matinee.features.encoding.service.publish import Superseded
from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import schemas as video_schemas
from matinee.features.videos import service as videos
from matinee.infra.work import Work, Works
from matinee.kernel.errors import MatineeError
from matinee.kernel.ids import AccountId, BlobId, RenditionId, VideoId

log = structlog.get_logger(__name__)
POSTER_WIDTHS = (320, 640, 1280)
OWN_POSTER_INDEX = 0

StoredPoster = tuple[video_schemas.PosterCandidate, int]
"""With the bytes of its files."""


@contextlib.asynccontextmanager
async def store_posters(works: Works, posters: Sequence[Poster]) -> AsyncIterator[list[StoredPoster]]:
    """Store the files; the block records them. When it finds that nobody wants them they are removed again."""
    trees: list[TreeId] = []
    stored: list[StoredPoster] = []
    async with _removed_unless_recorded(works, trees):
        for poster in posters:
            trees.append(tree := files.new_tree())
            size_bytes = 0
            for width, extension, path in poster.files:
                put = await works.storage.put_file(files.tree_key(tree, f"{width}.{extension}"), path)
                size_bytes += put.size_bytes
            widths = sorted({width for width, _, _ in poster.files})
            candidate = video_schemas.PosterCandidate(
                index=poster.index, at_s=poster.at_s, tree_id=tree, widths=widths, tint=poster.tint
            )
            stored.append((candidate, size_bytes))
        yield stored


async def record_posters(
    work: Work, view: video_schemas.EncodingView, stored: Sequence[StoredPoster]
) -> None:
    """As trees of the video's owner."""
    for candidate, size_bytes in stored:
        owner_id, tree = AccountId(view.owner_id), TreeId(candidate.tree_id)
        await files.open_tree(work, owner_id, "poster", f"video:{view.id}", tree)
        await files.note_tree_bytes(work, tree, size_bytes)


async def make_own_poster(work: Work, video_id: VideoId, blob_id: BlobId) -> None:
    """The owner's own picture, cleaned and scaled, becomes the poster; its upload is dropped. A picture that cannot be
    shown changes nothing but the reason that the owner reads."""
    view = await videos.encoding_view(work, video_id)
    blob = await files.blob(work, blob_id)
    refused: str | None = None
    if view is not None:
        tools = tools_of(work)
        async with work.outside(), sources.opened(work.works, blob) as place:
            try:
                await scanning.look_through(work.works.settings, place.source)
                poster = await normalise_picture(
                    tools, place.source, place.scratch, index=OWN_POSTER_INDEX, widths=POSTER_WIDTHS
                )
            except Rejected as rejected:
                log.info("encoding.poster_rejected", code=rejected.code)
                refused = rejected.sentence
            else:
                with contextlib.suppress(Superseded):
                    await _set_own_poster(work.works, video_id, poster)
    if refused is not None and await videos.encoding_view(work, video_id) is not None:
        await videos.refuse_own_poster(work, video_id, refused)
    await files.drop_blob(work, blob_id)


async def _set_own_poster(works: Works, video_id: VideoId, poster: Poster) -> None:
    async with store_posters(works, [poster]) as stored, works.open() as work:
        view = await videos.encoding_view(work, video_id)
        if view is None:
            raise Superseded
        await record_posters(work, view, stored)
        await videos.set_own_poster(work, video_id, stored[0][0])


async def publish_storyboard(
    works: Works, tools: Tools, video_id: VideoId, ladder: Ladder, rendition_id: RenditionId, scratch: Path
) -> None:
    """`rendition_id` is the complete lowest rung of `ladder`; the source is not read. Raises `EncodeFailed`, and
    `VideoGone` when the video, or what was made of this source, is gone."""
    plan = plan_storyboard(ladder)
    async with works.open() as work:
        rung = await videos.rendition_tree(work, rendition_id)
    init, *segments = [
        await works.storage.local_path(files.tree_key(rung, name), scratch)
        for name in ("init.mp4", *(f"{n}.m4s" for n in plan.segments))
    ]
    sheets = await make_storyboard(tools, plan, init, segments, scratch / "sheets")
    tree = files.new_tree()
    async with _removed_unless_recorded(works, [tree]):
        puts = [await works.storage.put_file(files.tree_key(tree, sheet.name), sheet) for sheet in sheets]
        size_bytes = sum(put.size_bytes for put in puts)
        async with works.open() as work:
            await videos.set_storyboard(work, video_id, rendition_id, tree, plan.board, size_bytes)


@contextlib.asynccontextmanager
async def _removed_unless_recorded(works: Works, trees: Sequence[TreeId]) -> AsyncIterator[None]:
    """Of a block that stores `trees` and records them at its end, leave nothing when nobody wants them."""
    try:
        yield
    except (MatineeError, Superseded, asyncio.CancelledError):
        with contextlib.suppress(MatineeError):
            for tree in trees:
                await works.storage.delete_prefix(files.tree_prefix(tree))
        raise
