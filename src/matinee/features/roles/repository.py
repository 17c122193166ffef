"""Queries of roles. Private to the room; never decides anything."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.roles.models import RoleRow

_MAKING_LOCK = 7_283_122


async def all_of(session: AsyncSession) -> Sequence[RoleRow]:
    """By name."""
    query = select(RoleRow).order_by(RoleRow.name).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def get(session: AsyncSession, name: str) -> RoleRow | None:
    """Locked: who changes or drops it comes after another."""
    query = select(RoleRow).where(RoleRow.name == name).execution_options(populate_existing=True)
    return await session.scalar(query.with_for_update())


async def keep(session: AsyncSession, names: Sequence[str]) -> None:
    """Nobody drops or changes these before the transaction ends."""
    query = select(RoleRow.name).where(RoleRow.name.in_(names)).order_by(RoleRow.name)
    await session.execute(query.with_for_update(read=True))


async def lock_making(session: AsyncSession) -> None:
    """One at a time makes one, until its transaction ends."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_MAKING_LOCK})"))


async def count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(RoleRow)) or 0


async def add(session: AsyncSession, **values: Any) -> bool:
    """False when the name is taken."""
    wish = insert(RoleRow).values(**values).on_conflict_do_nothing().returning(RoleRow.name)
    return await session.scalar(wish) is not None


async def remove(session: AsyncSession, row: RoleRow) -> None:
    await session.delete(row)
    await session.flush()
