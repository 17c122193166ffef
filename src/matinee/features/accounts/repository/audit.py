"""Queries of the audit log, its heads, pseudonyms and counted refusals."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Uuid,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import (
    BACKUPS,
    AccountRow,
    AuditHeadRow,
    AuditRow,
    PseudonymRow,
    RefusalRow,
    SessionRow,
)

_CHAIN_LOCK = 7_283_116

Position = tuple[datetime, UUID]
Entry = Row[Any]
_ENTRIES = select(*AuditRow.__table__.c)  # as plain values: nobody changes an entry by accident


# -- pseudonyms


async def add_pseudonym(session: AsyncSession, account_id: UUID, *, id: UUID, key: bytes) -> None:
    """Nothing happens where the account has one, or is gone."""
    there = select(AccountRow.id, literal(id, Uuid()), literal(key, LargeBinary())).where(
        AccountRow.id == account_id
    )
    wish = insert(PseudonymRow).from_select(["account_id", "id", "key"], there)
    await session.execute(wish.on_conflict_do_nothing(index_elements=["account_id"]))


async def pseudonyms(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, bytes]]:
    """(pseudonym, key) by account."""
    rows = await session.execute(
        select(PseudonymRow.account_id, PseudonymRow.id, PseudonymRow.key).where(
            PseudonymRow.account_id.in_(account_ids)
        )
    )
    return {row.account_id: (row.id, row.key) for row in rows}


async def persons(
    session: AsyncSession, pseudonyms: Collection[UUID]
) -> dict[UUID, tuple[str | None, bytes]]:
    """(name to sign in with, key) of those whose accounts still stand."""
    rows = await session.execute(
        select(PseudonymRow.id, AccountRow.login_name, PseudonymRow.key)
        .join(AccountRow, AccountRow.id == PseudonymRow.account_id)
        .where(PseudonymRow.id.in_(pseudonyms))
    )
    return {row.id: (row.login_name, row.key) for row in rows}


async def where_of(session: AsyncSession, session_id: UUID) -> tuple[str, str] | None:
    """Device and place of a session, as of its last refresh."""
    row = (
        await session.execute(select(SessionRow.device, SessionRow.place).where(SessionRow.id == session_id))
    ).first()
    return None if row is None else (row.device, row.place)


# -- entries


async def add(session: AsyncSession, **values: Any) -> None:
    await session.execute(insert(AuditRow).values(**values))


async def lock(session: AsyncSession) -> None:
    """One process at a time links entries, or shortens the chain, until its transaction ends."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})"))


async def waiting(session: AsyncSession, limit: int) -> Sequence[Entry]:
    """Entries without a place in the chain, oldest first."""
    query = _ENTRIES.where(AuditRow.seq.is_(None)).order_by(AuditRow.at, AuditRow.id)
    return (await session.execute(query.limit(limit))).all()


async def waits(session: AsyncSession) -> tuple[int, datetime | None]:
    """How many entries wait for their place, and since when."""
    row = (
        await session.execute(
            select(func.count(), func.min(AuditRow.at)).select_from(AuditRow).where(AuditRow.seq.is_(None))
        )
    ).one()
    return row[0], row[1]


async def link(session: AsyncSession, links: Sequence[tuple[UUID, int, bytes]]) -> None:
    """Give entries their places, (id, seq, digest) each."""
    await session.execute(
        update(AuditRow), [{"id": id, "seq": seq, "digest": digest} for id, seq, digest in links]
    )


async def last(session: AsyncSession) -> tuple[int, bytes] | None:
    """(seq, digest) of the last entry of the chain."""
    query = _ENTRIES.where(AuditRow.seq.is_not(None)).order_by(AuditRow.seq.desc()).limit(1)
    row = (await session.execute(query)).first()
    return None if row is None else (row.seq, row.digest)


async def place(session: AsyncSession, seq: int) -> bytes | None:
    """The digest at `seq`."""
    return await session.scalar(select(AuditRow.digest).where(AuditRow.seq == seq))


async def linked(session: AsyncSession, after: int, limit: int) -> Sequence[Entry]:
    """Entries of the chain behind `after`, in its order."""
    query = _ENTRIES.where(AuditRow.seq > after).order_by(AuditRow.seq).limit(limit)
    return (await session.execute(query)).all()


async def first_since(session: AsyncSession, moment: datetime) -> int | None:
    """The first place in the chain whose entry is from `moment` or later; None when all are older."""
    return await session.scalar(
        select(func.min(AuditRow.seq)).where(AuditRow.at >= moment, AuditRow.seq.is_not(None))
    )


async def shorten(session: AsyncSession, before: int) -> int:
    """Remove the entries of the chain before `before`. Returns how many there were."""
    await session.execute(text("SELECT set_config('matinee.audit_shortens', 'on', true)"))
    gone = await session.execute(delete(AuditRow).where(AuditRow.seq < before))
    await session.execute(text("SELECT set_config('matinee.audit_shortens', '', true)"))
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def entries(
    session: AsyncSession,
    *,
    of: UUID | None = None,
    act: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Position | None = None,
    limit: int,
) -> Sequence[Entry]:
    """Newest first. `of`: by or about this pseudonym. `act`: this one, or all of a kind that ends in a dot."""
    wanted: list[ColumnElement[bool]] = []
    if of is not None:
        wanted.append(or_(AuditRow.by_id == of, AuditRow.about_id == of))
    if act is not None:
        wanted.append(
            AuditRow.act.startswith(act, autoescape=True) if act.endswith(".") else AuditRow.act == act
        )
    if since is not None:
        wanted.append(AuditRow.at >= since)
    if until is not None:
        wanted.append(AuditRow.at < until)
    if before is not None:
        wanted.append(tuple_(AuditRow.at, AuditRow.id) < before)
    query = _ENTRIES.where(*wanted).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
    return (await session.execute(query)).all()


async def last_backup_at(session: AsyncSession) -> datetime | None:
    return await session.scalar(select(func.max(AuditRow.at)).where(BACKUPS))


# -- heads


async def heads(session: AsyncSession) -> Sequence[AuditHeadRow]:
    """The one that reaches furthest first."""
    query = select(AuditHeadRow).order_by(AuditHeadRow.seq.desc(), AuditHeadRow.at.desc())
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def set_head(session: AsyncSession, **values: Any) -> None:
    wish = insert(AuditHeadRow).values(**values)
    rest = {name: value for name, value in values.items() if name != "seal"}
    await session.execute(wish.on_conflict_do_update(index_elements=["seal"], set_=rest))


# -- refusals that have no entry of their own


async def refusals(session: AsyncSession) -> dict[UUID, RefusalRow]:
    return {row.id: row for row in await session.scalars(select(RefusalRow).with_for_update())}


async def add_refusal(session: AsyncSession, id: UUID, since: datetime) -> None:
    await session.execute(insert(RefusalRow).values(id=id, tries=0, since=since).on_conflict_do_nothing())


async def delete_refusals(session: AsyncSession, ids: Collection[UUID]) -> None:
    await session.execute(delete(RefusalRow).where(RefusalRow.id.in_(ids)))


async def accounts_of(session: AsyncSession, pseudonyms: Collection[UUID]) -> dict[UUID, UUID]:
    """Account by pseudonym."""
    rows = await session.execute(
        select(PseudonymRow.id, PseudonymRow.account_id).where(PseudonymRow.id.in_(pseudonyms))
    )
    return {row.id: row.account_id for row in rows}
