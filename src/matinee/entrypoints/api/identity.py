"""From a request to its actor: bearer token or session cookie, with the CSRF rule. Never decides what one may do."""

import hmac

from starlette.requests import HTTPConnection

from matinee.entrypoints import product
from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import SESSION_COOKIE
from matinee.infra.http import SAFE_METHODS
from matinee.infra.work import Work
from matinee.kernel.actor import GUEST_ROLE, Actor
from matinee.kernel.errors import NotSignedIn, Refused
from matinee.kernel.settings import HouseSettings

CSRF_HEADER = "x-csrf-token"


class CsrfMissing(Refused):
    code = "accounts.csrf"
    sentence = "This page is out of date. Reload it and try again."


async def authenticate(work: Work, request: HTTPConnection) -> Actor:
    """A guest when nothing is presented or the cookie has ended; raises `NotSignedIn` for a bad bearer token and
    `Refused` for a cookie without its CSRF header on an unsafe method."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        identity = await accounts.authenticate(work, token.strip())
        if identity is None:
            raise NotSignedIn("This token is not valid any more. Sign in again.")
        return actor_of(identity)
    cookie = request.cookies.get(work.settings(HouseSettings).cookie(SESSION_COOKIE))
    if cookie:
        identity = await accounts.authenticate(work, cookie)
        if identity is not None:
            method = request.scope.get("method", "GET")
            if method not in SAFE_METHODS:
                sent = request.headers.get(CSRF_HEADER, "")
                if not hmac.compare_digest(sent.encode(), accounts.csrf_of(cookie).encode()):
                    raise CsrfMissing
            return actor_of(identity)
    return Actor(permissions=product.permissions_of({GUEST_ROLE}))


def actor_of(identity: accounts.Identity) -> Actor:
    """Whom an identity acts as; every account holds the role `guest` too."""
    roles = frozenset({GUEST_ROLE, *identity.roles})
    return Actor(
        account_id=identity.account_id,
        roles=roles,
        permissions=product.permissions_of(roles),
        via=identity.via,
        session_key=identity.session_key,
    )
