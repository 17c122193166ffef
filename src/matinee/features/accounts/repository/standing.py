"""Queries of restrictions, of looks through somebody's eyes, and of where people sign in. Never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import AccountRow, LookRow, RestrictionRow, SeenRow


def held(now: datetime) -> ColumnElement[bool]:
    """Joins an account with its restriction that counts, by `outerjoin`."""
    return and_(RestrictionRow.account_id == AccountRow.id, *_counts(now))


OPEN = (AccountRow.erasure_id.is_(None), RestrictionRow.kind.is_distinct_from("suspended"))
"""Neither leaving nor suspended, where `held` is joined."""


def held_ids(now: datetime, kind: str | None = None) -> Select[UUID]:
    """Accounts with a restriction that counts, of this kind or of any. Looks at nothing of the query around it."""
    query = select(RestrictionRow.account_id).where(*_counts(now)).correlate(None)
    return query if kind is None else query.where(RestrictionRow.kind == kind)


def _counts(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RestrictionRow.lifted_at.is_(None), or_(RestrictionRow.until.is_(None), RestrictionRow.until > now)


async def add(session: AsyncSession, row: RestrictionRow) -> None:
    session.add(row)
    await session.flush()


async def current(session: AsyncSession, account_id: UUID, now: datetime) -> RestrictionRow | None:
    query = select(RestrictionRow).where(RestrictionRow.account_id == account_id, *_counts(now))
    return await session.scalar(query.order_by(RestrictionRow.id.desc()).limit(1))


async def all_of(session: AsyncSession, account_id: UUID, most: int) -> Sequence[RestrictionRow]:
    """Newest first."""
    query = select(RestrictionRow).where(RestrictionRow.account_id == account_id)
    return (await session.scalars(query.order_by(RestrictionRow.id.desc()).limit(most))).all()


async def lift(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """What is over by itself stays as it was."""
    await session.execute(
        update(RestrictionRow)
        .where(RestrictionRow.account_id == account_id, *_counts(now))
        .values(lifted_at=now)
    )


# -- looking through somebody's eyes


async def add_look(session: AsyncSession, row: LookRow) -> None:
    session.add(row)
    await session.flush()


async def look(session: AsyncSession, look_id: UUID) -> LookRow | None:
    return await session.get(LookRow, look_id)


async def look_of(session: AsyncSession, session_id: UUID, now: datetime) -> LookRow | None:
    """The one that this session is in."""
    query = select(LookRow).where(LookRow.session_id == session_id, *_goes_on(now))
    return await session.scalar(query.order_by(LookRow.id.desc()).limit(1))


async def seer(session: AsyncSession, session_id: UUID, now: datetime) -> tuple[LookRow, list[str]] | None:
    """The look that this session is in, with the roles of whom it is about; None where that account is closed."""
    query = (
        select(LookRow, AccountRow.roles)
        .join(AccountRow, AccountRow.id == LookRow.about_id)
        .outerjoin(RestrictionRow, held(now))
        .where(LookRow.session_id == session_id, *_goes_on(now), *OPEN)
        .order_by(LookRow.id.desc())
        .limit(1)
    )
    found = (await session.execute(query)).first()
    return None if found is None else (found[0], found[1])


async def looks_at(session: AsyncSession, account_id: UUID, now: datetime) -> Sequence[LookRow]:
    """Those that go on."""
    query = select(LookRow).where(LookRow.about_id == account_id, *_goes_on(now))
    return (await session.scalars(query.order_by(LookRow.id))).all()


async def looks_told(session: AsyncSession, account_id: UUID) -> Sequence[LookRow]:
    """All that are kept about an account, newest first."""
    query = select(LookRow).where(LookRow.about_id == account_id).order_by(LookRow.id.desc())
    return (await session.scalars(query)).all()


def _goes_on(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LookRow.ended_at.is_(None), LookRow.until > now


# -- where people sign in


async def seen(session: AsyncSession, account_id: UUID, since: datetime) -> set[bytes]:
    query = select(SeenRow.mark).where(SeenRow.account_id == account_id, SeenRow.at >= since)
    return set(await session.scalars(query))


async def see(session: AsyncSession, account_id: UUID, mark: bytes, at: datetime) -> None:
    wish = insert(SeenRow).values(account_id=account_id, mark=mark, at=at)
    await session.execute(wish.on_conflict_do_update(index_elements=["account_id", "mark"], set_={"at": at}))


async def see_again(
    session: AsyncSession, account_id: UUID, mark: bytes, at: datetime, *, stale: datetime
) -> None:
    """Only what is known, and was not seen since `stale`."""
    same = (SeenRow.account_id == account_id, SeenRow.mark == mark, SeenRow.at < stale)
    await session.execute(update(SeenRow).where(*same).values(at=at))


async def prune(session: AsyncSession, before: datetime) -> None:
    """Remove looks and marks older than that."""
    await session.execute(delete(LookRow).where(LookRow.until < before))
    await session.execute(delete(SeenRow).where(SeenRow.at < before))
