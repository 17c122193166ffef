"""Queries of privacy. Private to the room; never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.privacy.models import CopyRow


async def add(session: AsyncSession, **values: Any) -> bool:
    """False while another one of this account is open."""
    wish = insert(CopyRow).values(**values).on_conflict_do_nothing().returning(CopyRow.id)
    return await session.scalar(wish) is not None


async def get(session: AsyncSession, copy_id: UUID, *, lock: bool = False) -> CopyRow | None:
    query = select(CopyRow).where(CopyRow.id == copy_id).execution_options(populate_existing=True)
    return await session.scalar(query.with_for_update() if lock else query)


async def of(session: AsyncSession, account_id: UUID) -> Sequence[CopyRow]:
    query = select(CopyRow).where(CopyRow.account_id == account_id).order_by(CopyRow.asked_at.desc())
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def asked_since(session: AsyncSession, account_id: UUID, since: datetime) -> Sequence[datetime]:
    """Oldest first."""
    query = select(CopyRow.asked_at).where(CopyRow.account_id == account_id, CopyRow.asked_at > since)
    return (await session.scalars(query.order_by(CopyRow.asked_at))).all()


async def over(session: AsyncSession, now: datetime) -> Sequence[CopyRow]:
    """Ready ones whose days are over."""
    query = select(CopyRow).where(CopyRow.state == "ready", CopyRow.ends_at <= now)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def forget(session: AsyncSession, before: datetime) -> None:
    ended = CopyRow.state.in_(("failed", "over"))
    await session.execute(delete(CopyRow).where(ended, CopyRow.asked_at < before))


async def remove(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(CopyRow).where(CopyRow.account_id == account_id))


async def by_state(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(select(CopyRow.state, func.count()).group_by(CopyRow.state))
    return {state: int(number) for state, number in rows}
