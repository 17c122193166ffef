"""Queries of people. Private to the room; never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.people.models import FormerHandleRow, ProfileRow

_RENAMES_LOCK = 7_283_117


async def add(
    session: AsyncSession,
    *,
    id: UUID,
    account_id: UUID,
    handle: str,
    display_name: str,
    now: datetime,
    hidden: bool,
) -> bool:
    """False when the handle is taken."""
    added = await session.scalar(
        insert(ProfileRow)
        .values(
            id=id,
            account_id=account_id,
            handle=handle,
            display_name=display_name,
            created_at=now,
            hidden=hidden,
        )
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


# -- handles that were given up


async def lock_renames(session: AsyncSession) -> None:
    """One rename at a time, until its transaction ends: two who swap would wait for each other."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_RENAMES_LOCK})"))


async def keep_handle(
    session: AsyncSession, handle: str, profile_id: UUID, now: datetime, until: datetime
) -> None:
    values = {"profile_id": profile_id, "left_at": now, "kept_until": until}
    wish = insert(FormerHandleRow).values(handle=handle, **values)
    await session.execute(wish.on_conflict_do_update(index_elements=["handle"], set_=values))


async def kept_for(session: AsyncSession, handle: str, now: datetime) -> UUID | None:
    """The account for which a handle is kept."""
    return await session.scalar(
        select(ProfileRow.account_id)
        .join(FormerHandleRow, FormerHandleRow.profile_id == ProfileRow.id)
        .where(FormerHandleRow.handle == handle, FormerHandleRow.kept_until > now)
    )


async def former_of(session: AsyncSession, account_id: UUID) -> Sequence[FormerHandleRow]:
    """Newest first."""
    query = (
        select(FormerHandleRow)
        .join(ProfileRow, ProfileRow.id == FormerHandleRow.profile_id)
        .where(ProfileRow.account_id == account_id)
    )
    return (await session.scalars(query.order_by(FormerHandleRow.left_at.desc()))).all()


async def free_handles(session: AsyncSession, now: datetime) -> None:
    await session.execute(delete(FormerHandleRow).where(FormerHandleRow.kept_until <= now))
