"""Queries about files that the house brings from addresses. Private."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.files.models import Fetch, Upload


async def fetch(session: AsyncSession, upload_id: UUID, *, lock: bool = False) -> Fetch | None:
    query = select(Fetch).where(Fetch.upload_id == upload_id).execution_options(populate_existing=True)
    found = await session.scalars(query.with_for_update() if lock else query)
    return found.one_or_none()


async def fetch_for(session: AsyncSession, subject: str, purpose: str) -> Fetch | None:
    """The newest one that brings, or failed to bring, the file that (`subject`, `purpose`) waits for."""
    found = await session.scalars(
        select(Fetch)
        .join(Upload, Upload.id == Fetch.upload_id)
        .where(Upload.subject == subject, Upload.purpose == purpose, Upload.state == "open")
        .order_by(Upload.id.desc())
        .limit(1)
        .with_for_update(of=Fetch)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def by_upload(session: AsyncSession, upload_ids: Sequence[UUID]) -> dict[UUID, Fetch]:
    query = select(Fetch).where(Fetch.upload_id.in_(upload_ids))
    return {row.upload_id: row for row in await session.scalars(query)}


async def delete_of(session: AsyncSession, upload_id: UUID) -> None:
    await session.execute(delete(Fetch).where(Fetch.upload_id == upload_id))


async def unfinished(session: AsyncSession, owner_id: UUID) -> int:
    """How many of this owner's wait or run."""
    query = select(func.count()).where(Fetch.owner_id == owner_id, Fetch.state != "failed")
    return int(await session.scalar(query) or 0)


async def running(session: AsyncSession) -> dict[UUID, int]:
    """By owner."""
    query = select(Fetch.owner_id, func.count()).where(Fetch.state == "running").group_by(Fetch.owner_id)
    return {owner_id: int(number) for owner_id, number in await session.execute(query)}


async def due(session: AsyncSession, now: datetime, each: int, limit: int) -> Sequence[Fetch]:
    """Those that wait and are due, oldest first, at most `each` of one owner."""
    place = func.row_number().over(partition_by=Fetch.owner_id, order_by=(Fetch.not_before, Fetch.upload_id))
    ranked = (
        select(Fetch.upload_id, place.label("place"))
        .where(Fetch.state == "waiting", Fetch.not_before <= now)
        .subquery()
    )
    found = await session.scalars(
        select(Fetch)
        .join(ranked, ranked.c.upload_id == Fetch.upload_id)
        .where(ranked.c.place <= each)
        .order_by(Fetch.not_before, Fetch.upload_id)
        .limit(limit)
    )
    return found.all()


async def silent(session: AsyncSession, now: datetime, silence: timedelta, limit: int) -> Sequence[Fetch]:
    """Those that run by their state, but were not started lately and nobody brings their bytes."""
    found = await session.scalars(
        select(Fetch)
        .join(Upload, Upload.id == Fetch.upload_id)
        .where(
            Fetch.state == "running",
            Fetch.not_before < now - silence,
            or_(Upload.lease_expires_at.is_(None), Upload.lease_expires_at < now),
            or_(Upload.last_byte_at.is_(None), Upload.last_byte_at < now - silence),
        )
        .order_by(Fetch.not_before)
        .limit(limit)
    )
    return found.all()


async def by_state(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(select(Fetch.state, func.count()).group_by(Fetch.state))
    return {state: int(number) for state, number in rows}
