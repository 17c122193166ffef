"""Leaving: shut at once, erased after a grace. Who signs in again before that stays."""

from datetime import datetime, timedelta
from uuid import UUID

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import HandleDiffers, NoSuchAccount, NotLeaving
from matinee.features.accounts.messages import AccountLeaving
from matinee.features.accounts.models import AccountRow
from matinee.features.accounts.service import access, audit, gate, holding, letters, looking, reach, sessions
from matinee.features.accounts.settings import LeavingSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id

LOST = timedelta(hours=1)


async def leave(work: Work, password: str) -> None:
    """The actor, after proof, is signed out everywhere and will be erased. Raises `LastOwner`."""
    account_id = work.actor.owner()
    await access.confirm(work, password, field="password")
    row = await repository.account(work.session, account_id, lock=True)
    if row is None:
        raise NoSuchAccount
    await _go(work, row)


async def begin_leaving(work: Work, account_id: AccountId, handle: str) -> None:
    """As if the person left, by who manages accounts and typed the `handle`: they may take it back by signing in,
    unless they are suspended. Raises `HandleDiffers`, `LastOwner` and what `reach.lock` does."""
    row = await reach.lock(work, account_id)
    if rules.normalise_login(handle) != row.login_name:
        raise HandleDiffers(field="handle")
    await _go(work, row)


async def end_leaving(work: Work, account_id: AccountId) -> None:
    """Take back that somebody leaves, by who manages accounts. Raises `NotLeaving` and what `reach.lock` does."""
    row = await reach.lock(work, account_id)
    if row.erasure_id is None or not rules.may_enter(row.erasure_id, row.leaves_at, work.now, to_stay=True):
        raise NotLeaving
    await sessions.stay(work, row)


async def _go(work: Work, row: AccountRow) -> None:
    await holding.stay_owned(work, row)
    if row.erasure_id is None:
        days = work.settings(LeavingSettings).leaving_days
        await _begin(work, row, days)
        if days:
            await letters.tell(work, row, "leaving")
    await _shut(work, AccountId(row.id))


async def dismiss(work: Work, account_id: AccountId) -> None:
    """Signed out everywhere and erased at once, for somebody who was never let in. Asks nobody's leave. Idempotent."""
    row = await repository.account(work.session, account_id, lock=True)
    if row is None or not row.waits:
        return
    if row.erasure_id is None:
        await _begin(work, row, 0)
    await _shut(work, account_id)


async def _begin(work: Work, row: AccountRow, days: int) -> None:
    row.erasure_id, row.leaves_at = new_id(), work.now + timedelta(days=days)
    work.send(AccountLeaving(erasure_id=row.erasure_id))
    # 0 would be read as without end, as it is of a token.
    await audit.record(work, "account.left", about=AccountId(row.id), days=days or None)


async def _shut(work: Work, account_id: AccountId) -> None:
    await sessions.end_sessions(work, account_id)
    await looking.end_at(work, account_id)
    tokens = await repository.tokens(work.session, account_id, work.now)
    await gate.end(work, [token.id for token in tokens])
    await repository.delete_tokens(work.session, account_id)
    await repository.delete_devices(work.session, account_id)


async def leaving(work: Work, erasure_id: UUID) -> tuple[AccountId, str | None, datetime] | None:
    """(account, its email if it has one, when it goes) behind an `AccountLeaving`; None once it is gone, or stays."""
    account_id = await repository.by_erasure(work.session, erasure_id)
    row = None if account_id is None else await repository.account(work.session, account_id)
    if row is None or row.erasure_id != erasure_id:
        return None
    return AccountId(row.id), row.email, row.leaves_at or work.now


async def is_leaving(work: Work, account_id: AccountId) -> bool:
    row = await repository.account(work.session, account_id)
    return row is not None and row.erasure_id is not None


async def overdue(work: Work) -> list[UUID]:
    """Erasures that should have begun long ago."""
    return list(await repository.overdue(work.session, work.now - LOST))
