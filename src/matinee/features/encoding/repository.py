"""The only file of the room with queries; private."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.encoding.models import Encode, Step


async def encode(session: AsyncSession, video_id: UUID, *, lock: bool = False) -> Encode | None:
    query = select(Encode).where(Encode.video_id == video_id).execution_options(populate_existing=True)
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
