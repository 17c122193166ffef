"""Queries of people. Private to the room; never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.people.models import ProfileRow


async def add(
    session: AsyncSession, *, id: UUID, account_id: UUID, handle: str, display_name: str, now: datetime
) -> bool:
    """False when the handle is taken."""
    added = await session.scalar(
        insert(ProfileRow)
        .values(id=id, account_id=account_id, handle=handle, display_name=display_name, created_at=now)
        .on_conflict_do_nothing(index_elements=["handle"])
        .returning(ProfileRow.id)
    )
    return added is not None


async def of(session: AsyncSession, account_id: UUID) -> ProfileRow | None:
    query = select(ProfileRow).where(ProfileRow.account_id == account_id)
    return await session.scalar(query.execution_options(populate_existing=True))


async def of_many(session: AsyncSession, account_ids: Sequence[UUID]) -> Sequence[ProfileRow]:
    return (await session.scalars(select(ProfileRow).where(ProfileRow.account_id.in_(account_ids)))).all()


async def by_handle(session: AsyncSession, handle: str) -> ProfileRow | None:
    return await session.scalar(select(ProfileRow).where(ProfileRow.handle == handle))


async def set_handle(session: AsyncSession, account_id: UUID, handle: str) -> bool:
    """False when it is taken. The transaction stays usable."""
    try:
        async with session.begin_nested():
            await session.execute(
                update(ProfileRow).where(ProfileRow.account_id == account_id).values(handle=handle)
            )
    except IntegrityError:
        return False
    return True


async def remove(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(ProfileRow).where(ProfileRow.account_id == account_id))
