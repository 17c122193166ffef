"""Running one step: claim it, hand it to the engine outside any transaction, record how it ended.

A step that a dead worker left behind is simply run again, and repeats only segments that are not stored yet.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from matinee.engines.media import (
    Chunk,
    EncodeFailed,
    Ladder,
    NotCopyable,
    ProbeLimits,
    Progress,
    Rejected,
    SourceFacts,
    Tools,
    audio_name,
    copy_source,
    encode_audio,
    encode_chunk,
    make_posters,
    plan_copy,
    plan_ladder,
    probe,
)
from matinee.features.encoding import repository, rules
from matinee.features.encoding.messages import RunStep
from matinee.features.encoding.models import Encode
from matinee.features.encoding.service import causes, course, ordering, scanning, sources, tracks
from matinee.features.encoding.service.pictures import (
    POSTER_WIDTHS,
    publish_storyboard,
    record_posters,
    store_posters,
)
from matinee.features.encoding.service.programs import tools_of
from matinee.features.encoding.service.publish import Publisher, Superseded
from matinee.features.encoding.settings import EncodingSettings
from matinee.features.files import service as files
from matinee.features.files.errors import TreeNotFound
from matinee.features.files.schemas import Blob
from matinee.features.videos import service as videos
from matinee.features.videos.errors import VideoGone
from matinee.infra.scratch import process_name
from matinee.infra.work import Work, Works
from matinee.kernel.ids import BlobId, RenditionId, VideoId

log = structlog.get_logger(__name__)
REPORT_S = 1.0
RARELY_S = 5.0
HOLD_POLL_S = 0.05


@dataclass(slots=True)
class _Run:
    """What one run of one step holds. `scratch`, and `source` for who reads it, are there while it is outside."""

    works: Works
    tools: Tools
    video_id: VideoId
    generation: int
    name: str
    kind: str
    rungs: Sequence[str]
    first_segment: int
    end_segment: int
    blob: Blob
    facts: SourceFacts | None
    ladder: Ladder | None
    renditions: dict[str, UUID]
    again: bool
    repeated: bool
    percent: float = 0.0
    source: Path = field(init=False)
    scratch: Path = field(init=False)

    def on_progress(self, progress: Progress) -> None:
        self.percent = min(99.9, progress.percent)

    def plans(self) -> tuple[SourceFacts, Ladder]:
        assert self.facts is not None
        assert self.ladder is not None
        return self.facts, self.ladder

    def publisher(self, firsts: dict[str, str]) -> Publisher:
        return Publisher(
            self.works, self.video_id, self.generation, self.renditions, {} if self.again else firsts, self.plans()[0],
            self.scratch, self.tools, replacing=self.again,
        )  # fmt: skip


async def run_step(work: Work, order: RunStep) -> None:
    """Run the step that `order` names, if it still waits for anybody. Raises `StepFailed`."""
    try:
        with causes.in_words():
            await _run_step(work, order)
    except causes.DiskFailed:
        if not ordering.put_off(work, order):
            raise
    except causes.StoreFailed:
        tried_enough = work.job is not None and work.job.attempts_left == 0
        if not (tried_enough and ordering.put_off(work, order)):
            raise


async def _run_step(work: Work, order: RunStep) -> None:
    run = await _claim(work, order)
    if run is None:
        return
    started = time.monotonic()
    async with work.outside():
        try:
            await _hold(work.settings(EncodingSettings).hold_dir, run.name)
            async with _reporting(run), _placed(run):
                await _RUNNERS[run.kind](run)
        except (Superseded, VideoGone, TreeNotFound):
            log.info("encoding.superseded", step=run.name)
            return
        except Rejected as rejected:
            if run.kind == "check":
                await _reject(run, rejected)
                return
            # The check has taken the film: what a later step cannot read is no reason to drop its bytes.
            await _note_failure(run, rejected.detail or rejected.sentence, time.monotonic() - started)
            raise EncodeFailed(rejected.sentence, rejected.detail) from rejected
        except EncodeFailed as failed:
            await _note_failure(run, failed.tail, time.monotonic() - started, causes.waits_for(failed))
            raise
        except Exception as error:
            tail = f"{type(error).__name__}: {error}"
            await _note_failure(run, tail, time.monotonic() - started, causes.waits_for(error))
            raise
    await _record_end(work, run, time.monotonic() - started)


async def _claim(work: Work, order: RunStep) -> _Run | None:
    encode = await repository.encode(work.session, order.video_id, lock=True, facts=True)
    if encode is None or encode.generation != order.generation:
        return None
    step = await repository.step(work.session, order.video_id, order.step)
    if step is None or step.state == "done":
        return None
    late = encode.state == "done" and (step.again or rules.may_be_missing(step.kind))
    if encode.state not in ("checking", "encoding") and not late:
        return None
    step.state = "running"
    step.attempts += 1
    step.percent = 0.0
    step.started_at, step.worker = work.now, process_name()
    blob = await files.blob(work, BlobId(encode.blob_id))
    await course.report(work, encode)
    return _Run(
        works=work.works,
        tools=tools_of(work, patient=rules.can_wait(step.lane, step.kind)),
        video_id=VideoId(encode.video_id),
        generation=encode.generation,
        name=step.name,
        kind=step.kind,
        rungs=tuple(step.rungs),
        first_segment=step.first_segment,
        end_segment=step.end_segment,
        blob=blob,
        facts=SourceFacts.from_json(encode.facts) if encode.facts else None,
        ladder=Ladder.from_json(encode.ladder) if encode.ladder else None,
        renditions={name: UUID(id) for name, id in encode.renditions.items()},
        again=step.again,
        repeated=step.attempts > 1 and not step.again,
    )


async def _hold(folder: Path | None, name: str) -> None:
    while folder is not None and (folder / name).exists():  # noqa: ASYNC110 - a test removes the file
        await asyncio.sleep(HOLD_POLL_S)


@contextlib.asynccontextmanager
async def _placed(run: _Run) -> AsyncIterator[None]:
    """Its folder, and its source. A storyboard reads segments only, so nobody fetches a film for it."""
    if run.kind == "storyboard":
        with sources.workplace(run.works.settings) as run.scratch:
            yield
        return
    async with sources.opened(run.works, run.blob) as place:
        run.source, run.scratch = place.source, place.scratch
        yield


@contextlib.asynccontextmanager
async def _reporting(run: _Run) -> AsyncIterator[None]:
    """While the step runs, its percent is written: once a second at first, more rarely the longer it takes. An encode
    that was cancelled stops it."""
    task = asyncio.current_task()
    superseded = False

    async def report() -> None:
        nonlocal superseded
        pause_s = REPORT_S
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(RARELY_S, pause_s * 1.1)
            try:
                async with run.works.open() as work:
                    await repository.set_percent(work.session, run.video_id, run.name, run.percent)
                    encode = await repository.encode(work.session, run.video_id)
                    if encode is None or encode.generation != run.generation or encode.state == "cancelled":
                        superseded = True
                        break
                    await course.report(work, encode)
            except Exception as error:  # progress is a courtesy: the step goes on without it
                log.warning("encoding.report_failed", error=type(error).__name__)
        if task is not None:
            task.cancel()

    reporter = asyncio.create_task(report())
    try:
        yield
    except asyncio.CancelledError:
        if superseded:
            raise Superseded from None
        raise
    finally:
        reporter.cancel()
        await asyncio.gather(reporter, return_exceptions=True)


async def _check(run: _Run) -> None:
    if run.ladder is not None:
        return  # a worker died between the plan and the end of its step
    async with run.works.open() as work:
        limits = ProbeLimits(max_duration_s=files.limits(work).max_duration_s)
    await scanning.look_through(run.works.settings, run.source)
    facts = await probe(run.tools, run.source, limits)
    ladder = plan_ladder(facts)
    run.facts, run.ladder = facts, ladder
    async with run.works.open() as work:
        encode = await _current(work, run)
        await videos.set_source(
            work,
            run.video_id,
            facts=tracks.source_schema(facts),
            duration_s=facts.duration_s,
            width=facts.video.width,
            height=facts.video.height,
        )
        ids = {
            plan.name: await videos.add_rendition(work, run.video_id, plan)
            for plan in tracks.ladder_renditions(ladder)
        }
        encode.renditions = {**encode.renditions, **{name: str(id) for name, id in ids.items()}}
        await course.plan(work, encode, facts, ladder)


async def _copy(run: _Run) -> None:
    facts, ladder = run.plans()
    try:
        plans = tracks.copied_renditions(facts, ladder, plan_copy(facts, ladder))
        async with run.works.open() as work:
            encode = await _current(work, run)
            for plan in plans:
                if plan.name not in run.renditions:
                    run.renditions[plan.name] = await videos.add_rendition(work, run.video_id, plan)
            encode.renditions = {name: str(id) for name, id in run.renditions.items()}
        async with run.publisher({"source": "picture:source", audio_name(0): "sound:source"}) as publisher:
            await copy_source(run.tools, run.source, facts, ladder, run.scratch, on_segment=publisher)
    except (NotCopyable, EncodeFailed) as refused:
        log.info("encoding.not_copied", reason=str(refused))
        async with run.works.open() as work:
            encode = await _current(work, run)
            for name, id in run.renditions.items():
                if tracks.is_copied(name):
                    await videos.withdraw_rendition(work, RenditionId(id))
            await course.replace_copy(work, encode, ladder)
        return
    async with run.works.open() as work:
        for name, id in run.renditions.items():
            if tracks.is_copied(name):
                await videos.finish_rendition(work, RenditionId(id))


async def _audio(run: _Run) -> None:
    facts, ladder = run.plans()
    async with run.publisher({"audio-0": "sound:ladder"}) as publisher:
        await encode_audio(
            run.tools,
            run.source,
            facts,
            ladder,
            run.scratch,
            on_segment=publisher,
            on_progress=run.on_progress,
        )
    async with run.works.open() as work:
        for track in ladder.audio:
            await videos.finish_rendition(work, RenditionId(run.renditions[track.name]))


async def _chunk(run: _Run) -> None:
    facts, ladder = run.plans()
    rungs = [rung for rung in ladder.rungs if rung.name in run.rungs]
    wanted = range(run.first_segment, run.end_segment)
    firsts = {rungs[0].name: "picture:ladder"} if run.first_segment == 0 else {}
    async with run.publisher(firsts) as publisher:
        if run.repeated:
            await publisher.adopt(run.rungs, wanted)
        async with run.works.open() as work:
            present = [await videos.segment_numbers(work, RenditionId(run.renditions[r.name])) for r in rungs]
        missing = [n for n in wanted if run.again or any(n not in numbers for numbers in present)]
        if not missing:
            return
        chunk = Chunk(0, missing[0], missing[-1] + 1)
        await encode_chunk(
            run.tools, run.source, facts, ladder, rungs, chunk, run.scratch,
            on_segment=publisher, on_progress=run.on_progress,
        )  # fmt: skip


async def _pictures(run: _Run) -> None:
    facts, _ = run.plans()
    posters = await make_posters(run.tools, run.source, facts, run.scratch, widths=POSTER_WIDTHS)
    async with store_posters(run.works, posters) as candidates, run.works.open() as work:
        await _current(work, run)
        view = await videos.encoding_view(work, run.video_id)
        if view is None:
            raise Superseded
        await record_posters(work, view, candidates)
        await videos.set_posters(work, run.video_id, [candidate for candidate, _ in candidates])


async def _storyboard(run: _Run) -> None:
    _, ladder = run.plans()
    rendition_id = RenditionId(run.renditions[run.rungs[0]])
    await publish_storyboard(run.works, run.tools, run.video_id, ladder, rendition_id, run.scratch)


_RUNNERS = {
    "check": _check,
    "copy": _copy,
    "early": _chunk,
    "audio": _audio,
    "chunk": _chunk,
    "pictures": _pictures,
    "storyboard": _storyboard,
}


async def _current(work: Work, run: _Run) -> Encode:
    encode = await repository.encode(work.session, run.video_id, lock=True)
    late = run.again or rules.may_be_missing(run.kind)
    states = ("checking", "encoding", "done") if late else ("checking", "encoding")
    if encode is None or encode.generation != run.generation or encode.state not in states:
        raise Superseded
    return encode


async def _record_end(work: Work, run: _Run, seconds: float) -> None:
    encode = await repository.encode(work.session, run.video_id, lock=True)
    if encode is None or encode.generation != run.generation or encode.state not in ("encoding", "done"):
        return
    step = await repository.step(work.session, run.video_id, run.name)
    if step is None:
        return
    step.state, step.percent, step.seconds, step.log = "done", 100.0, round(seconds, 3), None
    step.again = False
    await work.session.flush()
    await course.advance(work, encode)
    await ordering.refill(work, encode.owner_id, step.lane)


async def _note_failure(run: _Run, tail: str, seconds: float, waits: str | None = None) -> None:
    """A courtesy: while the database is away, the step goes on being `running` until its job runs again."""
    try:
        async with run.works.open() as work:
            encode = await repository.encode(work.session, run.video_id, lock=True)
            step = await repository.step(work.session, run.video_id, run.name)
            if encode is None or encode.generation != run.generation or step is None:
                return
            if step.state == "running":
                step.state, step.seconds = "failed", round(seconds, 3)
                step.log = tail[-8_000:].replace("\x00", "")
                if waits is not None:
                    await course.report(work, encode, waits=waits)
    except Exception as error:  # what failed first is what has to be told
        log.warning("encoding.failure_not_noted", error=type(error).__name__)


async def _reject(run: _Run, rejected: Rejected) -> None:
    log.info("encoding.rejected", code=rejected.code)
    async with run.works.open() as work:
        encode = await _current(work, run)
        encode.state = "rejected"
        for step in await repository.steps(work.session, run.video_id):
            step.state = "failed" if step.name == run.name else "cancelled"
            if step.name == run.name:
                step.log = rejected.detail or None
        await videos.reject(work, run.video_id, f"encoding.{rejected.code}", rejected.sentence)
