"""HTTP of people: joining, signing in and out, “me” and profiles, with the cookies of a browser. Holds no logic."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import (
    PASSKEY_COOKIE,
    TICKET_COOKIE,
    FactorGiven,
    PasskeyGiven,
    PasskeyOptions,
    SecondStep,
)
from matinee.features.people import service
from matinee.features.people.errors import HandleMoved
from matinee.features.people.schemas import Leaving, Me, MeChange, Profile, ProfileChange, SignIn, SignUp
from matinee.features.roles import service as roles
from matinee.infra import cookies
from matinee.infra.http import address_of, needs
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings

router = APIRouter(prefix="/api/v1", tags=["people"])


@router.get("/me")
async def me(work: Work = needs("people.read")) -> Me:
    """Who you are here and what you may do; a guest learns the limits of the house."""
    return await service.me(work)


@router.post("/accounts", status_code=201)
async def sign_up(
    request: Request, asked: SignUp, work: Work = needs("accounts.sign_up", limit="sign_in")
) -> Me:
    """Make an account with its profile; the browser is signed in. Where operators let people in, it waits for them."""
    cookies.require_private(request, work.settings(HouseSettings))
    signed_in = await service.join(
        work,
        asked.password.get_secret_value(),
        asked.handle,
        asked.display_name,
        address=address_of(request),
        agent=_agent(request),
        email=asked.email,
        token=asked.token,
        brought=asked,
        answer=asked.answer,
    )
    return await _welcome(request, work, signed_in)


@router.post(
    "/session", responses={202: {"model": SecondStep, "description": "A second factor must follow."}}
)
async def sign_in(
    request: Request,
    response: Response,
    asked: SignIn,
    work: Work = needs("accounts.sign_in", limit="sign_in"),
) -> Me | SecondStep:
    """Sign a browser in, by email or handle. Refused on plain http from another machine. 202 where a second factor must
    follow, at `/session/second`."""
    cookies.require_private(request, work.settings(HouseSettings))
    signed_in = await accounts.sign_in(
        work,
        asked.login,
        asked.password.get_secret_value(),
        address=address_of(request),
        agent=_agent(request),
    )
    if isinstance(signed_in, accounts.Ticket):
        cookies.hand(request, work.settings(HouseSettings), *signed_in.cookies())
        response.status_code = 202
        return signed_in.asked
    return await _instead(request, work, signed_in)


@router.post("/session/second/options")
async def second_options(request: Request, work: Work = needs("accounts.sign_in")) -> PasskeyOptions:
    """For `navigator.credentials.get`, after a right password."""
    ticket = cookies.read(request, work.settings(HouseSettings), TICKET_COOKIE)
    return await accounts.second_options(work, ticket)


@router.post("/session/second")
async def sign_in_with_factor(
    request: Request, given: FactorGiven, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> Me:
    """The second factor after a right password: five tries, within five minutes, in the same browser."""
    ticket = cookies.read(request, work.settings(HouseSettings), TICKET_COOKIE)
    signed_in = await accounts.sign_in_with_factor(
        work, ticket, given, address=address_of(request), agent=_agent(request)
    )
    return await _instead(request, work, signed_in)


@router.post("/session/passkey/options")
async def passkey_options(request: Request, work: Work = needs("accounts.sign_in")) -> PasskeyOptions:
    """For `navigator.credentials.get`, to sign in with a passkey alone."""
    house = work.settings(HouseSettings)
    cookies.require_private(request, house)
    options, cookie = await accounts.alone_options(work, address=address_of(request))
    cookies.hand(request, house, cookie)
    return options


@router.post("/session/passkey")
async def sign_in_with_passkey(
    request: Request, given: PasskeyGiven, work: Work = needs("accounts.sign_in", limit="sign_in")
) -> Me:
    """Sign a browser in with a passkey and nothing else."""
    bound_to = cookies.read(request, work.settings(HouseSettings), PASSKEY_COOKIE)
    signed_in = await accounts.sign_in_with_passkey(
        work, bound_to, given.credential, address=address_of(request), agent=_agent(request)
    )
    return await _instead(request, work, signed_in)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, work: Work = needs("accounts.sign_in")) -> None:
    """End this session; under a bearer token, that token. Nothing to do for a guest."""
    await accounts.sign_out(work)
    cookies.hand(request, work.settings(HouseSettings), *accounts.SIGNED_OUT)


@router.patch("/me")
async def change_me(change: MeChange, work: Work = needs("accounts.self")) -> Me:
    """Choose light, dark, or what the device says."""
    if change.theme is not None:
        await accounts.set_theme(work, change.theme)
    return await service.me(work)


@router.delete("/me", status_code=202)
async def leave(request: Request, leaving: Leaving, work: Work = needs("accounts.self")) -> None:
    """Leave for good: signed out everywhere and hidden at once, erased after `leaving_days`; signing in before that
    takes it back."""
    await accounts.leave(work, leaving.password.get_secret_value())
    cookies.hand(request, work.settings(HouseSettings), *accounts.SIGNED_OUT)


@router.get(
    "/profiles/{handle}",
    response_model=Profile,
    responses={308: {"description": "This person has another handle now: `Location` leads to it."}},
)
async def profile(handle: str, work: Work = needs("people.read")) -> Profile | Response:
    """Somebody's public face."""
    try:
        return await service.get_by_handle(work, handle)
    except HandleMoved as moved:
        # Not to be remembered: the old handle may be somebody else's one day.
        headers = {"Cache-Control": "no-store"}
        return RedirectResponse(f"/api/v1/profiles/{moved.facts['handle']}", 308, headers=headers)


@router.patch("/me/profile")
async def change_profile(change: ProfileChange, work: Work = needs("people.self")) -> Profile:
    """Your own handle, name and words about yourself; what is left out stays."""
    return await service.change(work, handle=change.handle, display_name=change.display_name, bio=change.bio)


async def _instead(request: Request, work: Work, signed_in: accounts.SignedIn) -> Me:
    """In place of the session that this browser held before, and of a sign-in that it had begun."""
    if work.actor.via == "session":
        await accounts.sign_out(work)
    house = work.settings(HouseSettings)
    over = (one for one in accounts.STEP_OVER if cookies.read(request, house, one.name) is not None)
    cookies.hand(request, house, *over)
    return await _welcome(request, work, signed_in)


async def _welcome(request: Request, work: Work, signed_in: accounts.SignedIn) -> Me:
    cookies.hand(request, work.settings(HouseSettings), *signed_in.cookies())
    work.actor = roles.actor_of(work.works, signed_in.identity)
    return await service.me(work)


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
