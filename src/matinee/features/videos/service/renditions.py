"""The verbs of those who make renditions: plan one, add segments, finish it, withdraw it. The master follows.

For the rooms above, whose handlers act as the house itself. Every verb is idempotent, locks the video first, and
raises `VideoGone` where there is nothing left to fill.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import VideoGone
from matinee.features.videos.messages import DropRendition
from matinee.features.videos.models import Rendition, Video
from matinee.features.videos.schemas import RenditionPlan, Segment
from matinee.features.videos.service.changes import changed, locked, subject_of
from matinee.features.videos.settings import VideosSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, RenditionId, VideoId, new_id


async def add_rendition(work: Work, video_id: UUID, plan: RenditionPlan) -> RenditionId:
    """The same name gives the same rendition, as long as the source is the same."""
    video = await locked(work, video_id)
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


async def add_segments(work: Work, rendition_id: UUID, segments: Sequence[Segment]) -> int:
    """They are stored. Numbers may come in any order: only what has no gap before it is listed. Returns how many bytes
    more the rendition has: a segment that was there already is replaced."""
    if not segments:
        return 0
    video, rendition = await _locked_rendition(work, rendition_id)
    rows = {segment.number: segment.model_dump() for segment in segments}
    replaced_bytes = await repository.bytes_of_segments(work.session, rendition_id, list(rows))
    await repository.put_segments(work.session, rendition_id, list(rows.values()))
    present = await repository.segment_numbers(work.session, rendition_id, start=rendition.contiguous)
    rendition.contiguous = rules.unbroken(present, rendition.contiguous)
    await _refresh_master(work, video)
    sizes = {segment.number: segment.size_bytes for segment in segments}
    return sum(sizes.values()) - replaced_bytes


async def renew_rendition(work: Work, rendition_id: UUID) -> None:
    """Some of its segments were made again and are stored: manifests name all of them by new addresses from now on.
    Those it had before answer still, with what is stored now."""
    video, rendition = await _locked_rendition(work, rendition_id)
    rendition.revision += 1
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
    _withdraw(work, video, rendition)
    await _refresh_master(work, video)


async def drop_rendition(work: Work, rendition_id: UUID) -> None:
    """Free a withdrawn rendition. One that was taken back, or is gone, is left alone."""
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is not None and rendition.withdrawn_at is not None:
        await files.drop_tree(work, TreeId(rendition.tree_id))
        await work.session.delete(rendition)


async def _locked_rendition(work: Work, rendition_id: UUID) -> tuple[Video, Rendition]:
    """The video is locked before its rendition is read, so that two writers never wait for one another."""
    found = await repository.rendition(work.session, rendition_id)
    if found is None:
        raise VideoGone
    video = await locked(work, VideoId(found.video_id))
    rendition = await repository.rendition(work.session, rendition_id)
    if rendition is None:
        raise VideoGone
    return video, rendition


def _withdraw(work: Work, video: Video, rendition: Rendition) -> None:
    """Who has just begun the film may need it to the end."""
    if rendition.withdrawn_at is None:
        rendition.withdrawn_at = work.now
        lasts_s = max(video.duration_s or 0.0, work.settings(VideosSettings).withdrawn_s)
        work.send(DropRendition(rendition_id=rendition.id), at=work.now + timedelta(seconds=lasts_s))


async def _refresh_master(work: Work, video: Video) -> None:
    """Choose the master's renditions again; a source that the ladder has replaced is withdrawn."""
    video.media_version += 1
    await work.session.flush()
    rows = [
        r for r in (await repository.renditions(work.session, [video.id]))[video.id] if r.withdrawn_at is None
    ]
    shown = [UUID(id) for id in video.master]
    chosen = rules.master([_track(row) for row in rows], shown)
    if set(chosen) == set(shown):
        return
    video.master = [str(id) for id in chosen]
    pictures = [row for row in rows if row.id in chosen and row.kind == "video"]
    heights = (rules.rung_height(row.name, row.width, row.height) for row in pictures)
    video.best_height = max(heights, default=None)
    video.revision += 1
    for row in rows:
        if row.role == "source" and row.id in shown and row.id not in chosen:
            _withdraw(work, video, row)
    changed(work, video)


def _track(row: Rendition) -> rules.Track:
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
