"""Whom a request acts for, and the cookies that say it. Never a token itself."""

from dataclasses import dataclass
from datetime import datetime

from matinee.kernel.actor import Via
from matinee.kernel.ids import AccountId

ACCESS_COOKIE = "matinee_access"
REFRESH_COOKIE = "matinee_refresh"
CSRF_COOKIE = "matinee_csrf"
TICKET_COOKIE = "matinee_ticket"
PASSKEY_COOKIE = "matinee_passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limited account: `reason` is empty where only an access token was asked."""

    until: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An operator's session sees the house as `account_id` until a moment."""

    account_id: AccountId
    roles: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a session or token stands for. `session_key` names that session or token without its secret; `csrf` is what
    pages of the session repeat in a header. `proven_at`: when its person last showed a password or a factor.
    `factor_due`: until they have a second factor, they may do nothing but set one up. `waits`: until an operator lets
    them in, they may read what became of their request, and nothing else. `limit` where the account is limited now,
    `look` where the session looks through somebody's eyes now."""

    account_id: AccountId
    roles: tuple[str, ...]
    via: Via
    session_key: str
    csrf: str = ""
    scopes: tuple[str, ...] | None = None
    proven_at: datetime | None = None
    factor_due: bool = False
    waits: bool = False
    limit: Limit | None = None
    look: Look | None = None
