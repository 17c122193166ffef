"""Queries of the directory of accounts. Never decides who may see what it finds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, literal_column, or_, select, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import (
    SHOWN_WORDS,
    AccountRow,
    AuditRow,
    PasskeyRow,
    RestrictionRow,
    TotpRow,
)
from matinee.features.accounts.repository.standing import held, held_ids

SEEN_EXACT_TO = timedelta(hours=1)
_LAST = func.coalesce(AccountRow.seen_at, AccountRow.created_at)
_NAMES: ColumnElement[str] = literal_column(SHOWN_WORDS)
_APP = exists().where(TotpRow.account_id == AccountRow.id, TotpRow.confirmed_at.is_not(None))
_PASSKEY = exists().where(PasskeyRow.account_id == AccountRow.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`handle` and `address` are beginnings; `names` is a query for words that begin so."""

    handle: str | None = None
    names: str | None = None
    address: str | None = None
    role: str | None = None
    state: str | None = None
    factor: bool | None = None
    kind: str | None = None


async def page(
    session: AsyncSession,
    wanted: Filter,
    *,
    by_last: bool,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Sequence[tuple[AccountRow, RestrictionRow | None]]:
    """With what each is held by now. Newest first, or last seen first."""
    at = _LAST if by_last else AccountRow.created_at
    conditions = _conditions(wanted, now)
    if before is not None:
        conditions.append(tuple_(at, AccountRow.id) < before)
    called = _called(wanted)
    query = select(AccountRow, RestrictionRow).outerjoin(RestrictionRow, held(now))
    if called:
        # All who are called so come first, each way by its index: else the newest are looked through one by one.
        found = union(*(select(AccountRow.id, at.label("at")).where(one, *conditions) for one in called)).cte(
            "found"
        )
        found = found.prefix_with("MATERIALIZED")
        first = select(found.c.id).order_by(found.c.at.desc(), found.c.id.desc()).limit(limit)
        query = query.where(AccountRow.id.in_(first))
    else:
        query = query.where(*conditions)
    rows = await session.execute(query.order_by(at.desc(), AccountRow.id.desc()).limit(limit))
    return [(row[0], row[1]) for row in rows]


def _called(wanted: Filter) -> list[ColumnElement[bool]]:
    called: list[ColumnElement[bool]] = []
    if wanted.handle is not None:
        called.append(AccountRow.login_name.startswith(wanted.handle, autoescape=True))
    if wanted.names is not None:
        called.append(_NAMES.op("@@")(func.to_tsquery(literal_column("'simple'"), wanted.names)))
    if wanted.address is not None:
        called.append(AccountRow.email.startswith(wanted.address, autoescape=True))
    return called


def _conditions(wanted: Filter, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        found.append(AccountRow.roles.contains([wanted.role]))
    if wanted.state is not None:
        found += _in_state(wanted.state, now)
    if wanted.factor is not None:
        held = or_(_APP, _PASSKEY)
        found.append(held if wanted.factor else ~held)
    if wanted.kind is not None:
        found.append(AccountRow.kind == wanted.kind)
    return found


def _in_state(state: str, now: datetime) -> list[ColumnElement[bool]]:
    """Each account is in one of them."""
    if state == "leaving":
        return [AccountRow.erasure_id.is_not(None)]
    present = AccountRow.erasure_id.is_(None)
    if state == "waiting":
        return [present, AccountRow.waits.is_(True), AccountRow.id.not_in(held_ids(now, "suspended"))]
    if state == "open":
        return [present, AccountRow.waits.is_(False), AccountRow.id.not_in(held_ids(now))]
    held_back = AccountRow.id.in_(held_ids(now, state))
    return [present, held_back] if state == "suspended" else [present, held_back, AccountRow.waits.is_(False)]


async def factors(session: AsyncSession, account_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Kinds of second factors, of those that have any."""
    found: dict[UUID, list[str]] = {}
    for name, query in (
        ("passkey", select(PasskeyRow.account_id).where(PasskeyRow.account_id.in_(account_ids)).distinct()),
        (
            "app",
            select(TotpRow.account_id).where(
                TotpRow.account_id.in_(account_ids), TotpRow.confirmed_at.is_not(None)
            ),
        ),
    ):
        for account_id in await session.scalars(query):
            found.setdefault(account_id, []).append(name)
    return found


async def seen(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """The account was used, to an hour. Waits for nobody: who holds its row may be waiting for this transaction."""
    stale = or_(AccountRow.seen_at.is_(None), AccountRow.seen_at < now - SEEN_EXACT_TO)
    free = select(AccountRow.id).where(AccountRow.id == account_id, stale)
    await session.execute(
        update(AccountRow)
        .where(AccountRow.id.in_(free.with_for_update(skip_locked=True, key_share=True)))
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def looked_up(
    session: AsyncSession, act: str, *, by: UUID | None, about: UUID, since: datetime
) -> bool:
    """Whether an entry of the audit log says so since then."""
    noted = exists().where(
        AuditRow.act == act,
        AuditRow.about_id == about,
        AuditRow.by_id.is_not_distinct_from(by),
        AuditRow.at > since,
    )
    return bool(await session.scalar(select(noted)))
