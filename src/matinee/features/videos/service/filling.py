"""The verbs of those who fill a video: its source facts, pictures, progress and states.

For the rooms above, whose handlers act as the house itself. Every verb is idempotent, locks the video first, and
raises `VideoGone` where there is nothing left to fill.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from matinee.engines.media import Storyboard
from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import VideoGone, WrongState
from matinee.features.videos.messages import VideoReady
from matinee.features.videos.models import Poster, Video
from matinee.features.videos.schemas import (
    EncodingView,
    PosterCandidate,
    SourceFacts,
    VideoProgress,
)
from matinee.features.videos.service.changes import (
    changed,
    drop_made,
    enter,
    expect_file,
    locked,
    publish,
    state_of,
    subject_of,
)
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, BlobId


async def encoding_view(work: Work, video_id: UUID, for_update: bool = False) -> EncodingView | None:
    """None once the video is gone. `for_update` holds it until the end of the transaction."""
    video = await repository.video(work.session, video_id, lock=for_update)
    return None if video is None else EncodingView.model_validate(video, from_attributes=True)


async def begin_checking(work: Work, video_id: UUID, blob_id: UUID, received_at: datetime) -> bool:
    """A source has arrived whole. False, and the blob is dropped, where the video takes no file now.

    Another file than before starts afresh: what was made of the old one is freed.
    """
    video = await locked(work, video_id)
    if video.source_blob_id == blob_id:
        return True
    if video.state not in rules.TAKES_A_FILE:
        await files.drop_blob(work, BlobId(blob_id))
        return False
    if video.source_blob_id is not None:
        await files.drop_blob(work, BlobId(video.source_blob_id))
    await drop_made(work, video)
    video.generation += 1
    video.source_blob_id = blob_id
    video.received_at = received_at
    video.import_url = None
    video.source = video.duration_s = video.width = video.height = None
    video.playable_at = video.ready_at = None
    enter(work, video, "checking")
    await expect_file(work, video)
    return True


async def set_source(
    work: Work, video_id: UUID, *, facts: SourceFacts, duration_s: float, width: int, height: int
) -> None:
    """What the check found; `width` and `height` as displayed. The video is being encoded from here on."""
    video = await locked(work, video_id)
    video.source = facts.model_dump(mode="json")
    video.duration_s, video.width, video.height = duration_s, width, height
    if video.state == "checking":
        enter(work, video, "encoding")
    changed(work, video)


async def reject(work: Work, video_id: UUID, code: str, sentence: str) -> None:
    """The file cannot become a video: its bytes go, the reason stays."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or video.state == "rejected":
        return
    if not rules.may_become(state_of(video), "rejected"):
        raise WrongState
    await drop_made(work, video)
    if video.source_blob_id is not None:
        await files.drop_blob(work, BlobId(video.source_blob_id))
        video.source_blob_id = None
    enter(work, video, "rejected")
    await expect_file(work, video)
    video.reason_code, video.reason = code[:80], sentence


async def fail(work: Work, video_id: UUID, code: str, sentence: str, log: str) -> None:
    """Encoding ended without success; source and finished parts stay for a retry, and what plays goes on playing."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or not rules.may_become(state_of(video), "failed"):
        return
    enter(work, video, "failed")
    await expect_file(work, video)
    _reason(video, code, sentence, log)


def _reason(video: Video, code: str, sentence: str, log: str) -> None:
    video.reason_code, video.reason, video.error_log = code[:80], sentence, log[-16_000:].replace("\x00", "")


async def mark_cancelled(work: Work, video_id: UUID) -> None:
    """Source and finished parts stay for a retry; nobody but the owner sees them."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is not None and rules.may_become(state_of(video), "cancelled"):
        enter(work, video, "cancelled")
        await expect_file(work, video)


async def resume_encoding(work: Work, video_id: UUID) -> None:
    """A failed or cancelled video is taken up again with all that it has."""
    video = await locked(work, video_id)
    if video.state in ("failed", "cancelled"):
        has_source = video.source_blob_id is not None
        enter(work, video, rules.resumed(has_source, video.source is not None, video.playable_at))
        await expect_file(work, video)
        publish(work, video)


async def set_progress(
    work: Work,
    video_id: UUID,
    *,
    stage: str,
    percent: float,
    speed: float | None,
    left_s: int | None,
    attempts: int,
    waits: str | None = None,
    still: bool = False,
) -> None:
    """`stage` is a sentence, `speed` seconds of video per second; `waits` says why it stands still, and is said on
    while `still` nothing moved. Nothing where the video does not work any more."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or video.state not in ("checking", "encoding", "playable"):
        return
    percent = round(min(100.0, max(0.0, percent)), 1)
    if still and waits is None and video.progress is not None:
        waits = video.progress.get("waits")
    progress = VideoProgress(
        stage=stage,
        percent=percent,
        speed=speed,
        left_s=None if waits else left_s,
        attempts=attempts,
        waits=waits,
    )
    if video.progress != (values := progress.model_dump(mode="json")):
        video.progress = values
        changed(work, video)


async def mark_playable(work: Work, video_id: UUID, at: datetime) -> None:
    """Master, first playlist and first segment answer and decode, seen at `at`."""
    video = await locked(work, video_id)
    if video.state == "encoding":
        enter(work, video, "playable")
        video.playable_at = video.playable_at or at
        publish(work, video)


async def mark_ready(work: Work, video_id: UUID, at: datetime) -> None:
    """Every rung is complete."""
    video = await locked(work, video_id)
    if video.state in ("encoding", "playable"):
        enter(work, video, "ready")
        video.playable_at = video.playable_at or at
        video.ready_at = at
        publish(work, video)
        work.send(VideoReady(video_id=video.id))


# Pictures.


async def miss_pictures(work: Work, video_id: UUID, sentence: str, log: str) -> None:
    """A video is ready, and no pictures of it could be made. Nothing where it has some, such as its owner's own."""
    video = await locked(work, video_id)
    if video.state == "ready" and video.poster_number is None:
        _reason(video, rules.NO_PICTURES, sentence, log)
        changed(work, video)


def have_pictures(video: Video) -> None:
    """That there are none is true no longer, or is being tried again."""
    if video.reason_code == rules.NO_PICTURES:
        video.reason_code = video.reason = video.error_log = None


async def set_posters(work: Work, video_id: UUID, candidates: Sequence[PosterCandidate]) -> None:
    """Pictures found in the video; the first is shown until the owner picks another. Replaces those found before, and
    shows the one at the same place."""
    video = await locked(work, video_id)
    video.posters_made += 1
    base = video.posters_made * rules.POSTERS_AT_ONCE
    for old in (await repository.posters(work.session, [video.id]))[video.id]:
        if not old.own:
            await files.drop_tree(work, TreeId(old.tree_id))
            await work.session.delete(old)
    await work.session.flush()
    for candidate in candidates:
        work.session.add(_poster(video, base + candidate.index, candidate, own=False))
    have_pictures(video)
    if candidates and (video.poster_number is None or video.poster_number < rules.OWN_POSTERS_FROM):
        places = {candidate.index for candidate in candidates}
        shown = -1 if video.poster_number is None else video.poster_number % rules.POSTERS_AT_ONCE
        video.poster_number = base + (shown if shown in places else min(places))
    await work.session.flush()
    changed(work, video)


async def set_own_poster(work: Work, video_id: UUID, candidate: PosterCandidate) -> None:
    """The owner's own picture is shown from now on; an earlier one of the owner's is freed."""
    video = await locked(work, video_id)
    for old in (await repository.posters(work.session, [video.id]))[video.id]:
        if old.own:
            await files.drop_tree(work, TreeId(old.tree_id))
            await work.session.delete(old)
    number = rules.OWN_POSTERS_FROM + video.own_posters
    video.own_posters += 1
    work.session.add(_poster(video, number, candidate, own=True))
    video.poster_number = number
    video.poster_reason = None
    have_pictures(video)
    await work.session.flush()
    changed(work, video)


async def refuse_own_poster(work: Work, video_id: UUID, sentence: str) -> None:
    """The owner's picture cannot be shown; the one before stays."""
    video = await locked(work, video_id)
    video.poster_reason = sentence
    changed(work, video)


def _poster(video: Video, number: int, candidate: PosterCandidate, *, own: bool) -> Poster:
    return Poster(
        video_id=video.id,
        number=number,
        own=own,
        at_s=candidate.at_s,
        tint=candidate.tint,
        tree_id=candidate.tree_id,
        widths=sorted(candidate.widths),
    )


async def set_storyboard(
    work: Work, video_id: UUID, made_of: UUID, tree_id: TreeId, board: Storyboard, size_bytes: int
) -> None:
    """All its sheets, made of the rendition `made_of`, are stored in `tree_id` as `{n}.webp` from 0 on, `size_bytes`
    together: players may show them."""
    video = await locked(work, video_id)
    rendition = await repository.rendition(work.session, made_of)
    if rendition is None or rendition.generation != video.generation:
        raise VideoGone
    await files.open_tree(work, AccountId(video.owner_id), "storyboard", subject_of(video_id), tree_id)
    await files.note_tree_bytes(work, tree_id, size_bytes)
    if video.storyboard_tree_id is not None:
        await files.drop_tree(work, TreeId(video.storyboard_tree_id))
    video.storyboard_tree_id = tree_id
    video.storyboard = board.to_json()
    video.storyboards_made += 1
    changed(work, video)
