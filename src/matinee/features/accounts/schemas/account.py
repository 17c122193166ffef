"""An account as its owner and its operators know it, its links and its end. Never a hash."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr

from matinee.kernel.ids import AccountId
from matinee.kernel.settings import Concern

Theme = Literal["system", "dark", "light"]
AccountKind = Literal["person", "service"]
AccountState = Literal["open", "waiting", "limited", "suspended", "leaving"]
HandedOut = Literal["reset", "verify"]


class AccountsSettings(Concern):
    """Accounts: their secret, and how long a session lasts."""

    admin_password: SecretStr | None = Field(
        None,
        description="Password of the operator's account, used when it is made. Default: made up and printed once.",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that seals the keys of access tokens and the secrets of second factors. Default: made once,"
        " in DATA_DIR/secret (0600). Machines that answer requests need the same where people use codes of an app, or"
        " where sign-ups take work.",
    )
    session_days: int = Field(
        30, ge=1, le=365, description="Days without a visit after which a session ends."
    )
    session_days_most: int = Field(
        90,
        ge=0,
        le=3650,
        description="Days after which a session ends although it is used, counted from when its person last gave a"
        " password or a factor; 0 for no end.",
    )
    operator_session_hours: int | None = Field(
        None,
        ge=0,
        le=8760,
        description="Hours without a visit after which a session ends of owners, admins, moderators, and of roles made"
        " here that need a second factor; 0: as everybody's. Default: 12 where the public address is https, else 0.",
    )
    signups_per_hour: int = Field(
        30, ge=1, le=100_000, description="Accounts that one network address may make in an hour."
    )


class Account(BaseModel):
    """One account. Its name for people is the profile's handle. `email` is null for a service's; `seen_at` is the last
    visit, to an hour."""

    id: AccountId
    kind: AccountKind
    email: str | None
    roles: list[str]
    theme: Theme
    created_at: datetime
    email_verified_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinLetter:
    """The link of a letter that makes an account. `by_operator`: it was handed out, not asked for."""

    id: UUID
    email: str
    by_operator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountName:
    """How operators know an account."""

    handle: str | None
    email: str


class LinkWish(BaseModel):
    kind: HandedOut


class LinkMade(BaseModel):
    """The only answer that holds the link. It works once, for a day."""

    link: str


class LeavingWish(BaseModel):
    """The handle of the account, typed once more."""

    handle: Annotated[str, Field(min_length=1, max_length=64)]
