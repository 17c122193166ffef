"""Queries of second factors and of what takes two requests. Never decides anything."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import PasskeyRow, RecoveryCodeRow, StepRow, TotpRow

Row = TotpRow | PasskeyRow | RecoveryCodeRow


async def add(session: AsyncSession, *rows: Row) -> None:
    session.add_all(rows)
    await session.flush()


async def has_any(session: AsyncSession, account_id: UUID) -> bool:
    totp_on = exists().where(TotpRow.account_id == account_id, TotpRow.confirmed_at.is_not(None))
    passkey_on = exists().where(PasskeyRow.account_id == account_id)
    return bool(await session.scalar(select(or_(totp_on, passkey_on))))


async def delete_all(session: AsyncSession, account_id: UUID) -> None:
    for table in (TotpRow, PasskeyRow, RecoveryCodeRow):
        await session.execute(delete(table).where(table.account_id == account_id))


# -- codes of an app


async def totp(
    session: AsyncSession, account_id: UUID, *, draft_since: datetime | None = None
) -> TotpRow | None:
    """The one that counts; with `draft_since` the one made since then that waits for its first right code."""
    query = select(TotpRow).where(TotpRow.account_id == account_id)
    if draft_since is None:
        query = query.where(TotpRow.confirmed_at.is_not(None))
    else:
        query = query.where(TotpRow.confirmed_at.is_(None), TotpRow.created_at >= draft_since)
    return await session.scalar(query.order_by(TotpRow.id.desc()).limit(1))


async def every_totp(session: AsyncSession, *, but_seal: str) -> Sequence[TotpRow]:
    """Those of all accounts that are sealed otherwise, locked."""
    query = select(TotpRow).where(TotpRow.seal != but_seal).order_by(TotpRow.id).with_for_update()
    return (await session.scalars(query)).all()


async def take_step(session: AsyncSession, id: UUID, step: int, now: datetime) -> bool:
    """False when the code of this step or of a later one was taken before, by whomever at the same moment."""
    taken = await session.scalar(
        update(TotpRow)
        .where(TotpRow.id == id, TotpRow.last_step < step)
        .values(last_step=step, last_used_at=now)
        .returning(TotpRow.id)
    )
    return taken is not None


async def delete_totp(
    session: AsyncSession, account_id: UUID, *, but: UUID | None = None, drafts_alone: bool = False
) -> bool:
    """Whether one that counts is gone; a draft never counted."""
    query = delete(TotpRow).where(TotpRow.account_id == account_id)
    if but is not None:
        query = query.where(TotpRow.id != but)
    if drafts_alone:
        query = query.where(TotpRow.confirmed_at.is_(None))
    return any((await session.scalars(query.returning(TotpRow.confirmed_at))).all())


# -- passkeys


async def passkeys(session: AsyncSession, account_id: UUID) -> Sequence[PasskeyRow]:
    """Oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.account_id == account_id).order_by(PasskeyRow.id)
    return (await session.scalars(query)).all()


async def passkey(session: AsyncSession, credential_id: bytes) -> PasskeyRow | None:
    """Locked."""
    query = select(PasskeyRow).where(PasskeyRow.credential_id == credential_id)
    return await session.scalar(query.with_for_update().execution_options(populate_existing=True))


async def delete_passkey(session: AsyncSession, account_id: UUID, id: UUID) -> str | None:
    """Its name; None when there is none."""
    query = delete(PasskeyRow).where(PasskeyRow.id == id, PasskeyRow.account_id == account_id)
    return await session.scalar(query.returning(PasskeyRow.name))


# -- recovery codes


async def count_recovery_codes(session: AsyncSession, account_id: UUID) -> int:
    query = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id)
    return await session.scalar(query) or 0


async def take_recovery_code(session: AsyncSession, account_id: UUID, code_hash: bytes) -> bool:
    """Remove it; False when there is none, or somebody else did."""
    query = delete(RecoveryCodeRow).where(
        RecoveryCodeRow.account_id == account_id, RecoveryCodeRow.code_hash == code_hash
    )
    return await session.scalar(query.returning(RecoveryCodeRow.id)) is not None


async def delete_recovery_codes(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))


# -- steps


async def put_step(
    session: AsyncSession,
    *,
    kind: str,
    bound_to: bytes,
    account_id: UUID | None,
    challenge: bytes | None,
    expires_at: datetime,
) -> None:
    """In place of the one before it."""
    values = {"account_id": account_id, "challenge": challenge, "tries": 0, "expires_at": expires_at}
    await session.execute(
        insert(StepRow)
        .values(kind=kind, bound_to=bound_to, **values)
        .on_conflict_do_update(index_elements=["kind", "bound_to"], set_=values)
    )


async def step(session: AsyncSession, kind: str, bound_to: bytes, now: datetime) -> StepRow | None:
    query = select(StepRow).where(
        StepRow.kind == kind, StepRow.bound_to == bound_to, StepRow.expires_at > now
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def try_step(
    session: AsyncSession, kind: str, bound_to: bytes, now: datetime, most: int
) -> tuple[UUID, int] | None:
    """Count one try. Returns whose step it is and how many tries there were; None when it is over or has none left."""
    row = (
        await session.execute(
            update(StepRow)
            .where(
                and_(StepRow.kind == kind, StepRow.bound_to == bound_to),
                and_(StepRow.expires_at > now, StepRow.tries < most),
            )
            .values(tries=StepRow.tries + 1)
            .returning(StepRow.account_id, StepRow.tries)
        )
    ).first()
    return None if row is None or row.account_id is None else (row.account_id, row.tries)


async def take_step_of(
    session: AsyncSession, kind: str, bound_to: bytes, now: datetime
) -> tuple[UUID | None, bytes | None] | None:
    """End it: whose it was, and its challenge. None when it is over, or somebody else ended it."""
    row = (
        await session.execute(
            delete(StepRow)
            .where(StepRow.kind == kind, StepRow.bound_to == bound_to)
            .returning(StepRow.account_id, StepRow.challenge, StepRow.expires_at)
        )
    ).first()
    return None if row is None or row.expires_at <= now else (row.account_id, row.challenge)


async def drop_steps(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(StepRow).where(StepRow.account_id == account_id))


async def prune(session: AsyncSession, now: datetime, *, drafts: datetime) -> None:
    """Remove steps whose time is over, and secrets that no first code confirmed."""
    await session.execute(delete(StepRow).where(StepRow.expires_at <= now))
    await session.execute(delete(TotpRow).where(TotpRow.confirmed_at.is_(None), TotpRow.created_at < drafts))
