"""Queries of sessions, of what cut them short, of signing keys and of notices."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import (
    AccountRow,
    CutRow,
    KeyRow,
    NoticeRow,
    RestrictionRow,
    SessionRow,
)
from matinee.features.accounts.repository.standing import OPEN, held

_KEYS_LOCK = 7_283_115


class Living(NamedTuple):
    """A session that has not ended, with the roles of its account and what that is limited by."""

    session: SessionRow
    roles: list[str]
    limit: RestrictionRow | None


async def add(session: AsyncSession, row: SessionRow) -> None:
    session.add(row)
    await session.flush()


async def living(
    session: AsyncSession, session_id: UUID, now: datetime, *, lock: bool = False
) -> Living | None:
    """Where its account is open. `lock` waits for whoever changes the account or refreshes the session: the account
    first, as all others do."""
    if lock:
        owner = select(AccountRow.id).join(SessionRow, AccountRow.id == SessionRow.account_id)
        shared = owner.where(SessionRow.id == session_id).with_for_update(read=True, of=AccountRow)
        await session.execute(shared)
    query = (
        select(SessionRow, AccountRow.roles, RestrictionRow)
        .join(AccountRow, AccountRow.id == SessionRow.account_id)
        .outerjoin(RestrictionRow, held(now))
        .where(SessionRow.id == session_id, SessionRow.expires_at > now, *OPEN)
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(query.with_for_update(of=SessionRow) if lock else query)).first()
    return None if found is None else Living(*found)


async def of(session: AsyncSession, account_id: UUID, now: datetime) -> Sequence[SessionRow]:
    """Last used first."""
    query = select(SessionRow).where(SessionRow.account_id == account_id, SessionRow.expires_at > now)
    newest = query.order_by(SessionRow.refreshed_at.desc(), SessionRow.id.desc())
    return (await session.scalars(newest)).all()


async def end(
    session: AsyncSession, account_id: UUID, *, only: Sequence[UUID] | None = None, but: UUID | None = None
) -> dict[UUID, str]:
    """Remove all sessions of the account, or those of `only`, without `but`. Returns them with their devices."""
    query = delete(SessionRow).where(SessionRow.account_id == account_id)
    if only is not None:
        query = query.where(SessionRow.id.in_(only))
    if but is not None:
        query = query.where(SessionRow.id != but)
    ended = await session.execute(query.returning(SessionRow.id, SessionRow.device))
    return {row.id: row.device for row in ended}


async def cut(session: AsyncSession, ids: Sequence[UUID], at: datetime) -> None:
    if ids:
        wish = insert(CutRow).values([{"id": id, "at": at} for id in ids])
        await session.execute(
            wish.on_conflict_do_update(index_elements=["id"], set_={"at": func.greatest(CutRow.at, at)})
        )


async def cuts(session: AsyncSession, since: datetime) -> dict[UUID, datetime]:
    rows = await session.execute(select(CutRow.id, CutRow.at).where(CutRow.at >= since))
    return {row.id: row.at for row in rows}


async def prune(session: AsyncSession, now: datetime, *, cuts: datetime, notices: datetime) -> None:
    """Remove sessions and keys whose time is over, and cuts and notices older than these moments."""
    await session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    await session.execute(delete(KeyRow).where(KeyRow.ends_at <= now))
    await session.execute(delete(CutRow).where(CutRow.at < cuts))
    await session.execute(delete(NoticeRow).where(NoticeRow.at < notices))


# -- signing keys


async def keys(session: AsyncSession, now: datetime) -> Sequence[KeyRow]:
    """Those that count, first the ones that sign first."""
    query = select(KeyRow).where((KeyRow.ends_at.is_(None)) | (KeyRow.ends_at > now))
    return (await session.scalars(query.order_by(KeyRow.signs_at, KeyRow.id))).all()


async def lock_keys(session: AsyncSession) -> None:
    """One process at a time makes a key, until its transaction ends."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_KEYS_LOCK})"))


async def add_key(session: AsyncSession, row: KeyRow) -> None:
    session.add(row)
    await session.flush()


async def end_keys(session: AsyncSession, ends_at: datetime, *, seal: str, but: str) -> None:
    """The keys of one seal count until `ends_at` at most."""
    await session.execute(
        update(KeyRow)
        .where(KeyRow.seal == seal, KeyRow.id != but, (KeyRow.ends_at.is_(None)) | (KeyRow.ends_at > ends_at))
        .values(ends_at=ends_at)
    )


async def delete_keys(
    session: AsyncSession, *, but: str | None = None, before: datetime | None = None
) -> None:
    query = delete(KeyRow)
    if but is not None:
        query = query.where(KeyRow.id != but)
    if before is not None:
        query = query.where(KeyRow.signs_at < before)
    await session.execute(query)


# -- notices


async def has_notice(session: AsyncSession, account_id: UUID, kind: str) -> bool:
    query = select(NoticeRow.id).where(NoticeRow.account_id == account_id, NoticeRow.kind == kind).limit(1)
    return await session.scalar(query) is not None


async def add_notice(session: AsyncSession, row: NoticeRow) -> None:
    session.add(row)
    await session.flush()


async def notices(session: AsyncSession, account_id: UUID, most: int) -> Sequence[NoticeRow]:
    """Newest first."""
    query = select(NoticeRow).where(NoticeRow.account_id == account_id)
    return (await session.scalars(query.order_by(NoticeRow.at.desc(), NoticeRow.id.desc()).limit(most))).all()


async def notice(session: AsyncSession, notice_id: UUID) -> tuple[NoticeRow, str | None] | None:
    """With the email of its account."""
    query = select(NoticeRow, AccountRow.email).join(AccountRow, AccountRow.id == NoticeRow.account_id)
    found = (await session.execute(query.where(NoticeRow.id == notice_id))).first()
    return None if found is None else (found[0], found[1])
