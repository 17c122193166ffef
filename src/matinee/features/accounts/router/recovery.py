"""HTTP of ways back in: letters with links, what the links do, and how good a password is. Holds no logic."""

from fastapi import APIRouter, Request

from matinee.features.accounts import service
from matinee.features.accounts.schemas import (
    EmailChange,
    EmailConfirmation,
    PasswordReset,
    ResetAsked,
    StrengthAsked,
    StrengthInfo,
)
from matinee.infra.http import needs
from matinee.infra.work import Work

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/password-resets", status_code=202)
async def ask_reset(
    request: Request, asked: ResetAsked, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> None:
    """A letter with a link, if there is such an account; the answer is the same if not."""
    await service.ask_reset(work, asked.login, address=_address(request))


@router.post("/password-resets/finish", status_code=204)
async def reset(
    request: Request, asked: PasswordReset, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> None:
    """Choose another password by the link of a letter; every session ends."""
    await service.reset(
        work,
        asked.token,
        asked.password.get_secret_value(),
        address=_address(request),
        agent=request.headers.get("user-agent", ""),
        end_tokens=asked.end_tokens,
    )


@router.post("/email-confirmations", status_code=204)
async def verify(
    request: Request, asked: EmailConfirmation, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> None:
    """Prove an address by the link of a letter."""
    await service.verify(work, asked.token, address=_address(request))


@router.post("/me/email", status_code=202)
async def change_email(asked: EmailChange, work: Work = needs("accounts.self")) -> None:
    """Ask for another address; it counts once its letter is answered, or at once where the house sends none."""
    await service.change_email(work, asked.email, asked.password.get_secret_value())


@router.post("/me/email/letter", status_code=202)
async def ask_verification(work: Work = needs("accounts.self")) -> None:
    """Send the letter that proves your address once more."""
    await service.ask_verification(work)


@router.post("/password-strength")
async def strength(
    request: Request, asked: StrengthAsked, work: Work = needs("accounts.sign_up")
) -> StrengthInfo:
    """How good a password would be. Nothing of it is kept."""
    return await service.strength(
        work, asked.password.get_secret_value(), asked.words, address=_address(request)
    )


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"
