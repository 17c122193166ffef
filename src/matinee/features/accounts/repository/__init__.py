"""Queries of accounts. Private to the room; never decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.accounts.models import (
    AccountRow,
    DeviceRow,
    LetterRow,
    RestrictionRow,
    ThrottleRow,
    TokenRow,
)
from matinee.features.accounts.repository.standing import OPEN, held


@dataclass(frozen=True, slots=True)
class Access:
    """A living token joined with its account, and with what that is limited by."""

    key: UUID
    account_id: UUID
    kind: str
    roles: list[str]
    scopes: list[str]
    waits: bool
    used_at: datetime | None
    limit: RestrictionRow | None


_TOLD_AT_ONCE = 1_000


async def add_account(
    session: AsyncSession,
    *,
    id: UUID,
    email: str | None,
    password_hash: str | None,
    roles: Sequence[str],
    now: datetime,
    email_verified_at: datetime | None = None,
    waits: bool = False,
    kind: str = "person",
    password_made_up_at: datetime | None = None,
) -> bool:
    """False when the email is taken."""
    added = await session.scalar(
        insert(AccountRow)
        .values(
            id=id,
            kind=kind,
            email=email,
            password_hash=password_hash,
            roles=list(roles),
            created_at=now,
            email_verified_at=email_verified_at,
            waits=waits,
            password_made_up_at=password_made_up_at,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(AccountRow.id)
    )
    return added is not None


async def account(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> AccountRow | None:
    query = select(AccountRow).where(AccountRow.id == account_id).execution_options(populate_existing=True)
    return await session.scalar(query.with_for_update() if lock else query)


async def several(session: AsyncSession, account_ids: Sequence[UUID]) -> Sequence[AccountRow]:
    return (await session.scalars(select(AccountRow).where(AccountRow.id.in_(account_ids)))).all()


async def waits(session: AsyncSession, account_id: UUID) -> bool:
    return bool(await session.scalar(select(AccountRow.waits).where(AccountRow.id == account_id)))


async def by_login(session: AsyncSession, login: str) -> AccountRow | None:
    """By email or handle. No handle holds an @, so at most one fits."""
    return await session.scalar(
        select(AccountRow).where(or_(AccountRow.email == login, AccountRow.login_name == login))
    )


async def by_erasure(session: AsyncSession, erasure_id: UUID) -> UUID | None:
    return await session.scalar(select(AccountRow.id).where(AccountRow.erasure_id == erasure_id))


async def overdue(session: AsyncSession, before: datetime) -> Sequence[UUID]:
    """Erasures that should have begun before that."""
    query = select(AccountRow.erasure_id).where(AccountRow.leaves_at < before)
    return [one for one in await session.scalars(query) if one is not None]


async def set_login_name(session: AsyncSession, account_id: UUID, name: str | None) -> bool:
    """False when somebody else has the name. The transaction stays usable."""
    try:
        async with session.begin_nested():
            await session.execute(
                update(AccountRow).where(AccountRow.id == account_id).values(login_name=name)
            )
    except IntegrityError:
        return False
    return True


async def set_email(
    session: AsyncSession, account_id: UUID, email: str, verified_at: datetime | None
) -> bool:
    """False when another account has it. The transaction stays usable."""
    try:
        async with session.begin_nested():
            await session.execute(
                update(AccountRow)
                .where(AccountRow.id == account_id)
                .values(email=email, email_verified_at=verified_at)
            )
    except IntegrityError:
        return False
    return True


async def delete_account(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(AccountRow).where(AccountRow.id == account_id))


# -- tokens of programs


def _lives(now: datetime) -> ColumnElement[bool]:
    return or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)


async def token_access(session: AsyncSession, secret_hash: bytes, now: datetime) -> Access | None:
    row = (
        await session.execute(
            select(
                TokenRow.id,
                AccountRow.id,
                AccountRow.kind,
                AccountRow.roles,
                TokenRow.scopes,
                AccountRow.waits,
                TokenRow.last_used_at,
                RestrictionRow,
            )
            .join(AccountRow, AccountRow.id == TokenRow.account_id)
            .outerjoin(RestrictionRow, held(now))
            .where(TokenRow.secret_hash == secret_hash, _lives(now), *OPEN)
        )
    ).first()
    return Access(*row) if row is not None else None


async def touch_token(session: AsyncSession, key: UUID, now: datetime) -> None:
    free = select(TokenRow.id).where(TokenRow.id == key).with_for_update(skip_locked=True)
    await session.execute(update(TokenRow).where(TokenRow.id.in_(free)).values(last_used_at=now))


async def tokens(session: AsyncSession, account_id: UUID, now: datetime) -> Sequence[TokenRow]:
    query = (
        select(TokenRow).where(TokenRow.account_id == account_id, _lives(now)).order_by(TokenRow.id.desc())
    )
    return (await session.scalars(query)).all()


async def count_tokens(session: AsyncSession, account_id: UUID, now: datetime) -> int:
    query = select(func.count()).select_from(TokenRow).where(TokenRow.account_id == account_id, _lives(now))
    return await session.scalar(query) or 0


async def add_token(
    session: AsyncSession,
    *,
    id: UUID,
    account_id: UUID,
    secret_hash: bytes,
    name: str,
    via: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> None:
    session.add(
        TokenRow(
            id=id,
            account_id=account_id,
            secret_hash=secret_hash,
            name=name,
            via=via,
            scopes=list(scopes),
            created_at=now,
            expires_at=expires_at,
        )
    )
    await session.flush()


async def take_ending_tokens(
    session: AsyncSession, now: datetime, ahead: timedelta
) -> Sequence[tuple[UUID, str, datetime]]:
    """(account, name, end) of those of open accounts that end within `ahead`, were made to live longer, and were not
    told of yet; now they are."""
    soon = (
        select(TokenRow.id)
        .join(AccountRow, AccountRow.id == TokenRow.account_id)
        .outerjoin(RestrictionRow, held(now))
        .where(
            TokenRow.expires_at > now,
            TokenRow.expires_at <= now + ahead,
            TokenRow.expires_at - TokenRow.created_at > ahead,
            TokenRow.end_told_at.is_(None),
            *OPEN,
        )
        .order_by(TokenRow.expires_at)
        .limit(_TOLD_AT_ONCE)
        .with_for_update(of=TokenRow, skip_locked=True)
    )
    taken = update(TokenRow).where(TokenRow.id.in_(soon)).values(end_told_at=now)
    rows = await session.execute(taken.returning(TokenRow.account_id, TokenRow.name, TokenRow.expires_at))
    return [(row.account_id, row.name, row.expires_at) for row in rows]


async def token_rights(
    session: AsyncSession, key: UUID, now: datetime
) -> tuple[str, list[str], list[str], RestrictionRow | None] | None:
    """Kind and roles of the open account behind a token, its scopes, and what the account is limited by; None when
    either has gone."""
    row = (
        await session.execute(
            select(AccountRow.kind, AccountRow.roles, TokenRow.scopes, RestrictionRow)
            .join(TokenRow, AccountRow.id == TokenRow.account_id)
            .outerjoin(RestrictionRow, held(now))
            .where(TokenRow.id == key, _lives(now), *OPEN)
        )
    ).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


async def delete_token(session: AsyncSession, account_id: UUID, token_id: UUID) -> str | None:
    """Its name; None when this account has no such token."""
    return await session.scalar(
        delete(TokenRow)
        .where(TokenRow.id == token_id, TokenRow.account_id == account_id)
        .returning(TokenRow.name)
    )


async def delete_tokens(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(TokenRow).where(TokenRow.account_id == account_id))


# -- devices


async def add_device(session: AsyncSession, row: DeviceRow) -> None:
    session.add(row)
    await session.flush()


async def user_code_taken(session: AsyncSession, code_hash: bytes) -> bool:
    return await session.scalar(select(DeviceRow.id).where(DeviceRow.code_hash == code_hash)) is not None


async def device_by_secret(
    session: AsyncSession, secret_hash: bytes, now: datetime, *, lock: bool = False
) -> DeviceRow | None:
    query = select(DeviceRow).where(DeviceRow.secret_hash == secret_hash, DeviceRow.expires_at > now)
    query = query.execution_options(populate_existing=True)
    return await session.scalar(query.with_for_update() if lock else query)


async def device_by_code(session: AsyncSession, code_hash: bytes, now: datetime) -> DeviceRow | None:
    query = select(DeviceRow).where(DeviceRow.code_hash == code_hash, DeviceRow.expires_at > now)
    return await session.scalar(query.with_for_update())


async def devices_of(session: AsyncSession, account_id: UUID) -> Sequence[DeviceRow]:
    query = select(DeviceRow).where(DeviceRow.account_id == account_id).order_by(DeviceRow.id)
    return (await session.scalars(query)).all()


async def delete_device(session: AsyncSession, row: DeviceRow) -> None:
    await session.delete(row)


async def delete_devices(session: AsyncSession, account_id: UUID) -> None:
    await session.execute(delete(DeviceRow).where(DeviceRow.account_id == account_id))


# -- letters


async def add_letter(session: AsyncSession, row: LetterRow) -> None:
    session.add(row)
    await session.flush()


async def letter(session: AsyncSession, letter_id: UUID, now: datetime) -> LetterRow | None:
    """One whose time is not over, locked."""
    query = select(LetterRow).where(LetterRow.id == letter_id, LetterRow.expires_at > now)
    return await session.scalar(query.with_for_update())


async def letter_by_secret(
    session: AsyncSession, kinds: Sequence[str], secret_hash: bytes, now: datetime
) -> LetterRow | None:
    query = select(LetterRow).where(
        LetterRow.kind.in_(kinds), LetterRow.secret_hash == secret_hash, LetterRow.expires_at > now
    )
    return await session.scalar(query)


async def letters_of(session: AsyncSession, account_id: UUID, now: datetime) -> Sequence[LetterRow]:
    query = select(LetterRow).where(LetterRow.account_id == account_id, LetterRow.expires_at > now)
    return (await session.scalars(query.order_by(LetterRow.id))).all()


async def take_letter(session: AsyncSession, letter_id: UUID) -> bool:
    """Remove it; False when somebody else did."""
    query = delete(LetterRow).where(LetterRow.id == letter_id).returning(LetterRow.id)
    return await session.scalar(query) is not None


async def drop_letters(
    session: AsyncSession, kind: str, *, account_id: UUID, but: UUID | None = None, but_to: str | None = None
) -> None:
    query = delete(LetterRow).where(LetterRow.kind == kind, LetterRow.account_id == account_id)
    query = query if but_to is None else query.where(LetterRow.address != but_to)
    await session.execute(query if but is None else query.where(LetterRow.id != but))


async def drop_letters_to(
    session: AsyncSession, addresses: Sequence[str], *, kind: str | None = None, but: UUID | None = None
) -> None:
    query = delete(LetterRow).where(LetterRow.address.in_(addresses))
    query = query if kind is None else query.where(LetterRow.kind == kind)
    await session.execute(query if but is None else query.where(LetterRow.id != but))


# -- counters


async def count_try(
    session: AsyncSession, key: bytes, now: datetime, ends_at: datetime
) -> tuple[int, datetime]:
    """Count one more try. Returns the tries of the present window and its end; a new one ends at `ends_at`."""
    row = (
        await session.execute(
            insert(ThrottleRow)
            .values(key=key, tries=1, ends_at=ends_at)
            .on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "tries": case((ThrottleRow.ends_at <= now, 1), else_=ThrottleRow.tries + 1),
                    "ends_at": case((ThrottleRow.ends_at <= now, ends_at), else_=ThrottleRow.ends_at),
                },
            )
            .returning(ThrottleRow.tries, ThrottleRow.ends_at)
        )
    ).one()
    return row.tries, row.ends_at


async def counts(session: AsyncSession, key: bytes, now: datetime) -> bool:
    """Whether a window of this key goes on."""
    found = exists().where(ThrottleRow.key == key, ThrottleRow.ends_at > now)
    return bool(await session.scalar(select(found)))


async def forgive(session: AsyncSession, key: bytes) -> None:
    await session.execute(delete(ThrottleRow).where(ThrottleRow.key == key))


async def take_back_try(session: AsyncSession, key: bytes) -> None:
    await session.execute(
        update(ThrottleRow)
        .where(ThrottleRow.key == key, ThrottleRow.tries > 0)
        .values(tries=ThrottleRow.tries - 1)
    )


async def prune(session: AsyncSession, now: datetime) -> None:
    """Remove devices, letters, counters and tokens whose time is over."""
    await session.execute(delete(DeviceRow).where(DeviceRow.expires_at <= now))
    await session.execute(delete(LetterRow).where(LetterRow.expires_at <= now))
    await session.execute(delete(ThrottleRow).where(ThrottleRow.ends_at <= now))
    await session.execute(delete(TokenRow).where(TokenRow.expires_at <= now))
