"""What programs and devices act with. A token itself only in the answer that hands it out."""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from matinee.features.accounts.schemas.words import NAME_MOST, FactorCode, GivenPassword, LoginText, OneLine

TokenScope = Literal["read", "upload", "manage", "account", "operate"]
SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
TokenVia = Literal["token", "device"]
TokenScopes = Annotated[
    list[TokenScope], Field(min_length=1, max_length=5, description="What the token may be used for.")
]
TokenDays = Annotated[
    int | None,
    Field(
        ge=0,
        le=36_500,
        description="Days until it ends; 0 for never, where the house allows it. Default: its own.",
    ),
]
TOKEN_NAME_MOST = NAME_MOST
TokenName = Annotated[OneLine, Field(description="What the token is for.")]


class TokenInfo(BaseModel):
    """A token without its secret. `last_used_at` is exact to a minute; `expires_at` null: never."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    scopes: list[TokenScope]
    via: TokenVia


class TokenList(BaseModel):
    """`days` is how long a token lives unless it is told, `days_most` how long at most; 0: for ever."""

    items: list[TokenInfo]
    days: int
    days_most: int


class TokenAsked(BaseModel):
    """With the `code` of an app or a recovery code where the account has a second factor."""

    login: LoginText
    password: GivenPassword
    name: TokenName
    code: FactorCode | None = None
    scopes: TokenScopes = list(SCOPES)
    days: TokenDays = None


class OwnTokenAsked(BaseModel):
    name: TokenName
    scopes: TokenScopes
    days: TokenDays = None


class NewToken(BaseModel):
    """The only answer that holds the token itself."""

    token: str
    id: UUID
    name: str
    scopes: list[TokenScope]
    expires_at: datetime | None


class DeviceAsked(BaseModel):
    client_name: Annotated[OneLine, Field(description="Shown to whom approves.")]
    scopes: TokenScopes = ["read", "upload", "manage"]


class DeviceStarted(BaseModel):
    """`device_code` stays on the device; a person types `user_code` at `verification_uri`."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    interval_s: int
    expires_in_s: int


class DeviceCode(BaseModel):
    device_code: Annotated[str, Field(min_length=1, max_length=200)]


class DeviceToken(BaseModel):
    token: str


class DeviceInfo(BaseModel):
    client_name: str
    scopes: list[TokenScope]
    created_at: datetime
