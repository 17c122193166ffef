"""The verbs of people: make, find, change, retry, cancel and delete a video."""

from collections.abc import Sequence
from uuid import UUID

from matinee.features.files import service as files
from matinee.features.people import service as people
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import NoSource, NoSuchPoster, TooManyVideos, VideoNotFound, WrongState
from matinee.features.videos.messages import VideoCancelAsked, VideoDeleted, VideoRetryAsked
from matinee.features.videos.models import Video as VideoRow
from matinee.features.videos.schemas import Card, Figures, NewVideo, PosterPick, State, Video, VideoPatch
from matinee.features.videos.service import access, changes, filling, showing
from matinee.features.videos.settings import VideosSettings
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound, TooLarge
from matinee.kernel.ids import AccountId, VideoId, new_id
from matinee.kernel.page import Page, decode_cursor, encode_cursor

POSTER_MAX_BYTES = 20_000_000


def named(text: str) -> VideoId:
    """The id that a person typed, or took from the address of a page. Raises `VideoNotFound`."""
    try:
        return VideoId(UUID(text.rstrip("/").rsplit("/", 1)[-1]))
    except ValueError:
        raise VideoNotFound from None


async def create(work: Work, form: NewVideo) -> Video:
    """A video of the actor's without a file yet; its upload is expected from now on. Raises `TooLarge` and
    `TooManyVideos`."""
    work.actor.require("videos.create")
    owner_id = work.actor.owner()
    most = files.limits(work).max_upload_bytes
    if form.size_bytes is not None and form.size_bytes > most:
        raise TooLarge(
            f"This file is larger than the {most / 1e9:.0f} GB that are taken here.", field="size_bytes"
        )
    bound = work.settings(VideosSettings).videos_most
    if bound and await repository.count_for_one_more(work.session, owner_id) >= bound:
        raise TooManyVideos
    row = VideoRow(
        id=new_id(),
        owner_id=owner_id,
        title=form.title,
        description=form.description,
        visibility=form.visibility,
        state="uploading",
        filename=form.filename,
        declared_bytes=form.size_bytes,
        master=[],
        created_at=work.now,
    )
    work.session.add(row)
    await work.session.flush()
    subject = changes.subject_of(row.id)
    await files.expect(work, owner_id, "video", subject, most)
    await files.expect(work, owner_id, "poster", subject, POSTER_MAX_BYTES)
    changes.changed(work, row)
    return await showing.video(work, row)


async def get(work: Work, video_id: UUID) -> Video:
    """Raises `VideoNotFound` for what the actor may not see, too."""
    return await showing.video(work, await access.visible(work, video_id))


async def newest(
    work: Work, *, cursor: str | None = None, limit: int = 24, handle: str | None = None
) -> Page[Card]:
    """Public videos that play, newest first; of one person with `handle` (nobody's: an empty page)."""
    owner_id = None
    if handle is not None:
        try:
            owner_id = await people.account_of(work, handle)
        except NotFound:
            return Page(items=[])
    after = None if cursor is None else decode_cursor(cursor)
    rows = await repository.newest(work.session, owner_id=owner_id, after=after, limit=limit + 1)
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    next_cursor = (
        None if last is None or last.published_at is None else encode_cursor(last.published_at, last.id)
    )
    return Page(items=await showing.cards(work, shown), next_cursor=next_cursor)


async def mine(
    work: Work, *, cursor: str | None = None, limit: int = 24, state: State | None = None
) -> Page[Video]:
    """The actor's own videos, newest first."""
    owner_id = work.actor.owner()
    after = None if cursor is None else decode_cursor(cursor)
    rows = await repository.of_owner(work.session, owner_id, state=state, after=after, limit=limit + 1)
    shown = rows[:limit]
    next_cursor = encode_cursor(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return Page(items=await showing.videos(work, shown), next_cursor=next_cursor)


async def latest(work: Work, *, state: State | None = None, limit: int = 50) -> list[Card]:
    """Everybody's videos, newest first, for those who run the house."""
    work.actor.require(access.OVERSEE)
    return await showing.cards(work, await repository.latest(work.session, state=state, limit=limit))


async def cards(work: Work, ids: Sequence[UUID]) -> dict[UUID, Card]:
    """Of those that exist and that the actor may see."""
    rows = await repository.videos(work.session, ids)
    shown = [row for row in rows if access.is_open(row) or access.has_insight(work.actor, row)]
    return {card.id: card for card in await showing.cards(work, shown)}


async def edit(work: Work, video_id: UUID, form: VideoPatch) -> Video:
    """Change what is given. Going public for the first time gives the video its place among the newest."""
    row = await access.owned(work, video_id)
    await access.note(work, "video.edited", row)
    if form.title is not None:
        row.title = form.title
    if form.description is not None:
        row.description = form.description
    if form.visibility is not None:
        row.visibility = form.visibility
        changes.publish(work, row)
    changes.changed(work, row)
    return await showing.video(work, row)


async def pick_poster(work: Work, video_id: UUID, form: PosterPick) -> Video:
    """Show one of the pictures at hand. Raises `NoSuchPoster`."""
    row = await access.owned(work, video_id)
    known = (await repository.posters(work.session, [row.id]))[row.id]
    if form.candidate not in {poster.number for poster in known}:
        raise NoSuchPoster(field="candidate")
    row.poster_number = form.candidate
    await access.note(work, "video.edited", row)
    changes.changed(work, row)
    return await showing.video(work, row)


async def retry(work: Work, video_id: UUID) -> Video:
    """Take up a failed or cancelled video, or the pictures of one that is ready without them; what is finished stays.
    Raises `NoSource` when its file is gone."""
    row = await access.owned(work, video_id)
    fetched = row.source_blob_id is None and row.import_url is not None
    if row.state == "rejected" or (row.state == "failed" and row.source_blob_id is None and not fetched):
        raise NoSource
    pictures = row.reason_code == rules.NO_PICTURES
    if row.state not in ("failed", "cancelled") and not pictures:
        raise WrongState("Only a video that failed or was cancelled can be tried again.")
    await access.note(work, "video.retried", row)
    if pictures:
        filling.have_pictures(row)
        changes.changed(work, row)
    await filling.resume_encoding(work, row.id)
    if row.source_blob_id is None and row.import_url is not None:
        subject = changes.subject_of(row.id)
        await files.fetch(work, AccountId(row.owner_id), "video", subject, row.import_url)
    if row.source_blob_id is not None:
        work.send(VideoRetryAsked(video_id=row.id))
    return await showing.video(work, row)


async def cancel(work: Work, video_id: UUID) -> Video:
    """Stop the upload, whose bytes go, or the encode, whose file stays for a retry. Raises `WrongState` for a video
    that is at its end."""
    row = await access.owned(work, video_id)
    if row.state == "cancelled":
        return await showing.video(work, row)
    if row.state not in rules.LIVE:
        raise WrongState("There is nothing to cancel: this video is at its end already.")
    if row.state == "uploading":
        await files.cancel_uploads(work, changes.subject_of(row.id))
        await files.drop_blobs_for(work, changes.subject_of(row.id), "video")  # whole, and not begun with yet
    await filling.mark_cancelled(work, row.id)
    await access.note(work, "video.cancelled", row)
    work.send(VideoCancelAsked(video_id=row.id))
    return await showing.video(work, row)


async def remove(work: Work, video_id: UUID) -> None:
    """The video is gone with the commit, for everybody; its bytes are freed after it."""
    row = await access.owned(work, video_id)
    await access.note(work, "video.deleted", row)
    await discard(work, row)


async def discard(work: Work, row: VideoRow) -> None:
    """Drop a locked row and all that hangs on it."""
    subject = changes.subject_of(row.id)
    await files.unexpect(work, subject)
    await files.cancel_uploads(work, subject)
    await changes.drop_made(work, row)
    for poster in (await repository.posters(work.session, [row.id]))[row.id]:
        await files.drop_tree(work, files.TreeId(poster.tree_id))
    await files.drop_blobs_for(work, subject)
    work.send(VideoDeleted(video_id=VideoId(row.id), source_blob_id=row.source_blob_id))
    changes.changed(work, row)
    await work.session.delete(row)
    await work.session.flush()


async def figures(work: Work) -> Figures:
    """For those who run the house and for the metrics."""
    p50, p95 = await repository.playable_quantiles_s(work.session)
    return Figures(by_state=await repository.by_state(work.session), playable_p50_s=p50, playable_p95_s=p95)


async def bytes_by_rendition(work: Work) -> Sequence[tuple[str, int, int]]:
    """(name of the quality, bytes, how many), for those who run the house."""
    return await repository.bytes_by_rendition(work.session)


async def follow(work: Work, key: str | None) -> str | None:
    """The channel of one video, for whom may see it."""
    try:
        video = await access.visible(work, UUID(key or ""))
    except (ValueError, VideoNotFound):
        return None
    return changes.subject_of(video.id)
