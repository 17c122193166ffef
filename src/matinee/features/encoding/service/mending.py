"""Finding what stands still: steps that should run and have no job, encodes that nothing moves.

A job and its step are written together, so this finds nothing in a healthy house. It is for ends that could not be
written down: a worker that died while it buried its step, a database that was away at that moment. Never touches what
has a job.
"""

from collections.abc import Sequence

import structlog

from matinee.features.encoding import repository, rules
from matinee.features.encoding.models import Encode, Step
from matinee.features.encoding.service import course, ordering
from matinee.infra.jobs import ledger
from matinee.infra.work import Work
from matinee.kernel.ids import VideoId

log = structlog.get_logger(__name__)
LOST = "Its worker ended without a word."
_KINDS = sorted(ordering.STEP_KINDS)

Named = tuple[str, int, str]
"""Video, generation and name of a step, as its jobs say them."""


async def mend(work: Work) -> int:
    """Take up, or give up, what stands still. Returns how many encodes did."""
    # Jobs are read before steps: a job that ends in between has written its step's end before.
    jobs = {_named(message) for message in await ledger.said_by_open(work.session, _KINDS)}
    suspects = {
        video_id
        for video_id, generation, name in await repository.moving(work.session)
        if name is None or (str(video_id), generation, name) not in jobs
    }
    passed_over = await repository.passed_over(work.session)
    mended = 0
    async with work.outside():
        for video_id in sorted(suspects):
            async with work.works.open() as own:
                mended += await _mend(own, VideoId(video_id))
        for owner_id, lane in passed_over:
            log.warning("encoding.passed_over", lane=lane)
            async with work.works.open() as own:
                await ordering.refill(own, owner_id, lane)
    return mended + len(passed_over)


async def _mend(work: Work, video_id: VideoId) -> bool:
    encode = await repository.encode(work.session, video_id, lock=True)
    if encode is None:
        return False
    subject = f"video:{video_id}"
    jobs = {_named(message) for message in await ledger.said_by_open(work.session, _KINDS, subject)}
    dead = {_named(message) for message in await ledger.said_by_dead(work.session, _KINDS, subject)}
    steps = await repository.steps(work.session, video_id)
    moving = [step for step in steps if rules.moves(encode.state, step.state, step.ordered)]
    lost = [step for step in moving if _name(encode, step) not in jobs]
    if lost:
        log.warning("encoding.mended", video_id=str(video_id), steps=[step.name for step in lost])
        buried = [step for step in lost if _name(encode, step) in dead]
        await (_give_up(work, encode, buried) if buried else _order_again(work, encode, lost))
    elif not moving and encode.state == "encoding":
        log.warning("encoding.mended", video_id=str(video_id), steps=[])
        await course.advance(work, encode)
    else:
        return False
    return True


async def _give_up(work: Work, encode: Encode, steps: Sequence[Step]) -> None:
    for step in steps:
        sentence = rules.given_up(LOST)
        await course.give_up(work, VideoId(encode.video_id), encode.generation, step.name, sentence)


async def _order_again(work: Work, encode: Encode, steps: Sequence[Step]) -> None:
    for step in steps:
        step.state, step.ordered = "waiting", False
    await ordering.want(work, encode, steps)


def _named(message: dict[str, object]) -> Named:
    return str(message["video_id"]), int(str(message["generation"])), str(message["step"])


def _name(encode: Encode, step: Step) -> Named:
    return str(encode.video_id), encode.generation, step.name
