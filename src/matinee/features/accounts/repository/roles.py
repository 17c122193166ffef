"""Queries of who holds which role, and of which roles a second factor is asked. Never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, cast, delete, func, select, text, union_all, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import (
    AccountRow,
    FactorRoleRow,
    LetterRow,
    RestrictionRow,
    SessionRow,
    TokenRow,
)
from matinee.features.accounts.repository.standing import OPEN, held
from matinee.kernel.actor import OWNER_ROLE

_OWNERS_LOCK = 7_283_121


async def owners(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """People's open accounts with role `owner` that are let in and not limited, oldest first: a service owns no house
    alone."""
    query = (
        select(AccountRow.id)
        .outerjoin(RestrictionRow, held(now))
        .where(
            AccountRow.roles.contains([OWNER_ROLE]),
            AccountRow.kind == "person",
            AccountRow.waits.is_(False),
            RestrictionRow.id.is_(None),
            *OPEN,
        )
    )
    return (await session.scalars(query.order_by(AccountRow.created_at, AccountRow.id))).all()


async def lock_owners(session: AsyncSession) -> None:
    """One at a time ceases to be one, until its transaction ends."""
    await session.execute(text(f"SELECT pg_advisory_xact_lock({_OWNERS_LOCK})"))


async def count_holders(session: AsyncSession) -> dict[str, int]:
    """How many accounts hold each role, closed ones too."""
    role = func.unnest(AccountRow.roles).label("role")
    held = select(role).subquery()
    rows = await session.execute(select(held.c.role, func.count()).group_by(held.c.role))
    return {name: int(number) for name, number in rows}


async def holders(session: AsyncSession, role: str) -> Sequence[UUID]:
    return (await session.scalars(select(AccountRow.id).where(AccountRow.roles.contains([role])))).all()


async def keys_of(session: AsyncSession, account_ids: Sequence[UUID], now: datetime) -> Sequence[UUID]:
    """Ids of the sessions and tokens of all of these."""
    wanted = func.any(cast(list(account_ids), ARRAY(Uuid)))
    sessions = select(SessionRow.id).where(SessionRow.account_id == wanted, SessionRow.expires_at > now)
    tokens = select(TokenRow.id).where(TokenRow.account_id == wanted)
    return (await session.scalars(union_all(sessions, tokens))).all()


async def take_from_all(session: AsyncSession, role: str) -> Sequence[tuple[UUID, list[str]]]:
    """(account, what it holds now) of all who held it."""
    taken = (
        update(AccountRow)
        .where(AccountRow.roles.contains([role]))
        .values(roles=func.array_remove(AccountRow.roles, role))
        .returning(AccountRow.id, AccountRow.roles)
    )
    return [(row.id, row.roles) for row in await session.execute(taken)]


async def drop_handed_out(session: AsyncSession, role: str) -> None:
    """Links for a new password of all who hold it, where no letter brought them."""
    held_by = select(AccountRow.id).where(AccountRow.roles.contains([role]))
    links = (LetterRow.kind == "reset", LetterRow.address == "", LetterRow.account_id.in_(held_by))
    await session.execute(delete(LetterRow).where(*links))


async def asks_factor(session: AsyncSession, roles: Sequence[str]) -> bool:
    """Whether a second factor is asked of any of these."""
    query = select(FactorRoleRow.role).where(FactorRoleRow.role.in_(roles)).limit(1)
    return await session.scalar(query) is not None


async def ask_factor(session: AsyncSession, role: str) -> bool:
    """False where it is asked already."""
    wish = insert(FactorRoleRow).values(role=role).on_conflict_do_nothing().returning(FactorRoleRow.role)
    return await session.scalar(wish) is not None


async def ask_no_factor(session: AsyncSession, role: str) -> bool:
    """False where none was asked."""
    wish = delete(FactorRoleRow).where(FactorRoleRow.role == role).returning(FactorRoleRow.role)
    return await session.scalar(wish) is not None
