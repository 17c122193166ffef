"""Queries of admission. Private to the room; never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.admission.models import (
    ApplicationRow,
    InvitationRow,
    InvitedRow,
    PassRow,
    PolicyRow,
    SpentRow,
)

_LOCKS = 7_283_119
"""Of everything that counts before it adds."""


async def lock(session: AsyncSession, what: str) -> None:
    """One at a time counts `what` and adds to it, until its transaction ends."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(:room, hashtext(:what))"), {"room": _LOCKS, "what": what}
    )


# -- the policy


async def policy(session: AsyncSession) -> PolicyRow | None:
    return await session.scalar(select(PolicyRow).execution_options(populate_existing=True))


async def put_policy(session: AsyncSession, **values: Any) -> None:
    wish = insert(PolicyRow).values(id=1, **values)
    await session.execute(wish.on_conflict_do_update(index_elements=["id"], set_=values))


# -- challenges that were used


async def spend(session: AsyncSession, salt: str, now: datetime) -> bool:
    """False when it was used already. Waits for whoever is just using it."""
    wish = insert(SpentRow).values(salt=salt, at=now).on_conflict_do_nothing().returning(SpentRow.salt)
    return await session.scalar(wish) is not None


async def is_spent(session: AsyncSession, salt: str) -> bool:
    return await session.scalar(select(SpentRow.salt).where(SpentRow.salt == salt)) is not None


async def spent_since(session: AsyncSession, since: datetime) -> int:
    return await session.scalar(select(func.count()).select_from(SpentRow).where(SpentRow.at > since)) or 0


# -- invitations


async def add_invitation(session: AsyncSession, **values: Any) -> None:
    await session.execute(insert(InvitationRow).values(used=0, **values))


def _open(now: datetime) -> tuple[Any, ...]:
    return (InvitationRow.used < InvitationRow.uses, InvitationRow.expires_at > now)


async def invitation_by_secret(
    session: AsyncSession, secret_hash: bytes, now: datetime
) -> InvitationRow | None:
    query = select(InvitationRow).where(InvitationRow.secret_hash == secret_hash, *_open(now))
    return await session.scalar(query.execution_options(populate_existing=True))


async def invitation(session: AsyncSession, invitation_id: UUID, now: datetime) -> InvitationRow | None:
    """One that is open."""
    query = select(InvitationRow).where(InvitationRow.id == invitation_id, *_open(now))
    return await session.scalar(query.execution_options(populate_existing=True))


async def use(session: AsyncSession, invitation_id: UUID, now: datetime) -> bool:
    """Take one use. False when none is left: of several at once, as many succeed as there are uses."""
    wish = update(InvitationRow).where(InvitationRow.id == invitation_id, *_open(now))
    taken = await session.execute(wish.values(used=InvitationRow.used + 1).returning(InvitationRow.id))
    return taken.first() is not None


async def invitations(
    session: AsyncSession, *, of: UUID | None = None, open_at: datetime | None = None, most: int
) -> Sequence[InvitationRow]:
    """Newest first. `of`: made by this account; `open_at`: those that open something then."""
    query = select(InvitationRow).order_by(InvitationRow.created_at.desc(), InvitationRow.id.desc())
    query = query if of is None else query.where(InvitationRow.made_by == of)
    query = query if open_at is None else query.where(*_open(open_at))
    return (await session.scalars(query.limit(most).execution_options(populate_existing=True))).all()


async def delete_invitation(
    session: AsyncSession, invitation_id: UUID, *, of: UUID | None = None
) -> InvitationRow | None:
    query = delete(InvitationRow).where(InvitationRow.id == invitation_id)
    query = query if of is None else query.where(InvitationRow.made_by == of)
    return await session.scalar(query.returning(InvitationRow))


async def add_invited(session: AsyncSession, account_id: UUID, by_id: UUID, now: datetime) -> None:
    await session.execute(insert(InvitedRow).values(account_id=account_id, by_id=by_id, at=now))


async def invited(
    session: AsyncSession, *, by: UUID | None = None, about: UUID | None = None, most: int
) -> Sequence[InvitedRow]:
    """Newest first."""
    query = select(InvitedRow).order_by(InvitedRow.at.desc(), InvitedRow.account_id.desc())
    query = query if by is None else query.where(InvitedRow.by_id == by)
    query = (
        query
        if about is None
        else query.where(or_(InvitedRow.by_id == about, InvitedRow.account_id == about))
    )
    return (await session.scalars(query.limit(most))).all()


async def add_pass(session: AsyncSession, letter_id: UUID, invitation_id: UUID) -> None:
    await session.execute(insert(PassRow).values(letter_id=letter_id, invitation_id=invitation_id))


async def pass_of(session: AsyncSession, letter_id: UUID) -> UUID | None:
    """The invitation with which a letter was asked for."""
    return await session.scalar(select(PassRow.invitation_id).where(PassRow.letter_id == letter_id))


# -- applications


async def add_application(session: AsyncSession, **values: Any) -> None:
    await session.execute(insert(ApplicationRow).values(state="waiting", **values))


async def application(
    session: AsyncSession, account_id: UUID, *, lock: bool = False
) -> ApplicationRow | None:
    query = select(ApplicationRow).where(ApplicationRow.account_id == account_id)
    query = query.execution_options(populate_existing=True)
    return await session.scalar(query.with_for_update() if lock else query)


async def applications(
    session: AsyncSession, state: str, *, after: tuple[datetime, UUID] | None, most: int
) -> Sequence[ApplicationRow]:
    """Oldest first."""
    query = select(ApplicationRow).where(ApplicationRow.state == state)
    if after is not None:
        key = func.row(ApplicationRow.asked_at, ApplicationRow.account_id)
        query = query.where(key > func.row(*after))
    query = query.order_by(ApplicationRow.asked_at, ApplicationRow.account_id).limit(most)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def count_waiting(session: AsyncSession) -> int:
    query = select(func.count()).select_from(ApplicationRow).where(ApplicationRow.state == "waiting")
    return await session.scalar(query) or 0


async def refused_before(session: AsyncSession, before: datetime, most: int) -> Sequence[UUID]:
    query = select(ApplicationRow.account_id).where(
        ApplicationRow.state == "refused", ApplicationRow.decided_at < before
    )
    return (await session.scalars(query.order_by(ApplicationRow.decided_at).limit(most))).all()


async def delete_application(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(ApplicationRow).where(ApplicationRow.account_id == account_id))


# -- the end


async def prune(session: AsyncSession, *, invitations: datetime, spent: datetime) -> None:
    """Invitations that ended, and challenges that were used, before these moments."""
    await session.execute(delete(InvitationRow).where(InvitationRow.expires_at < invitations))
    await session.execute(delete(SpentRow).where(SpentRow.at < spent))


async def remove(session: AsyncSession, account_id: UUID) -> None:
    """All that is about an account."""
    await session.execute(delete(InvitationRow).where(InvitationRow.made_by == account_id))
    theirs = or_(InvitedRow.account_id == account_id, InvitedRow.by_id == account_id)
    await session.execute(delete(InvitedRow).where(theirs))
    await delete_application(session, account_id)
