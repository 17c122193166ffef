"""The only file of the room with queries; private."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from matinee.features.encoding.models import Encode, Share, Step


async def encode(
    session: AsyncSession, video_id: UUID, *, lock: bool = False, facts: bool = False
) -> Encode | None:
    """Without its `facts`, unless they are asked for."""
    query = select(Encode).where(Encode.video_id == video_id).execution_options(populate_existing=True)
    if facts:
        query = query.options(undefer(Encode.facts))
    return await session.scalar(query.with_for_update() if lock else query)


async def steps(session: AsyncSession, video_id: UUID) -> Sequence[Step]:
    """In the order of the plan."""
    query = select(Step).where(Step.video_id == video_id).order_by(Step.position)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def step(session: AsyncSession, video_id: UUID, name: str) -> Step | None:
    query = select(Step).where(Step.video_id == video_id, Step.name == name)
    return await session.scalar(query.execution_options(populate_existing=True))


async def drop_steps(session: AsyncSession, video_id: UUID) -> None:
    await session.execute(delete(Step).where(Step.video_id == video_id))


async def drop(session: AsyncSession, video_id: UUID) -> None:
    await session.execute(delete(Encode).where(Encode.video_id == video_id))


async def set_percent(session: AsyncSession, video_id: UUID, name: str, percent: float) -> None:
    """Only while the step runs, so that a late report never undoes an end."""
    await session.execute(
        update(Step)
        .where(Step.video_id == video_id, Step.name == name, Step.state == "running")
        .values(percent=percent)
    )


async def newest(
    session: AsyncSession, *, states: Sequence[str] | None, video_ids: Sequence[UUID] | None, limit: int
) -> Sequence[Encode]:
    query = select(Encode).order_by(Encode.created_at.desc()).limit(limit)
    if states is not None:
        query = query.where(Encode.state.in_(states))
    if video_ids is not None:
        query = query.where(Encode.video_id.in_(video_ids))
    return (await session.scalars(query)).all()


async def steps_of(session: AsyncSession, video_ids: Sequence[UUID]) -> Sequence[Step]:
    """Of many encodes at once, in the order of their plans."""
    query = select(Step).where(Step.video_id.in_(video_ids)).order_by(Step.video_id, Step.position)
    return (await session.scalars(query)).all()


async def waiting_s(session: AsyncSession, last: int = 200) -> float:
    """Seconds of one encoder that all open chunks together will take, by the pace of the `last` that were done."""
    recent = (
        select(Step.seconds, Step.weight)
        .where(Step.kind == "chunk", Step.state == "done", Step.seconds.is_not(None))
        .order_by(Step.started_at.desc())
        .limit(last)
        .subquery()
    )
    pace = select(func.sum(recent.c.seconds) / func.nullif(func.sum(recent.c.weight), 0)).scalar_subquery()
    open_ = (
        select(func.sum(Step.weight * (1 - Step.percent / 100)) * pace)
        .join(Encode, Encode.video_id == Step.video_id)
        .where(_OPEN, Step.kind == "chunk", Step.state.in_(("waiting", "running")))
    )
    return float(await session.scalar(open_) or 0.0)


async def missing(session: AsyncSession) -> dict[str, int]:
    """Of films that are done, how many go without what a step of this kind makes."""
    query = select(Step.kind, func.count()).join(Encode, Encode.video_id == Step.video_id)
    query = query.where(Encode.state == "done", Step.state == "failed").group_by(Step.kind)
    return {row[0]: row[1] for row in await session.execute(query)}


async def encodes_of(session: AsyncSession, owner_id: UUID, most: int = 100) -> Sequence[UUID]:
    """The videos of some encodes of an owner; empty when none is left."""
    query = select(Encode.video_id).where(Encode.owner_id == owner_id).limit(most)
    return (await session.scalars(query)).all()


async def moving(session: AsyncSession) -> list[tuple[UUID, int, str | None]]:
    """(video, generation, step) of all that should have a job; the step is None where an encode has none at all, and
    nothing that waits for its owner's turn."""
    states = ("waiting", "running", "failed")
    has_job = (Step.video_id == Encode.video_id) & Step.ordered & Step.state.in_(states)
    has_job &= (Encode.state != "done") | (Step.state != "failed")
    query = select(Encode.video_id, Encode.generation, Step.name).outerjoin(Step, has_job)
    waits = exists().where(Step.video_id == Encode.video_id, Step.state == "waiting", Step.wanted)
    nothing = (Encode.state != "done") & ~waits.correlate(Encode)
    query = query.where(_OPEN, Step.name.is_not(None) | nothing)
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def passed_over(session: AsyncSession) -> list[tuple[UUID, str]]:
    """(owner, lane) where steps may run, and none of the owner's that waits there has a job."""
    query = select(Encode.owner_id, Step.lane).join(Encode, Encode.video_id == Step.video_id)
    query = query.where(_OPEN, Step.state == "waiting", Step.wanted).group_by(Encode.owner_id, Step.lane)
    query = query.having(~func.bool_or(Step.ordered))
    return [(row[0], row[1]) for row in await session.execute(query)]


# Turns.

# What still waits of a film that is done is its storyboard.
_OPEN = Encode.state.in_(("checking", "encoding", "done"))


async def lock_turns(session: AsyncSession, lane: str) -> None:
    """Until the transaction ends nobody else gives turns in `lane`."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"encoding.turns.{lane}"}
    )


def _waiting(owner_id: UUID, lane: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Encode.video_id == Step.video_id,
        Encode.owner_id == owner_id,
        _OPEN,
        Step.lane == lane,
        Step.state == "waiting",
        Step.wanted.is_(True),
    )


_RANK = (Step.tier, Encode.created_at, Encode.video_id, Step.position)


async def jobs_waiting(session: AsyncSession, owner_id: UUID, lane: str) -> int:
    query = select(func.count()).where(*_waiting(owner_id, lane), Step.ordered)
    return int(await session.scalar(query) or 0)


async def line(session: AsyncSession, owner_id: UUID, lane: str, most: int) -> list[tuple[int, Step]]:
    """An owner's steps that wait, each with its encode's generation, by rank: the first `most` that are wanted, and
    all that have a job already."""
    first = select(Step.video_id, Step.name).where(*_waiting(owner_id, lane)).order_by(*_RANK).limit(most)
    first = first.correlate(None)
    query = (
        select(Encode.generation, Step)
        .where(*_waiting(owner_id, lane))
        .where(Step.ordered | tuple_(Step.video_id, Step.name).in_(first))
        .order_by(*_RANK)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def turns(session: AsyncSession, lane: str) -> tuple[list[int], list[int]]:
    """The highest turn that runs and the lowest that waits, each as a list that is empty where there is none."""
    query = (
        select(
            func.max(Step.turn).filter(Step.state == "running"),
            func.min(Step.turn).filter(Step.state == "waiting"),
        )
        .join(Encode, Encode.video_id == Step.video_id)
        .where(_OPEN, Step.lane == lane, Step.state.in_(("running", "waiting")), Step.ordered)
    )
    row = (await session.execute(query)).one()
    return [row[0]] if row[0] is not None else [], [row[1]] if row[1] is not None else []


async def share(session: AsyncSession, owner_id: UUID, lane: str) -> int:
    found = await session.scalar(select(Share.finish).where(Share.owner_id == owner_id, Share.lane == lane))
    return found or 0


async def put_share(session: AsyncSession, owner_id: UUID, lane: str, finish: int) -> None:
    query = insert(Share).values(owner_id=owner_id, lane=lane, finish=finish)
    await session.execute(
        query.on_conflict_do_update(index_elements=[Share.owner_id, Share.lane], set_={"finish": finish})
    )


async def forget_shares(session: AsyncSession, lane: str | None = None, owner_id: UUID | None = None) -> None:
    query = delete(Share)
    if lane is not None:
        query = query.where(Share.lane == lane)
    if owner_id is not None:
        query = query.where(Share.owner_id == owner_id)
    await session.execute(query)
