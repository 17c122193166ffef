"""HTTP of second factors: an app, passkeys, recovery codes, and proving once more who one is. Holds no logic."""

from uuid import UUID

from fastapi import APIRouter, Request

from matinee.features.accounts import service
from matinee.features.accounts.schemas import (
    AppConfirmed,
    AppDraft,
    FactorAdded,
    Factors,
    NewPasskey,
    PasskeyOptions,
    ProofGiven,
    RecoveryCodes,
)
from matinee.infra import cookies
from matinee.infra.http import address_of, needs
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings

router = APIRouter(prefix="/api/v1/me", tags=["accounts"])


@router.get("/factors")
async def list_factors(work: Work = needs("accounts.secure")) -> Factors:
    """Your second factors, without their secrets."""
    return await service.own_factors(work)


@router.post("/factors/app", status_code=201)
async def draft_app(work: Work = needs("accounts.secure")) -> AppDraft:
    """A secret for an app that makes codes (TOTP). It counts after its first right code; one that you have stays until
    then."""
    return await service.draft_app(work)


@router.post("/factors/app/confirm")
async def confirm_app(asked: AppConfirmed, work: Work = needs("accounts.secure")) -> FactorAdded:
    """The app's first code."""
    return await service.confirm_app(work, asked.code)


@router.delete("/factors/app", status_code=204)
async def remove_app(work: Work = needs("accounts.secure")) -> None:
    """Its codes count no more."""
    await service.remove_app(work)


@router.post("/factors/passkeys/options")
async def passkey_options(work: Work = needs("accounts.secure")) -> PasskeyOptions:
    """For `navigator.credentials.create`, once, within five minutes, in this session."""
    return await service.passkey_options(work)


@router.post("/factors/passkeys", status_code=201)
async def add_passkey(asked: NewPasskey, work: Work = needs("accounts.secure")) -> FactorAdded:
    """Keep the passkey that the browser made."""
    return await service.add_passkey(work, asked.name, asked.credential)


@router.delete("/factors/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: UUID, work: Work = needs("accounts.secure")) -> None:
    """It opens nothing here any more."""
    await service.remove_passkey(work, passkey_id)


@router.post("/factors/recovery-codes", status_code=201)
async def new_recovery_codes(work: Work = needs("accounts.secure")) -> RecoveryCodes:
    """Ten codes in place of all others."""
    return await service.new_recovery_codes(work)


@router.post("/proof/options")
async def prove_options(work: Work = needs("accounts.secure")) -> PasskeyOptions:
    """For `navigator.credentials.get`, to prove with a passkey."""
    return await service.prove_options(work)


@router.post("/proof", status_code=204)
async def prove(request: Request, given: ProofGiven, work: Work = needs("accounts.secure")) -> None:
    """Show once more that it is you: what answered 403 `accounts.prove_again` is then open for ten minutes."""
    agent = request.headers.get("user-agent", "")
    cookie = await service.prove(work, given, address=address_of(request), agent=agent)
    cookies.hand(request, work.settings(HouseSettings), cookie)
