"""HTTP of accounts: sessions, tokens, the device flow and the password. Holds no logic."""

from uuid import UUID

from fastapi import APIRouter, Request

from matinee.features.accounts import service
from matinee.features.accounts.schemas import (
    DeviceAsked,
    DeviceCode,
    DeviceInfo,
    DeviceStarted,
    DeviceToken,
    NewToken,
    OwnTokenAsked,
    PasswordChange,
    SessionList,
    TokenAsked,
    TokenList,
)
from matinee.infra.http import address_of, needs
from matinee.infra.work import Work

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/tokens", status_code=201)
async def create_token(
    request: Request, asked: TokenAsked, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> NewToken:
    """Sign in a program: the answer holds its bearer token, which is shown this once."""
    return await service.sign_in_program(
        work,
        asked.login,
        asked.password.get_secret_value(),
        asked.name,
        code=asked.code,
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
        scopes=asked.scopes,
        days=asked.days,
    )


@router.post("/me/tokens", status_code=201)
async def make_token(asked: OwnTokenAsked, work: Work = needs("accounts.self")) -> NewToken:
    """A token for a program of yours, made in a browser: the answer holds it, and shows it this once."""
    return await service.make_token(work, asked.name, asked.scopes, asked.days)


@router.get("/sessions")
async def list_sessions(work: Work = needs("accounts.self")) -> SessionList:
    """The browsers you are signed in at, and what happened to your sign-ins."""
    return await service.own_sessions(work)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(work: Work = needs("accounts.self")) -> None:
    """End all your sessions but this one; under a bearer token, all."""
    await service.end_other_sessions(work)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, work: Work = needs("accounts.self")) -> None:
    """End one of your sessions; within five seconds it counts nowhere."""
    await service.end_session(work, session_id)


@router.get("/tokens")
async def list_tokens(work: Work = needs("accounts.self")) -> TokenList:
    """Your tokens, newest first, without their secrets."""
    return await service.tokens(work)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: UUID, work: Work = needs("accounts.self")) -> None:
    """End one of your tokens at once."""
    await service.revoke_token(work, token_id)


@router.post("/device")
async def start_device(
    request: Request, asked: DeviceAsked, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> DeviceStarted:
    """Begin to sign in a program without a browser."""
    return await service.start_device(
        work, asked.client_name, address=address_of(request), scopes=asked.scopes
    )


@router.post("/device/token")
async def collect_device(code: DeviceCode, work: Work = needs("accounts.sign_in")) -> DeviceToken:
    """Ask whether the device was approved; 409 `accounts.device_pending` until somebody decides."""
    return DeviceToken(token=await service.collect_device(work, code.device_code))


@router.get("/device/{user_code}")
async def show_device(user_code: str, work: Work = needs("accounts.self")) -> DeviceInfo:
    """What waits behind the code that a person typed."""
    return await service.device(work, user_code)


@router.post("/device/{user_code}/approve", status_code=204)
async def approve_device(user_code: str, work: Work = needs("accounts.self")) -> None:
    """Let the device act for you."""
    await service.approve_device(work, user_code)


@router.post("/device/{user_code}/deny", status_code=204)
async def deny_device(user_code: str, work: Work = needs("accounts.self")) -> None:
    """Turn the device away."""
    await service.deny_device(work, user_code)


@router.post("/me/password", status_code=204)
async def change_password(change: PasswordChange, work: Work = needs("accounts.self")) -> None:
    """Choose another password; your other sessions end."""
    await service.change_password(
        work,
        change.current.get_secret_value(),
        change.new.get_secret_value(),
        end_tokens=change.end_tokens,
    )
