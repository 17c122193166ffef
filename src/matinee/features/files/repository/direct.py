"""Queries about uploads that go straight to the store. Private."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.files.models import Upload


async def note_held(
    session: AsyncSession, id: UUID, *, held_bytes: int, now: datetime, expires_at: datetime
) -> None:
    """Record what the store holds; the upload lives longer only by bytes that are new."""
    values: dict[str, object] = {"offset_bytes": held_bytes}
    mine = update(Upload).where(Upload.id == id, Upload.kind == "direct", Upload.state == "open")
    await session.execute(
        mine.where(Upload.offset_bytes < held_bytes).values(**values, last_byte_at=now, expires_at=expires_at)
    )
    await session.execute(mine.where(Upload.offset_bytes > held_bytes).values(**values))


async def full(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """Open ones whose parts are all there, in no order: one that cannot be finished must not be in the way."""
    found = await session.scalars(
        select(Upload.id)
        .where(Upload.kind == "direct", Upload.state == "open", Upload.offset_bytes == Upload.size_bytes)
        .order_by(func.random())
        .limit(limit)
    )
    return found.all()


async def open_ids(session: AsyncSession) -> Sequence[UUID]:
    return (
        await session.scalars(select(Upload.id).where(Upload.kind == "direct", Upload.state == "open"))
    ).all()


async def newest_of(session: AsyncSession, owner_id: UUID, limit: int) -> Sequence[Upload]:
    """Open ones of one owner, newest first."""
    query = select(Upload).where(Upload.owner_id == owner_id, Upload.kind == "direct", Upload.state == "open")
    return (await session.scalars(query.order_by(Upload.id.desc()).limit(limit))).all()
