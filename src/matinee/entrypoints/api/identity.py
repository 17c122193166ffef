"""From a request to its actor: a program's bearer token, or a browser's cookies with the CSRF rule.

Never decides what one may do.
"""

import hmac

from starlette.requests import HTTPConnection

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import ACCESS_COOKIE, CSRF_COOKIE, REFRESH_COOKIE
from matinee.features.roles import service as roles
from matinee.infra import cookies
from matinee.infra.http import SAFE_METHODS, address_of
from matinee.infra.work import Work
from matinee.kernel.actor import Actor
from matinee.kernel.errors import NotSignedIn, Refused
from matinee.kernel.settings import HouseSettings

CSRF_HEADER = "x-csrf-token"


class CsrfMissing(Refused):
    code = "accounts.csrf"
    sentence = "This page is out of date. Reload it and try again."


async def authenticate(work: Work, request: HTTPConnection) -> Actor:
    """A guest when nothing is presented or the session has ended; raises `NotSignedIn` for a bad bearer token and
    `Refused` for cookies without their CSRF header on an unsafe method. The answer brings fresh cookies where the
    access token had ended."""
    reading = request.scope.get("method", "GET") in SAFE_METHODS
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        await work.works.held(roles.Book).believed()  # before this work holds a connection
        identity = await accounts.authenticate(work, token.strip())
        if identity is None:
            raise NotSignedIn("This token is not valid any more. Sign in again.")
        return roles.actor_of(work.works, await accounts.with_reason(work, identity), reading=reading)
    identity = await _of_browser(work, request)
    if identity is None:
        return roles.guest(work.works)
    await work.works.held(roles.Book).believed()
    if not reading:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), identity.csrf.encode()):
            raise CsrfMissing
    return roles.actor_of(work.works, await accounts.with_reason(work, identity), reading=reading)


async def again(work: Work, actor: Actor) -> Actor:
    """Who this is by now, for what outlives a request: another actor when the session or token has ended."""
    if actor.account_id is None:
        return actor
    await work.works.held(roles.Book).believed()
    identity = await accounts.again(work, actor)
    return roles.guest(work.works) if identity is None else roles.actor_of(work.works, identity)


async def _of_browser(work: Work, request: HTTPConnection) -> accounts.Identity | None:
    house = work.settings(HouseSettings)
    access = cookies.read(request, house, ACCESS_COOKIE)
    identity = await work.works.held(accounts.Gate).identify(access) if access else None
    if identity is not None:
        if cookies.read(request, house, CSRF_COOKIE) is None:
            cookies.hand(request, house, accounts.csrf_cookie(work, identity))
        return identity
    token = cookies.read(request, house, REFRESH_COOKIE)
    if not token:
        return None
    agent = request.headers.get("user-agent", "")
    renewed = await accounts.renew(work.works, token, address=address_of(request), agent=agent)
    cookies.hand(request, house, *(accounts.SIGNED_OUT if renewed is None else renewed.cookies()))
    return None if renewed is None else renewed.identity
