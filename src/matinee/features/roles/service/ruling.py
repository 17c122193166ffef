"""What operators do to people: suspend, limit, look through their eyes. Never to somebody who is above them."""

from datetime import datetime

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import LookInfo, RestrictionKind
from matinee.features.roles.service.giving import check_not_above
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def restrict(
    work: Work, account_id: AccountId, kind: RestrictionKind, reason: str, until: datetime | None, note: str
) -> None:
    """Raises `AboveYou`, and what `accounts.restrict` does."""
    await _lock(work, account_id)
    await accounts.restrict(work, account_id, kind, reason, until, note)


async def lift(work: Work, account_id: AccountId) -> None:
    """Raises `AboveYou`, and what `accounts.lift` does."""
    await _lock(work, account_id)
    await accounts.lift(work, account_id)


async def begin_look(work: Work, account_id: AccountId, reason: str) -> LookInfo:
    """Raises `AboveYou`, and what `accounts.begin_look` does."""
    await _lock(work, account_id)
    return await accounts.begin_look(work, account_id, reason)


async def _lock(work: Work, account_id: AccountId) -> None:
    """Nobody gives the account a role until the transaction ends. Raises `NoSuchAccount` and `AboveYou`."""
    await accounts.get(work, account_id, lock=True)
    await check_not_above(work, account_id)
