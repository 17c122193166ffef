"""Queries over everything that the room records, for who runs the house. Private."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.files.models import BlobRow, Tree


def _all_kept() -> Subquery:
    """Every original and tree, alike."""
    blobs = select(
        BlobRow.owner_id, BlobRow.purpose, BlobRow.subject, BlobRow.size_bytes, BlobRow.created_at,
        literal(1).label("original"),
    )  # fmt: skip
    trees = select(
        Tree.owner_id,
        Tree.purpose,
        Tree.subject,
        Tree.size_bytes,
        Tree.created_at,
        literal(0).label("original"),
    )
    return union_all(blobs, trees).subquery()


async def kept_by_purpose(session: AsyncSession) -> Sequence[tuple[str, int, int]]:
    """(purpose, bytes, files), the most bytes first."""
    return await _kept_by(session, lambda kept: kept.c.purpose)


async def kept_by_subject(session: AsyncSession) -> Sequence[tuple[str, int, int]]:
    """(kind of subject, bytes, files), the most bytes first."""
    return await _kept_by(session, lambda kept: func.split_part(kept.c.subject, ":", 1))


async def kept_by_age(
    session: AsyncSession, steps: Sequence[tuple[str, datetime]], last: str
) -> dict[str, tuple[int, int]]:
    """(bytes, files) of what was made at or after each moment and belongs to no earlier step; `last` is all else."""
    found = await _kept_by(
        session, lambda kept: case(*((kept.c.created_at >= at, name) for name, at in steps), else_=last)
    )
    return {name: (size_bytes, files) for name, size_bytes, files in found}


async def _kept_by(
    session: AsyncSession, word: Callable[[Subquery], ColumnElement[str]]
) -> Sequence[tuple[str, int, int]]:
    kept = _all_kept()
    named = select(word(kept).label("name"), kept.c.size_bytes).subquery()
    size_bytes = func.sum(named.c.size_bytes)
    rows = await session.execute(
        select(named.c.name, size_bytes, func.count()).group_by(named.c.name).order_by(size_bytes.desc())
    )
    return [(name, int(total), int(number)) for name, total, number in rows]


async def kept_by_owner(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, int, int]]:
    """(owner, bytes of originals, bytes of generated files), the most bytes first."""
    kept = _all_kept()
    originals = func.sum(kept.c.size_bytes * kept.c.original)
    rows = await session.execute(
        select(kept.c.owner_id, originals, func.sum(kept.c.size_bytes) - originals)
        .group_by(kept.c.owner_id)
        .order_by(func.sum(kept.c.size_bytes).desc(), kept.c.owner_id)
        .limit(limit)
    )
    return [(owner, int(first), int(second)) for owner, first, second in rows]


async def shared_bytes(session: AsyncSession) -> int:
    """What blobs count beyond the bytes that are stored for them."""
    each = (
        select((func.sum(BlobRow.size_bytes) - func.max(BlobRow.size_bytes)).label("saved"))
        .group_by(BlobRow.original_id)
        .having(func.count() > 1)
        .subquery()
    )
    return int(await session.scalar(select(func.coalesce(func.sum(each.c.saved), 0))) or 0)
