"""HTTP of what operators do to an account: its sign-ins, tokens, factors, links, storage and end. Holds no logic."""

from uuid import UUID

from fastapi import APIRouter

from matinee.features.accounts.schemas import (
    FactorsReset,
    LeavingWish,
    LinkMade,
    LinkWish,
    NewToken,
    OwnTokenAsked,
)
from matinee.features.people import service
from matinee.features.people.schemas import QuotaWish
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

router = APIRouter(prefix="/api/v1/admin/accounts/{account_id}", tags=["admin"])


@router.delete("/sessions", status_code=204)
async def sign_out(account_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """Sign somebody out everywhere. Like all acts on an account, it needs a proof of the last ten minutes, and is
    refused on your own and on one that may more than you."""
    await service.sign_out_of(work, AccountId(account_id))


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(account_id: UUID, session_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """End one session of somebody; within five seconds it counts nowhere."""
    await service.sign_out_of(work, AccountId(account_id), session_id)


@router.post("/tokens", status_code=201)
async def make_token(
    account_id: UUID, asked: OwnTokenAsked, work: Work = needs("accounts.manage")
) -> NewToken:
    """A token of a service's account: the answer holds it, and shows it this once."""
    return await service.issue_service_token(
        work, AccountId(account_id), asked.name, asked.scopes, asked.days
    )


@router.delete("/tokens", status_code=204)
async def revoke_tokens(account_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """End all tokens of an account at once."""
    await service.revoke_of(work, AccountId(account_id))


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(account_id: UUID, token_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """End one token of an account at once."""
    await service.revoke_of(work, AccountId(account_id), token_id)


@router.post("/factors/reset", status_code=204)
async def reset_factors(account_id: UUID, asked: FactorsReset, work: Work = needs("accounts.manage")) -> None:
    """Remove the second factors of somebody who lost them; they are signed out, told, and read how you made sure that
    it is them."""
    await service.reset_factors(work, AccountId(account_id), asked)


@router.post("/links", status_code=201)
async def hand_out(account_id: UUID, wish: LinkWish, work: Work = needs("accounts.manage")) -> LinkMade:
    """A link for somebody, to choose a new password or to prove their address. It replaces the one before."""
    return LinkMade(link=await service.hand_out(work, AccountId(account_id), wish.kind))


@router.put("/quota", status_code=204)
async def set_quota(account_id: UUID, wish: QuotaWish, work: Work = needs("accounts.manage")) -> None:
    """Another limit for what an account may keep; null for the house's own. What is there stays."""
    await service.set_quota(work, AccountId(account_id), wish.limit_bytes)


@router.post("/leaving", status_code=202)
async def dismiss(account_id: UUID, wish: LeavingWish, work: Work = needs("accounts.manage")) -> None:
    """Let an account be erased: shut and hidden at once, erased after `leaving_days`. Its person may take that back by
    signing in, unless they are suspended."""
    await service.begin_leaving(work, AccountId(account_id), wish.handle)


@router.delete("/leaving", status_code=204)
async def keep(account_id: UUID, work: Work = needs("accounts.manage")) -> None:
    """Take back that an account leaves."""
    await service.end_leaving(work, AccountId(account_id))
