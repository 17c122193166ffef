"""What operators do to the sign-ins, tokens, factors, links, storage and end of an account. Never to one above them."""

from collections.abc import Sequence
from uuid import UUID

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import FactorsReset, HandedOut, NewToken, TokenScope
from matinee.features.files import service as files
from matinee.features.roles import service as roles
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def sign_out_of(work: Work, account_id: AccountId, session_id: UUID | None = None) -> None:
    """One session, or all. Raises what `_lock` and `accounts.sign_out_of` do."""
    await _lock(work, account_id)
    await accounts.sign_out_of(work, account_id, session_id)


async def issue_service_token(
    work: Work, account_id: AccountId, name: str, scopes: Sequence[TokenScope], days: int | None
) -> NewToken:
    """It opens no more than whoever makes it may, since the service holds no more. Raises what `_lock` and
    `accounts.issue_service_token` do."""
    await _lock(work, account_id)
    return await accounts.issue_service_token(work, account_id, name, scopes, days)


async def revoke_of(work: Work, account_id: AccountId, token_id: UUID | None = None) -> None:
    """One token, or all. Raises what `_lock` and `accounts.revoke_of` do."""
    await _lock(work, account_id)
    await accounts.revoke_of(work, account_id, token_id)


async def reset_factors(work: Work, account_id: AccountId, asked: FactorsReset) -> None:
    """Raises what `_lock` does."""
    await _lock(work, account_id)
    await accounts.reset_factors(work, account_id, asked)


async def hand_out(work: Work, account_id: AccountId, kind: HandedOut) -> str:
    """Raises what `_lock` and `accounts.hand_out` do."""
    await _lock(work, account_id)
    return await accounts.hand_out(work, account_id, kind)


async def set_quota(work: Work, account_id: AccountId, limit_bytes: int | None) -> None:
    """None for the house's own. Raises what `_lock` does."""
    await _lock(work, account_id)
    await files.set_quota(work, account_id, limit_bytes)
    await accounts.audit.record(work, "quota.set", about=account_id, limit_bytes=limit_bytes)


async def begin_leaving(work: Work, account_id: AccountId, handle: str) -> None:
    """Raises what `_lock` and `accounts.begin_leaving` do."""
    await _lock(work, account_id)
    await accounts.begin_leaving(work, account_id, handle)


async def end_leaving(work: Work, account_id: AccountId) -> None:
    """Raises what `_lock` and `accounts.end_leaving` do."""
    await _lock(work, account_id)
    await accounts.end_leaving(work, account_id)


async def _lock(work: Work, account_id: AccountId) -> None:
    """Nobody changes the account, nor gives it a role, until the transaction ends. Raises `ProveAgain`, `NotYourself`,
    `NoSuchAccount` and `AboveYou`."""
    await accounts.lock_other(work, account_id)
    await roles.check_not_above(work, account_id)
