"""Sends the jobs of steps, each with its turn among all owners' steps. Never runs one, never decides what is wanted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from matinee.features.encoding import repository, turns
from matinee.features.encoding.messages import RunLongStep, RunStep, RunUrgentStep
from matinee.features.encoding.models import Encode, Step
from matinee.infra.jobs import ledger
from matinee.infra.work import Work

log = structlog.get_logger(__name__)
PUT_OFF_S, PUT_OFF_MOST_S, PUT_OFF_TIMES = 10, 600, 20
WINDOW = 128
"""How many jobs of one owner are sent to a lane ahead; the others wait as rows. Enough for as many workers."""
JOB_KINDS = {"urgent": "encoding.run_urgent_step", "long": "encoding.run_long_step"}
STEP_KINDS = frozenset(JOB_KINDS.values())


async def want(work: Work, encode: Encode, steps: Sequence[Step]) -> None:
    """From now on `steps` may run. Idempotent; the caller holds the lock of `encode`."""
    for step in steps:
        step.wanted = True
    await work.session.flush()
    for lane in sorted({step.lane for step in steps}):
        await repository.lock_turns(work.session, lane)
        await _send(work, encode.owner_id, lane)


async def lock(work: Work) -> None:
    """Until the transaction ends nobody else gives turns. Before the steps of a whole encode are changed: whoever gives
    turns to its owner changes them, too."""
    for lane in sorted(JOB_KINDS):
        await repository.lock_turns(work.session, lane)


def turns_of(steps: Iterable[Step]) -> dict[str, int]:
    """The lowest turn, by lane, of those that wait with a job."""
    found: dict[str, int] = {}
    for step in steps:
        if step.ordered and step.state == "waiting":
            found[step.lane] = min(step.turn, found.get(step.lane, step.turn))
    return found


async def go_on(work: Work, owner_id: UUID, freed: Mapping[str, int]) -> None:
    """After the jobs of a whole encode are gone: they may have been all that its owner had, and what else waits moves
    up to their turns, from the `freed` ones on."""
    await work.session.flush()
    for lane in sorted(freed):
        await _send(work, owner_id, lane, freed[lane])


async def refill(work: Work, owner_id: UUID, lane: str) -> None:
    """After a step's end: send more jobs of the owner when half of the window is used up."""
    await repository.lock_turns(work.session, lane)
    if await repository.jobs_waiting(work.session, owner_id, lane) < WINDOW // 2:
        await _send(work, owner_id, lane)


def put_off(work: Work, order: RunStep) -> bool:
    """After a disk or the store failed the step: the same order again, later each time, with tries of its own.
    False when it was put off for hours, and nobody helped."""
    if order.put_off >= PUT_OFF_TIMES:
        return False
    delay_s = min(PUT_OFF_S * 2**order.put_off, PUT_OFF_MOST_S)
    log.warning("encoding.put_off", step=order.step, delay_s=delay_s)
    work.send(replace(order, put_off=order.put_off + 1), at=work.now + timedelta(seconds=delay_s))
    return True


async def _send(work: Work, owner_id: UUID, lane: str, freed: int | None = None) -> None:
    """Jobs for what matters most to the owner; all of theirs that wait get their turns anew, in that order, from the
    first that they have, or that is `freed`."""
    line = await repository.line(work.session, owner_id, lane, WINDOW)
    held = [step.turn for _, step in line if step.ordered]
    if freed is None and len(held) == len(line):
        return
    held += [] if freed is None else [freed]
    start = min(held) if held else await _start(work, owner_id, lane)
    given, end = turns.line_up(start, [turns.cost(step.weight) for _, step in line])
    moved: list[tuple[str, str, int]] = []
    order: type[RunStep] = RunUrgentStep if lane == "urgent" else RunLongStep
    for (generation, step), turn in zip(line, given, strict=True):
        if not step.ordered:
            work.send(order(video_id=step.video_id, generation=generation, step=step.name, turn=turn))
        elif step.turn != turn:
            moved.append((f"video:{step.video_id}", step.name, -turn))
        step.ordered, step.turn = True, turn
    await ledger.set_priorities(work.session, JOB_KINDS[lane], "step", moved)
    await repository.put_share(work.session, owner_id, lane, end)
    await work.session.flush()


async def _start(work: Work, owner_id: UUID, lane: str) -> int:
    """Where an owner without a waiting job begins: now, or later for one who has just had a turn."""
    now = turns.clock(*await repository.turns(work.session, lane))
    if now is None:
        await repository.forget_shares(work.session, lane)
        return 0
    return max(now, await repository.share(work.session, owner_id, lane))
