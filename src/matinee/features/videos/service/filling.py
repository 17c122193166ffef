"""The verbs of those who fill a video: source facts, renditions, segments, pictures, progress, states.

For the rooms above, whose handlers act as the house itself. Every verb is idempotent, locks the video first, and
raises `VideoGone` where there is nothing left to fill.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import VideoGone, WrongState
from matinee.features.videos.messages import DropRendition, VideoPublished, VideoReady
from matinee.features.videos.models import Poster, Rendition, Video
from matinee.features.videos.schemas import (
    EncodingView,
    PosterCandidate,
    RenditionPlan,
    Segment,
    SourceFacts,
    State,
    VideoProgress,
)
from matinee.features.videos.settings import VideosSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, BlobId, RenditionId, VideoId, new_id


async def encoding_view(work: Work, video_id: UUID, for_update: bool = False) -> EncodingView | None:
    """None once the video is gone. `for_update` holds it until the end of the transaction."""
    video = await repository.video(work.session, video_id, lock=for_update)
    return None if video is None else EncodingView.model_validate(video, from_attributes=True)


async def begin_checking(work: Work, video_id: UUID, blob_id: UUID, received_at: datetime) -> bool:
    """A source has arrived whole. False, and the blob is dropped, where the video takes no file now.

    Another file than before starts afresh: what was made of the old one is freed.
    """
    video = await _locked(work, video_id)
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
    video.source = video.duration_s = video.width = video.height = None
    video.playable_at = video.ready_at = None
    _enter(work, video, "checking")
    return True


async def set_source(
    work: Work, video_id: UUID, *, facts: SourceFacts, duration_s: float, width: int, height: int
) -> None:
    """What the check found; `width` and `height` as displayed. The video is being encoded from here on."""
    video = await _locked(work, video_id)
    video.source = facts.model_dump(mode="json")
    video.duration_s, video.width, video.height = duration_s, width, height
    if video.state == "checking":
        _enter(work, video, "encoding")
    changed(work, video)


async def reject(work: Work, video_id: UUID, code: str, sentence: str) -> None:
    """The file cannot become a video: its bytes go, the reason stays."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or video.state == "rejected":
        return
    if not rules.may_become(_state(video), "rejected"):
        raise WrongState
    await drop_made(work, video)
    if video.source_blob_id is not None:
        await files.drop_blob(work, BlobId(video.source_blob_id))
        video.source_blob_id = None
    _enter(work, video, "rejected")
    video.reason_code, video.reason = code[:80], sentence


async def fail(work: Work, video_id: UUID, code: str, sentence: str, log: str) -> None:
    """Encoding ended without success; source and finished parts stay for a retry, and what plays goes on playing."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or not rules.may_become(_state(video), "failed"):
        return
    _enter(work, video, "failed")
    video.reason_code, video.reason, video.error_log = code[:80], sentence, log[-16_000:].replace("\x00", "")


async def mark_cancelled(work: Work, video_id: UUID) -> None:
    """Source and finished parts stay for a retry; nobody but the owner sees them."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is not None and rules.may_become(_state(video), "cancelled"):
        _enter(work, video, "cancelled")


async def resume_encoding(work: Work, video_id: UUID) -> None:
    """A failed or cancelled video is taken up again with all that it has."""
    video = await _locked(work, video_id)
    if video.state in ("failed", "cancelled"):
        has_source = video.source_blob_id is not None
        _enter(work, video, rules.resumed(has_source, video.source is not None, video.playable_at))
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
) -> None:
    """`stage` is a sentence, `speed` seconds of video per second. Nothing where the video does not work any more."""
    video = await repository.video(work.session, video_id, lock=True)
    if video is None or video.state not in ("checking", "encoding", "playable"):
        return
    percent = round(min(100.0, max(0.0, percent)), 1)
    progress = VideoProgress(stage=stage, percent=percent, speed=speed, left_s=left_s, attempts=attempts)
    if video.progress != (values := progress.model_dump(mode="json")):
        video.progress = values
        changed(work, video)


async def mark_playable(work: Work, video_id: UUID, at: datetime) -> None:
    """Master, first playlist and first segment answer and decode, seen at `at`."""
    video = await _locked(work, video_id)
    if video.state == "encoding":
        _enter(work, video, "playable")
        video.playable_at = video.playable_at or at
        publish(work, video)


async def mark_ready(work: Work, video_id: UUID, at: datetime) -> None:
    """Every rung is complete."""
    video = await _locked(work, video_id)
    if video.state in ("encoding", "playable"):
        _enter(work, video, "ready")
        video.playable_at = video.playable_at or at
        video.ready_at = at
        publish(work, video)
        work.send(VideoReady(video_id=video.id))


# Renditions.


async def add_rendition(work: Work, video_id: UUID, plan: RenditionPlan) -> RenditionId:
    """The same name gives the same rendition, as long as the source is the same."""
    video = await _locked(work, video_id)
    known = await repository.rendition_named(work.session, video_id, video.generation, plan.name)
    if known is not None:
        return RenditionId(known.id)
    tree = await files.open_tree(work, AccountId(video.owner_id), "rendition", subject_of(video_id))
    rendition = Rendition(
        id=new_id(),
        video_id=video.id,
        generation=video.generation,
        name=plan.name,
        kind=plan.kind,
        role=plan.role,
        tree_id=tree,
        codecs=plan.codecs,
        width=plan.width,
        height=plan.height,
        fps=plan.fps,
        language=plan.language,
        label=plan.label,
        channels=plan.channels,
        is_default=plan.is_default,
        aligned=plan.aligned,
        target_s=plan.target_s,
        segment_count=plan.segment_count,
        declared_bps=plan.bandwidth_bps,
        average_bps=plan.average_bps,
        created_at=work.now,
    )
    work.session.add(rendition)
    await work.session.flush()
    return RenditionId(rendition.id)


async def rendition_tree(work: Work, rendition_id: UUID) -> TreeId:
    """Where its `init.mp4` and `{n}.m4s` belong."""
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is None:
        raise VideoGone
    return TreeId(rendition.tree_id)


async def segment_numbers(work: Work, rendition_id: UUID) -> set[int]:
    """What is recorded already."""
    return await repository.segment_numbers(work.session, rendition_id)


async def set_init(work: Work, rendition_id: UUID, size_bytes: int, codecs: str | None = None) -> None:
    """Its `init.mp4` is stored; `codecs` (RFC 6381) as the header says, where the plan could only guess."""
    video, rendition = await _locked_rendition(work, rendition_id)
    if codecs:
        rendition.codecs = codecs
    if rendition.init_bytes != size_bytes:
        rendition.init_bytes = size_bytes
        await _refresh_master(work, video)


async def add_segments(work: Work, rendition_id: UUID, segments: Sequence[Segment]) -> None:
    """They are stored. Numbers may come in any order: only what has no gap before it is listed."""
    if not segments:
        return
    video, rendition = await _locked_rendition(work, rendition_id)
    rows = {segment.number: segment.model_dump() for segment in segments}
    await repository.put_segments(work.session, rendition_id, list(rows.values()))
    present = await repository.segment_numbers(work.session, rendition_id, start=rendition.contiguous)
    rendition.contiguous = rules.unbroken(present, rendition.contiguous)
    await _refresh_master(work, video)


async def finish_rendition(work: Work, rendition_id: UUID, frame_count: int | None = None) -> None:
    """Its last segment is stored. Average and peak rate are measured from its segments."""
    video, rendition = await _locked_rendition(work, rendition_id)
    if rendition.complete:
        return
    rows = (await repository.segments(work.session, [rendition.id]))[rendition.id]
    average, peak = rules.rates_bps(((row[1], row[2]) for row in rows), rendition.target_s)
    rendition.average_bps, rendition.peak_bps = average or rendition.average_bps, peak or None
    rendition.frame_count = frame_count
    rendition.segment_count = rendition.contiguous
    rendition.percent, rendition.complete = 100.0, True
    await _refresh_master(work, video)
    changed(work, video)


async def set_rendition_percent(work: Work, rendition_id: UUID, percent: float) -> None:
    """0 to 100; nothing once it is complete or gone."""
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is not None and not rendition.complete:
        rendition.percent = round(min(100.0, max(0.0, percent)), 1)


async def withdraw_rendition(work: Work, rendition_id: UUID) -> None:
    """It leaves the master now; its bytes go when players that hold its playlist have had time to end."""
    video, rendition = await _locked_rendition(work, rendition_id)
    _withdraw(work, rendition)
    await _refresh_master(work, video)


async def drop_rendition(work: Work, rendition_id: UUID) -> None:
    """Free a withdrawn rendition. One that was taken back, or is gone, is left alone."""
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is not None and rendition.withdrawn_at is not None:
        await files.drop_tree(work, TreeId(rendition.tree_id))
        await work.session.delete(rendition)


# Pictures.


async def set_posters(work: Work, video_id: UUID, candidates: Sequence[PosterCandidate]) -> None:
    """Pictures found in the video; the first is shown until the owner picks another. Replaces those found before."""
    video = await _locked(work, video_id)
    base = video.generation * rules.POSTERS_PER_SOURCE
    for old in (await repository.posters(work.session, [video.id]))[video.id]:
        if not old.own:
            await files.drop_tree(work, TreeId(old.tree_id))
            await work.session.delete(old)
    await work.session.flush()
    for candidate in candidates:
        work.session.add(_poster(video, base + candidate.index, candidate, own=False))
    if candidates and (video.poster_number is None or video.poster_number < rules.OWN_POSTERS_FROM):
        video.poster_number = base + min(candidate.index for candidate in candidates)
    await work.session.flush()
    changed(work, video)


async def set_own_poster(work: Work, video_id: UUID, candidate: PosterCandidate) -> None:
    """The owner's own picture is shown from now on; an earlier one of the owner's is freed."""
    video = await _locked(work, video_id)
    for old in (await repository.posters(work.session, [video.id]))[video.id]:
        if old.own:
            await files.drop_tree(work, TreeId(old.tree_id))
            await work.session.delete(old)
    number = rules.OWN_POSTERS_FROM + video.own_posters
    video.own_posters += 1
    work.session.add(_poster(video, number, candidate, own=True))
    video.poster_number = number
    await work.session.flush()
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


# Shared by the room.


def subject_of(video_id: UUID) -> str:
    return f"video:{video_id}"


def changed(work: Work, video: Video) -> None:
    """Wake those who look at this video, and its owner's list."""
    work.signal(subject_of(video.id))
    work.signal(f"my-videos:{video.owner_id}")


def publish(work: Work, video: Video) -> None:
    """Give the video its place among the newest, the first time that everybody may play it."""
    playable = rules.watchable(_state(video), video.playable_at)
    if video.visibility == "public" and not video.held and playable and video.published_at is None:
        video.published_at = work.now
        work.send(VideoPublished(video_id=video.id))


async def drop_made(work: Work, video: Video) -> None:
    """Free all that was made of the source: renditions and the pictures found in it."""
    for rendition in (await repository.renditions(work.session, [video.id]))[video.id]:
        await files.drop_tree(work, TreeId(rendition.tree_id))
        await work.session.delete(rendition)
    for poster in (await repository.posters(work.session, [video.id]))[video.id]:
        if not poster.own:
            await files.drop_tree(work, TreeId(poster.tree_id))
            await work.session.delete(poster)
            if video.poster_number == poster.number:
                video.poster_number = None
    await work.session.flush()
    if video.master:
        video.master = []
        video.best_height = None
        video.revision += 1
    video.media_version += 1


def _state(video: Video) -> State:
    return video.state  # type: ignore[return-value]


def _enter(work: Work, video: Video, state: State) -> None:
    if not rules.may_become(_state(video), state):
        raise WrongState
    video.state = state
    video.reason_code = video.reason = video.error_log = None
    if state not in ("checking", "encoding", "playable"):
        video.progress = None
    changed(work, video)


async def _locked(work: Work, video_id: UUID) -> Video:
    video = await repository.video(work.session, video_id, lock=True)
    if video is None:
        raise VideoGone
    return video


async def _locked_rendition(work: Work, rendition_id: UUID) -> tuple[Video, Rendition]:
    """The video is locked before its rendition is read, so that two writers never wait for one another."""
    found = await repository.rendition(work.session, rendition_id)
    if found is None:
        raise VideoGone
    video = await _locked(work, VideoId(found.video_id))
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is None:
        raise VideoGone
    return video, rendition


def _withdraw(work: Work, rendition: Rendition) -> None:
    if rendition.withdrawn_at is None:
        rendition.withdrawn_at = work.now
        at = work.now + timedelta(seconds=work.settings(VideosSettings).withdrawn_s)
        work.send(DropRendition(rendition_id=rendition.id), at=at)


async def _refresh_master(work: Work, video: Video) -> None:
    """Choose the master's renditions again; a source that the ladder has replaced is withdrawn."""
    video.media_version += 1
    await work.session.flush()
    rows = [
        r for r in (await repository.renditions(work.session, [video.id]))[video.id] if r.withdrawn_at is None
    ]
    shown = [UUID(id) for id in video.master]
    chosen = rules.master([track_of(row) for row in rows], shown)
    if set(chosen) == set(shown):
        return
    video.master = [str(id) for id in chosen]
    pictures = [row for row in rows if row.id in chosen and row.kind == "video"]
    heights = (rules.rung_height(row.name, row.width, row.height) for row in pictures)
    video.best_height = max(heights, default=None)
    video.revision += 1
    for row in rows:
        if row.role == "source" and row.id in shown and row.id not in chosen:
            _withdraw(work, row)
    changed(work, video)


def track_of(row: Rendition) -> rules.Track:
    return rules.Track(
        id=row.id,
        kind=row.kind,
        role=row.role,
        height=min(row.width or 0, row.height or 0),
        contiguous=row.contiguous,
        started=row.init_bytes is not None and row.contiguous > 0,
        complete=row.complete,
        aligned=row.aligned,
    )
