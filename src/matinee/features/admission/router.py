"""HTTP of admission: the doors, invitations and requests. Holds no logic."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from matinee.features.accounts import service as accounts
from matinee.features.admission import service
from matinee.features.admission.schemas import (
    Applicant,
    Application,
    Challenge,
    HouseInvitations,
    InvitationWish,
    JoinLetterAsked,
    MadeInvitation,
    OwnInvitations,
    OwnInvitationWish,
    Policy,
    PolicyWish,
    Refusal,
)
from matinee.infra import cookies
from matinee.infra.http import address_of, needs
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import Page
from matinee.kernel.settings import HouseSettings

router = APIRouter(prefix="/api/v1", tags=["admission"])


@router.post("/sign-up/challenge")
async def challenge(work: Work = needs("accounts.sign_up")) -> Challenge:
    """Work for the computer of who signs up, where the house asks for it. Nothing is kept of it."""
    return await service.challenge(work)


@router.post("/accounts/letters", status_code=202)
async def ask_letter(
    request: Request, asked: JoinLetterAsked, work: Work = needs("accounts.sign_up", limit="sign_in")
) -> None:
    """A letter with the link that makes an account; who has one already is told so there, not here."""
    await service.ask_letter(work, asked, address=address_of(request))


@router.get("/me/application")
async def own_application(work: Work = needs(service.APPLY)) -> Application:
    """Your request to be let in."""
    return await service.own(work)


@router.delete("/me/application", status_code=202)
async def withdraw(request: Request, work: Work = needs(service.APPLY)) -> None:
    """Take your request back: your account is erased at once."""
    await service.withdraw(work)
    cookies.hand(request, work.settings(HouseSettings), *accounts.SIGNED_OUT)


@router.get("/me/invitations")
async def own_invitations(work: Work = needs("admission.invite")) -> OwnInvitations:
    """Your open invitations, and who came by those that you made."""
    return await service.own_invitations(work)


@router.post("/me/invitations", status_code=201)
async def invite(wish: OwnInvitationWish, work: Work = needs("admission.invite")) -> MadeInvitation:
    """A link for one person, for 30 days; it is shown this once."""
    return await service.make_own(work, wish.note)


@router.delete("/me/invitations/{invitation_id}", status_code=204)
async def revoke_own(invitation_id: UUID, work: Work = needs("admission.invite")) -> None:
    """Take an invitation of yours back."""
    await service.revoke_own(work, invitation_id)


@router.get("/admin/admission")
async def policy(work: Work = needs(service.MANAGE)) -> Policy:
    """Who may make an account, and what they are asked for."""
    return await service.show(work)


@router.put("/admin/admission")
async def change_policy(wish: PolicyWish, work: Work = needs(service.MANAGE)) -> Policy:
    """Counts from the next sign-up on. Needs a proof of the last ten minutes."""
    return await service.change(work, wish)


@router.get("/admin/applications")
async def queue(
    work: Work = needs(service.MANAGE),
    state: Annotated[Literal["waiting", "refused"], Query(description="Which ones.")] = "waiting",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[Applicant]:
    """Who asks to be let in, oldest first."""
    return await service.queue(work, state, cursor=cursor, limit=limit)


@router.post("/admin/applications/{account_id}/approve", status_code=204)
async def approve(account_id: UUID, work: Work = needs(service.MANAGE)) -> None:
    """Let somebody in; their open page goes on by itself."""
    await service.approve(work, AccountId(account_id))


@router.post("/admin/applications/{account_id}/refuse", status_code=204)
async def refuse(account_id: UUID, refusal: Refusal, work: Work = needs(service.MANAGE)) -> None:
    """They read the reason when they sign in; a week later the account is erased."""
    await service.refuse(work, AccountId(account_id), refusal.reason)


@router.get("/admin/invitations")
async def invitations(work: Work = needs(service.MANAGE)) -> HouseInvitations:
    """All invitations of the house, and who came by whose."""
    return await service.every(work)


@router.post("/admin/invitations", status_code=201)
async def make_invitation(wish: InvitationWish, work: Work = needs(service.MANAGE)) -> MadeInvitation:
    """A link for one or many; it is shown this once. Needs a proof of the last ten minutes."""
    return await service.make(work, wish)


@router.delete("/admin/invitations/{invitation_id}", status_code=204)
async def revoke(invitation_id: UUID, work: Work = needs(service.MANAGE)) -> None:
    """Take any invitation back."""
    await service.revoke(work, invitation_id)
