"""Cookies of the house: one rule for their names and attributes, whoever sets them. Never knows what they hold.

Every cookie is `__Host-`: browsers send it back to this host alone, and only where nobody can listen, which is https
or the machine itself.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import Scope

from matinee.kernel.errors import Refused
from matinee.kernel.settings import HouseSettings

_STATE = "cookies"


class NotPrivate(Refused):
    """Browsers keep no cookie of ours on plain http from another machine."""

    code = "house.not_private"
    sentence = (
        "Signing in needs https, or a browser on the machine that Matinee runs on: on plain http, everybody on the way "
        "could read your password."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """What to keep in the browser for `max_age_s`; 0 takes it away. The value is of letters, digits, `.`, `-` and `_`.
    `hidden` from scripts."""

    name: str
    value: str
    max_age_s: int
    hidden: bool = True


def is_this_machine(host: str) -> bool:
    """Whether a host name is loopback's, which browsers trust without TLS."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def require_private(connection: HTTPConnection, house: HouseSettings) -> None:
    """Raises `NotPrivate` where a browser would drop the cookies. A house whose address is https counts as reached so,
    though the proxy before it may not be trusted to say it."""
    url, own = connection.url, urlsplit(house.address)
    named_https = own.scheme == "https" and url.hostname == own.hostname
    if not (url.scheme in ("https", "wss") or named_https or is_this_machine(url.hostname or "")):
        raise NotPrivate


def name_of(name: str, house: HouseSettings) -> str:
    return f"__Host-{house.cookie(name)}"


def read(connection: HTTPConnection, house: HouseSettings, name: str) -> str | None:
    return connection.cookies.get(name_of(name, house))


def hand(connection: HTTPConnection, house: HouseSettings, *cookies: Cookie) -> None:
    """Give them with the answer to this request, whatever it will be. The last one of a name counts."""
    kept = connection.scope.setdefault("state", {}).setdefault(_STATE, {})
    for cookie in cookies:
        name = name_of(cookie.name, house)
        hidden = "; HttpOnly" if cookie.hidden else ""
        words = f"{name}={cookie.value}; Max-Age={cookie.max_age_s}; Path=/; SameSite=Lax; Secure{hidden}"
        kept[name] = words.encode("ascii")


def handed(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers that carry them."""
    return [(b"set-cookie", header) for header in scope.get("state", {}).get(_STATE, {}).values()]
