"""The course of an encode: begin, plan, advance, end, cancel, try again. Never runs an engine."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from matinee.engines.media import Ladder, SourceFacts
from matinee.features.accounts import service as accounts
from matinee.features.encoding import repository, rules
from matinee.features.encoding.errors import EncodeNotFound, NothingToRetry
from matinee.features.encoding.messages import EncodeFinished
from matinee.features.encoding.models import Encode, Step
from matinee.features.encoding.schemas import EncodeInfo, StepInfo
from matinee.features.encoding.service import ordering
from matinee.features.videos import service as videos
from matinee.infra.jobs import ledger
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, BlobId, VideoId

log = structlog.get_logger(__name__)
_JOB_KINDS = list(ordering.JOB_KINDS.values())


async def begin(work: Work, video_id: VideoId, blob_id: BlobId, received_at: datetime) -> None:
    """Start the encode of a source that has arrived whole. Idempotent for the same blob; another blob replaces the
    encode."""
    known = await repository.encode(work.session, video_id, lock=True)
    if known is not None and known.blob_id == blob_id:
        return
    if not await videos.begin_checking(work, video_id, blob_id, received_at):
        return
    view = await videos.encoding_view(work, video_id)
    assert view is not None
    generation = 1
    if known is not None:
        generation = known.generation + 1
        await repository.drop(work.session, video_id)
    encode = Encode(
        video_id=video_id,
        owner_id=view.owner_id,
        generation=generation,
        state="checking",
        blob_id=blob_id,
        received_at=received_at,
        renditions={},
        firsts={},
        created_at=work.now,
    )
    work.session.add(encode)
    await work.session.flush()
    await ordering.want(work, encode, [_add(work, encode, 0, rules.StepPlan("check", "check", 1))])


def _add(work: Work, encode: Encode, position: int, plan: rules.StepPlan, *, copied: bool = False) -> Step:
    step = Step(
        video_id=encode.video_id,
        name=plan.name,
        position=position,
        kind=plan.kind,
        rungs=list(plan.rungs),
        first_segment=plan.first_segment,
        end_segment=plan.end_segment,
        weight=plan.weight,
        lane=rules.lane(plan.kind, copied=copied),
        tier=rules.tier(plan),
        wanted=False,
        ordered=False,
        turn=0,
        state="waiting",
        percent=0.0,
        attempts=0,
    )
    work.session.add(step)
    return step


async def plan(work: Work, encode: Encode, facts: SourceFacts, ladder: Ladder) -> None:
    """Write down the steps after a check that went well, and want those that make the video playable. The others
    would only take the processor from them: they are wanted when it plays."""
    encode.facts = facts.to_json()
    encode.ladder = ladder.to_json()
    encode.state = "encoding"
    plans = rules.plan_steps(facts, ladder, await ledger.slots(work.session, "cpu"))
    copied = any(step.kind == "copy" for step in plans)
    steps = [_add(work, encode, at, step, copied=copied) for at, step in enumerate(plans, start=1)]
    await ordering.want(work, encode, _firsts(steps))


def _firsts(steps: Sequence[Step]) -> list[Step]:
    kinds = rules.first_kinds({step.kind for step in steps})  # type: ignore[misc]
    return [step for step in steps if step.kind in kinds]


async def want_rest(work: Work, encode: Encode) -> None:
    """Every step may run from now on. Idempotent; the caller holds the lock of `encode`."""
    await ordering.want(work, encode, _rest(await repository.steps(work.session, encode.video_id)))


def _rest(steps: Sequence[Step]) -> list[Step]:
    """What is not wanted yet and can be done: a storyboard is made of its rung, when that is whole."""
    whole = complete(steps)
    return [
        step
        for step in steps
        if not step.wanted and (rules.belongs_to_film(step.kind) or whole.issuperset(step.rungs))
    ]


def complete(steps: Sequence[Step]) -> set[str]:
    return rules.rungs_complete((step.rungs, step.state) for step in steps if step.kind == "chunk")  # type: ignore[misc]


async def replace_copy(work: Work, encode: Encode, ladder: Ladder) -> None:
    """A source that could not be cut after all gets its first segments by encoding."""
    early = rules.early_step(ladder)
    if await repository.step(work.session, encode.video_id, early.name) is None:
        _add(work, encode, 1, early)
        await work.session.flush()
    firsts = [
        step
        for step in await repository.steps(work.session, encode.video_id)
        if step.kind in ("early", "audio")
    ]
    for step in firsts:
        step.lane = rules.lane(step.kind, copied=False)  # type: ignore[arg-type]
    await ordering.want(work, encode, firsts)


async def advance(work: Work, encode: Encode) -> None:
    """After a step's end: finish the rungs that are complete, and the whole when nothing is left of the film.

    The caller holds the lock of `encode`.
    """
    if encode.state != "encoding":
        return
    steps = await repository.steps(work.session, encode.video_id)
    assert encode.ladder is not None
    ladder = Ladder.from_json(encode.ladder)
    for name in sorted(complete(steps)):
        rendition = encode.renditions.get(name)
        if rendition is not None:
            await videos.finish_rendition(work, UUID(rendition), frame_count=ladder.grid.frame_count)
    film = [step for step in steps if rules.belongs_to_film(step.kind)]
    await ordering.want(work, encode, [step for step in _rest(steps) if step not in film])
    if all(rules.ended(step.kind, step.state, step.ordered) for step in film):
        encode.state = "done"
        await videos.mark_ready(work, VideoId(encode.video_id), work.now)
        for step in film:
            if step.state != "done":
                await _go_without(work, encode, step)
        work.send(EncodeFinished(video_id=encode.video_id))
        return
    if all(rules.ended(step.kind, step.state, step.ordered) for step in film if step.wanted):
        await want_rest(work, encode)
    await report(work, encode, steps)


async def report(
    work: Work, encode: Encode, steps: Sequence[Step] | None = None, *, waits: str | None = None
) -> None:
    """Tell the video how far its encode is. `waits`: why a step of it was put off just now."""
    steps = steps if steps is not None else await repository.steps(work.session, encode.video_id)
    info = _info(encode, steps, work.now)
    running = [step for step in steps if step.state == "running"]
    await videos.set_progress(
        work,
        VideoId(encode.video_id),
        stage=_stage(encode, running),
        percent=info.percent,
        speed=info.speed,
        left_s=info.left_s,
        attempts=max((step.attempts for step in steps), default=1),
        waits=waits,
        still=any(step.state == "failed" and step.ordered for step in steps)
        or (bool(running) and not any(step.percent for step in running)),
    )
    shares: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for step in steps:
        if step.kind == "chunk":
            share = 100.0 if step.state == "done" else step.percent
            for rung in step.rungs:
                shares[rung].append((step.weight, share))
    for rung, parts in shares.items():
        rendition = encode.renditions.get(rung)
        if rendition is not None:
            percent = sum(w * p for w, p in parts) / max(1e-9, sum(w for w, _ in parts))
            await videos.set_rendition_percent(work, UUID(rendition), round(percent, 1))


def _stage(encode: Encode, running: Sequence[Step]) -> str:
    if encode.state == "checking":
        return "Checking the file"
    if any(step.attempts > 1 for step in running):
        return "Trying a part again"
    kinds = {step.kind for step in running}
    if encode.playable_at is None:
        return "Making the first seconds playable"
    rungs = [rung for step in running if step.kind == "chunk" for rung in step.rungs]
    if rungs:
        return f"Encoding {', '.join(dict.fromkeys(rungs))}"
    if kinds & {"audio"}:
        return "Encoding the sound"
    return "Waiting for a free encoder"


async def cancel(work: Work, video_id: VideoId) -> None:
    """Stop what runs and forget what waits; the source stays, so that a retry works. Idempotent."""
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None or encode.state in rules.ENDED:
        return
    await ordering.lock(work)
    encode.state = "cancelled"
    await note(work, "encode.cancelled", encode)
    steps = await repository.steps(work.session, video_id)
    freed = ordering.turns_of(steps)
    for step in steps:
        if step.state in ("waiting", "running"):
            step.state = "cancelled"
    await _drop_jobs(work, video_id)
    await ordering.go_on(work, encode.owner_id, freed)
    await videos.mark_cancelled(work, video_id)


async def _drop_jobs(work: Work, video_id: UUID) -> None:
    await ledger.cancel_subject(work.session, f"video:{video_id}", _JOB_KINDS)


async def forget(work: Work, video_id: VideoId) -> None:
    """The video is gone: stop its jobs and drop its rows, and its owner's share with their last film. Idempotent."""
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None:
        await _drop_jobs(work, video_id)
        return
    await ordering.lock(work)
    freed = ordering.turns_of(await repository.steps(work.session, video_id))
    await repository.drop(work.session, video_id)
    await _drop_jobs(work, video_id)
    if await repository.encodes_of(work.session, encode.owner_id):
        await ordering.go_on(work, encode.owner_id, freed)
    else:
        await repository.forget_shares(work.session, owner_id=encode.owner_id)


async def erase(work: Work, owner_id: UUID) -> bool:
    """Forget a batch of the owner's encodes; True once none is left."""
    for video_id in await repository.encodes_of(work.session, owner_id):
        await repository.drop(work.session, video_id)
        await _drop_jobs(work, video_id)
    if await repository.encodes_of(work.session, owner_id):
        return False
    await repository.forget_shares(work.session, owner_id=owner_id)
    return True


async def give_up(work: Work, video_id: VideoId, generation: int, name: str, sentence: str) -> None:
    """The step `name` failed for the last time: the encode fails, with its last lines where owner and operator read
    them. A film goes without its pictures and its storyboard, and what is done keeps what it has."""
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None or encode.generation != generation:
        return
    given_up = await repository.step(work.session, video_id, name)
    if given_up is not None and (encode.state == "done" or rules.may_be_missing(given_up.kind)):
        log.warning("encoding.step_given_up", video_id=str(video_id), step=name, reason=sentence)
        given_up.state, given_up.ordered = "failed", False
        await work.session.flush()
        if encode.state == "done":
            await _go_without(work, encode, given_up)
        await advance(work, encode)
        return
    if encode.state in rules.ENDED:
        return
    await ordering.lock(work)
    encode.state = "failed"
    said = ""
    steps = await repository.steps(work.session, video_id)
    freed = ordering.turns_of(steps)
    for step in steps:
        if step.name == name or step.state == "failed":
            step.state = "failed"
            said = step.log or said
        elif step.state == "running":
            step.state = "cancelled"
    if given_up is not None:
        said = given_up.log or said
    await _drop_jobs(work, video_id)
    await ordering.go_on(work, encode.owner_id, freed)
    await videos.fail(work, video_id, "encoding.failed", sentence, said)


async def _go_without(work: Work, encode: Encode, step: Step) -> None:
    """A film that is ready has no pictures: its owner reads why, and may try again."""
    if step.kind == "pictures":
        await videos.miss_pictures(work, encode.video_id, rules.WITHOUT_PICTURES, step.log or "")


async def retry(work: Work, video_id: VideoId) -> None:
    """Take up a failed or cancelled encode: steps that are done stay done; or the pictures of a film that is ready
    without them. Raises `NothingToRetry`."""
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None:
        raise EncodeNotFound
    if encode.state == "done":
        await _retry_pictures(work, encode)
        return
    if encode.state not in ("failed", "cancelled"):
        raise NothingToRetry
    await note(work, "encode.retried", encode)
    steps = await reopen(work, encode)
    open_ = [step for step in steps if step.state != "done"]
    firsts = [step for step in open_ if step.kind == "check"] or _firsts(steps)
    waiting = [step for step in firsts if step in open_]
    await ordering.want(work, encode, waiting if waiting and encode.playable_at is None else _rest(steps))


async def _retry_pictures(work: Work, encode: Encode) -> None:
    steps = await repository.steps(work.session, encode.video_id)
    missing = [step for step in steps if step.kind == "pictures" and step.state == "failed"]
    if not missing:
        raise NothingToRetry
    await note(work, "encode.retried", encode)
    for step in missing:
        reset(step)
    await ordering.want(work, encode, missing)


async def note(work: Work, act: str, encode: Encode, *, step: str | None = None) -> None:
    """What somebody who runs the house does with the encode of somebody else is written down."""
    if work.job is None and work.actor.account_id != encode.owner_id:
        owner = AccountId(encode.owner_id)
        await accounts.audit.record(work, act, about=owner, words={"video": encode.video_id}, step=step)


async def reopen(work: Work, encode: Encode) -> Sequence[Step]:
    """Of an encode that stopped, every step that is not done may run again. Returns all; the caller says which are
    wanted."""
    encode.generation += 1
    encode.state = "encoding" if encode.ladder is not None else "checking"
    await videos.resume_encoding(work, VideoId(encode.video_id))
    steps = await repository.steps(work.session, encode.video_id)
    for step in steps:
        if step.state != "done":
            reset(step)
    return steps


def reset(step: Step) -> None:
    """As if it had never run; what it made stays."""
    step.state, step.percent, step.attempts, step.log = "waiting", 0.0, 0, None
    step.wanted = step.ordered = False


async def steps_of(work: Work, video_id: VideoId) -> list[StepInfo]:
    """The steps of one encode, in the order of the plan; empty when there is none."""
    return [_step_info(step) for step in await repository.steps(work.session, video_id)]


async def encodes(
    work: Work, *, active: bool = False, video_ids: Sequence[UUID] | None = None, limit: int = 50
) -> list[EncodeInfo]:
    """Newest first; `active` leaves out those that ended."""
    states = ["checking", "encoding", "failed"] if active else None
    rows = await repository.newest(work.session, states=states, video_ids=video_ids, limit=min(limit, 200))
    steps: dict[UUID, list[Step]] = defaultdict(list)
    for step in await repository.steps_of(work.session, [row.video_id for row in rows]):
        steps[step.video_id].append(step)
    return [_info(row, steps[row.video_id], work.now) for row in rows]


def _step_info(step: Step) -> StepInfo:
    return StepInfo(
        name=step.name,
        kind=step.kind,
        state=step.state,
        attempts=step.attempts,
        percent=100.0 if step.state == "done" else step.percent,
        started_at=step.started_at,
        seconds=step.seconds,
        worker=step.worker,
        log=step.log,
    )


def _info(encode: Encode, steps: Sequence[Step], now: datetime) -> EncodeInfo:
    percent = rules.percent((step.state, step.percent, step.weight) for step in steps)  # type: ignore[misc]
    speed = left = None
    if encode.state == "encoding" and encode.ladder is not None:
        worked_s = rules.worked_s(((step.state, step.seconds, step.started_at) for step in steps), now)  # type: ignore[misc]
        left = rules.left_s(percent, worked_s)
        duration_s = Ladder.from_json(encode.ladder).grid.duration_s
        if worked_s > 1:
            speed = round(duration_s * percent / 100 / worked_s, 2)
    if encode.state == "checking" and not math.isclose(percent, 0):
        percent = 0.0
    return EncodeInfo(
        video_id=encode.video_id,
        state=encode.state,
        percent=percent,
        speed=speed,
        left_s=left,
        created_at=encode.created_at,
        steps=[_step_info(step) for step in steps],
    )
