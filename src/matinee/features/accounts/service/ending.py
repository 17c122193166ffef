"""What may act for somebody, ended by who manages accounts: browsers that are signed in, and programs' tokens."""

from uuid import UUID

from matinee.features.accounts.service import access, reach, sessions
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def sign_out_of(work: Work, account_id: AccountId, session_id: UUID | None = None) -> None:
    """One session, or all. Raises `NoSuchSession`, and what `reach.lock` does."""
    await reach.lock(work, account_id)
    if session_id is None:
        await sessions.end_sessions(work, account_id)
    else:
        await sessions.end_one(work, account_id, session_id)


async def revoke_of(work: Work, account_id: AccountId, token_id: UUID | None = None) -> None:
    """One token, or all. Raises `NoSuchToken`, and what `reach.lock` does."""
    await reach.lock(work, account_id)
    if token_id is None:
        await access.end_tokens(work, account_id)
    else:
        await access.end_token(work, account_id, token_id)
