"""HTTP of people: joining, signing in and out, “me” and profiles, with the cookies of a browser. Holds no logic."""

from fastapi import APIRouter, Request, Response

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import CSRF_COOKIE, SESSION_COOKIE
from matinee.features.people import service
from matinee.features.people.schemas import Leaving, Me, MeChange, Profile, ProfileChange, SignIn, SignUp
from matinee.infra.http import needs
from matinee.infra.work import Work
from matinee.kernel.settings import HouseSettings

router = APIRouter(prefix="/api/v1", tags=["people"])
# The server ends sessions; a cookie lives as long as browsers let it, so that every visit can prolong its session.
COOKIE_S = 400 * 86_400


@router.get("/me")
async def me(request: Request, response: Response, work: Work = needs("people.read")) -> Me:
    """Who you are here and what you may do; a guest learns the limits of the house."""
    response.headers["Cache-Control"] = "no-store"
    house = work.settings(HouseSettings)
    secret = request.cookies.get(house.cookie(SESSION_COOKIE))
    known = request.cookies.get(house.cookie(CSRF_COOKIE))
    if secret and work.actor.via == "session" and known != accounts.csrf_of(secret):
        _set_cookie(response, work, CSRF_COOKIE, accounts.csrf_of(secret))
    return await service.me(work)


@router.post("/accounts", status_code=201)
async def sign_up(
    request: Request, response: Response, asked: SignUp, work: Work = needs("accounts.sign_up")
) -> Me:
    """Make an account with its profile; the browser is signed in."""
    signed_in = await service.join(
        work,
        asked.password.get_secret_value(),
        asked.handle,
        asked.display_name,
        address=_address(request),
        email=asked.email,
        token=asked.token,
    )
    return await _welcome(request, response, work, signed_in)


@router.post("/session")
async def sign_in(
    request: Request, response: Response, asked: SignIn, work: Work = needs("accounts.sign_in")
) -> Me:
    """Sign a browser in, by email or handle."""
    signed_in = await accounts.sign_in(
        work, asked.login, asked.password.get_secret_value(), address=_address(request)
    )
    if work.actor.via == "session":
        await accounts.sign_out(work)  # the session that this browser held before
    return await _welcome(request, response, work, signed_in)


@router.delete("/session", status_code=204)
async def sign_out(response: Response, work: Work = needs("accounts.sign_in")) -> None:
    """End this session; under a bearer token, that token. Nothing to do for a guest."""
    await accounts.sign_out(work)
    _forget_cookies(response, work)


@router.patch("/me")
async def change_me(change: MeChange, work: Work = needs("accounts.self")) -> Me:
    """Choose light, dark, or what the device says."""
    if change.theme is not None:
        await accounts.set_theme(work, change.theme)
    return await service.me(work)


@router.delete("/me", status_code=202)
async def leave(leaving: Leaving, response: Response, work: Work = needs("accounts.self")) -> None:
    """Leave for good: signed out everywhere at once, everything of yours erased soon after."""
    await accounts.leave(work, leaving.password.get_secret_value())
    _forget_cookies(response, work)


@router.get("/profiles/{handle}")
async def profile(handle: str, work: Work = needs("people.read")) -> Profile:
    """Somebody's public face."""
    return await service.get_by_handle(work, handle)


@router.patch("/me/profile")
async def change_profile(change: ProfileChange, work: Work = needs("people.self")) -> Profile:
    """Your own handle, name and words about yourself; what is left out stays."""
    return await service.change(work, handle=change.handle, display_name=change.display_name, bio=change.bio)


async def _welcome(request: Request, response: Response, work: Work, signed_in: accounts.SignedIn) -> Me:
    _set_cookie(response, work, SESSION_COOKIE, signed_in.secret, hidden=True)
    _set_cookie(response, work, CSRF_COOKIE, accounts.csrf_of(signed_in.secret))
    response.headers["Cache-Control"] = "no-store"
    work.actor = request.app.state.actor_of(signed_in.identity)
    return await service.me(work)


def _set_cookie(response: Response, work: Work, name: str, value: str, *, hidden: bool = False) -> None:
    """`hidden` from scripts. Secure wherever people reach the house by https; plain http on the own network must
    work too."""
    house = work.settings(HouseSettings)
    response.set_cookie(
        house.cookie(name), value, max_age=COOKIE_S, path="/", secure=house.address.startswith("https://"),
        httponly=hidden, samesite="lax",
    )  # fmt: skip


def _forget_cookies(response: Response, work: Work) -> None:
    house = work.settings(HouseSettings)
    response.delete_cookie(house.cookie(SESSION_COOKIE), path="/", httponly=True, samesite="lax")
    response.delete_cookie(house.cookie(CSRF_COOKIE), path="/", samesite="lax")


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"
