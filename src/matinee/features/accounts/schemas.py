"""Values of accounts that leave the room. Never a hash, and a secret only in the answer that hands it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, SecretStr

from matinee.kernel.actor import Via
from matinee.kernel.ids import AccountId
from matinee.kernel.settings import Concern
from matinee.kernel.words import in_one_line, without_controls

ACCESS_COOKIE = "matinee_access"
REFRESH_COOKIE = "matinee_refresh"
CSRF_COOKIE = "matinee_csrf"
TICKET_COOKIE = "matinee_ticket"
PASSKEY_COOKIE = "matinee_passkey"

Theme = Literal["system", "dark", "light"]
AuditFact = str | int | bool | list[str]
AccountKind = Literal["person", "service"]
AccountState = Literal["open", "waiting", "limited", "suspended", "leaving"]
DirectoryOrder = Literal["joined", "seen"]
TokenScope = Literal["read", "upload", "manage", "account", "operate"]
SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
TokenVia = Literal["token", "device"]
FactorKind = Literal["app", "passkey", "recovery_code"]
NoticeKind = Literal[
    "session_copied",
    "codes_guessed",
    "code_again",
    "password_known",
    "factor_added",
    "factor_removed",
    "factors_reset",
    "passkey_copied",
    "recovery_code_used",
    "link_handed_out",
    "new_place",
    "looked_at",
    "token_ends",
]
RestrictionKind = Literal["limited", "suspended"]
HandedOut = Literal["reset", "verify"]
LoginText = Annotated[str, Field(min_length=1, max_length=254, description="Email or handle.")]
GivenPassword = Annotated[SecretStr, Field(min_length=1, max_length=200)]
NewPassword = Annotated[
    SecretStr, Field(min_length=12, max_length=128, description="12 to 128 characters, not easy to guess.")
]
LinkToken = Annotated[
    str, Field(min_length=1, max_length=200, description="What stands behind the # of a link.")
]
EmailText = Annotated[str, Field(min_length=3, max_length=254)]
FactorCode = Annotated[
    str, Field(min_length=1, max_length=40, description="Six digits of an app, or a recovery code.")
]
Credential = Annotated[
    dict[str, Any],
    Field(description="What the browser's `toJSON()` makes of a passkey's answer (WebAuthn, level 3)."),
]
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
_Name = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(in_one_line)]
TokenName = Annotated[_Name, Field(description="What the token is for.")]


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
    signups_per_hour: int = Field(
        30, ge=1, le=100_000, description="Accounts that one network address may make in an hour."
    )


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


class RestrictionAsked(BaseModel):
    """Instead of one that counts already. Without `until` it stays until somebody lifts it."""

    kind: RestrictionKind
    reason: Annotated[
        str,
        Field(min_length=1, max_length=500, description="The person reads it."),
        BeforeValidator(without_controls),
    ]
    until: AwareDatetime | None = None
    note: Annotated[
        str,
        Field(max_length=1000, description="For operators alone."),
        BeforeValidator(without_controls),
    ] = ""


class Restriction(BaseModel):
    """`lifted_at`: when somebody ended it before `until`, or put another in its place."""

    kind: RestrictionKind
    reason: str
    since: datetime
    until: datetime | None
    lifted_at: datetime | None
    note: str


class Standing(BaseModel):
    """`now` is what counts at this moment, null for an account that may all that its roles grant. History newest first,
    with the present one."""

    now: Restriction | None
    history: list[Restriction]


class OwnStanding(BaseModel):
    """What one's own account is held by: `limited`, as suspended people are not in."""

    kind: RestrictionKind
    reason: str
    since: datetime
    until: datetime | None


class LookAsked(BaseModel):
    reason: Annotated[
        str,
        Field(min_length=10, max_length=500, description="The person reads it, and it stays in the log."),
        BeforeValidator(without_controls),
    ]


class LookInfo(BaseModel):
    """From the next request on this browser sees the house as that person, until then at most."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many secrets of apps and signing keys were sealed anew, and how many apps the former secret did not open."""

    apps: int
    keys: int
    left: int


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


class SessionInfo(BaseModel):
    """A browser that is signed in. `last_used_at` is exact to five minutes; `place` names a kind of network, with four
    letters that tell two networks apart."""

    id: UUID
    device: str
    place: str
    created_at: datetime
    last_used_at: datetime
    current: bool


class Notice(BaseModel):
    """`session_copied`: a token of a session was presented a second time, so the session was ended. `codes_guessed`:
    somebody who knows the password tried codes. `code_again`: a code of the app that had counted came again, and was
    refused. `password_known`: the password is in a list of leaked ones by now. `passkey_copied`: a passkey counted
    backwards, so it was refused. `new_place`: a sign-in from a device and place that were not seen together before.
    `looked_at`: an operator looked through the eyes of the account, for `reason`. Device and place are those of whoever
    did it."""

    id: UUID
    kind: NoticeKind
    device: str
    place: str
    at: datetime
    reason: str | None = None


class SessionList(BaseModel):
    """Last used first; notices newest first."""

    items: list[SessionInfo]
    notices: list[Notice]


class PasswordChange(BaseModel):
    current: GivenPassword
    new: NewPassword
    end_tokens: Annotated[bool, Field(description="End the access of all programs, too.")] = False


class ResetAsked(BaseModel):
    login: LoginText


class PasswordReset(BaseModel):
    token: LinkToken
    password: NewPassword
    end_tokens: Annotated[bool, Field(description="End the access of all programs, too.")] = False


class EmailChange(BaseModel):
    email: EmailText
    password: GivenPassword


class EmailConfirmation(BaseModel):
    token: LinkToken


class StrengthAsked(BaseModel):
    """`words` are what the person typed beside it: address, handle, name."""

    password: Annotated[SecretStr, Field(max_length=200)]
    words: Annotated[list[Annotated[str, Field(max_length=254)]], Field(max_length=8)] = []


class StrengthInfo(BaseModel):
    """`score` 0 to 4; from 3 on a password is taken. `why` is a sentence for what is refused."""

    score: Annotated[int, Field(ge=0, le=4)]
    why: str | None


class DeviceAsked(BaseModel):
    client_name: Annotated[_Name, Field(description="Shown to whom approves.")]
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


class SecondStep(BaseModel):
    """The password was right, and a second factor must follow within `expires_in_s`. Which sign-in this belongs to is
    in a cookie."""

    factors: list[FactorKind]
    expires_in_s: int


class FactorGiven(BaseModel):
    """One of both."""

    code: FactorCode | None = None
    credential: Credential | None = None


class PasskeyGiven(BaseModel):
    credential: Credential


class ProofGiven(BaseModel):
    """One of the three."""

    password: GivenPassword | None = None
    code: FactorCode | None = None
    credential: Credential | None = None


class PasskeyOptions(BaseModel):
    """For `navigator.credentials`, after `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."""

    publicKey: dict[str, Any]  # noqa: N815 - the browser's own word


class AppInfo(BaseModel):
    """An app that makes codes."""

    created_at: datetime
    last_used_at: datetime | None


class PasskeyInfo(BaseModel):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Factors(BaseModel):
    """`required`: the operator asks for a second factor of one of your roles. `passkeys_possible`: the address of this
    house allows them."""

    app: AppInfo | None
    passkeys: list[PasskeyInfo]
    recovery_codes_left: int
    required: bool
    passkeys_possible: bool


class AppDraft(BaseModel):
    """Shown this once; it counts after its first right code, within an hour."""

    secret: str
    uri: str
    qr_svg: str


class AppConfirmed(BaseModel):
    code: FactorCode


class NewPasskey(BaseModel):
    name: Annotated[_Name, Field(description="What you call it.")]
    credential: Credential


class FactorAdded(BaseModel):
    """`recovery_codes` with the first factor alone: they are shown this once."""

    recovery_codes: list[str] | None


class RecoveryCodes(BaseModel):
    """Shown this once; those of before count no more."""

    codes: list[str]


class Listed(BaseModel):
    """An account as the directory shows it. `standing` says why it is suspended or limited. It, `email`, `factors` and
    `seen_at` (to an hour; null for never) are null to who may not manage accounts; `email` is for services, too."""

    id: AccountId
    kind: AccountKind
    handle: str | None
    display_name: str | None
    email: str | None
    roles: list[str]
    state: AccountState
    standing: OwnStanding | None
    factors: list[FactorKind] | None
    created_at: datetime
    seen_at: datetime | None


class LookedUp(Listed):
    """`closed`: why whoever looks may change nothing about the account; null where they may. `pseudonym` is its name
    in the audit log; `sessions` and `tokens` are null to who may not manage accounts."""

    email_verified_at: datetime | None
    leaves_at: datetime | None
    closed: str | None
    pseudonym: UUID | None
    sessions: list[SessionInfo] | None
    tokens: TokenList | None


class LinkWish(BaseModel):
    kind: HandedOut


class LinkMade(BaseModel):
    """The only answer that holds the link. It works once, for a day."""

    link: str


class LeavingWish(BaseModel):
    """The handle of the account, typed once more."""

    handle: Annotated[str, Field(min_length=1, max_length=64)]


class OwnAct(BaseModel):
    """Something that was done with your account, or by you. `who` is `you`, `operator` for somebody who runs the
    house, `house` for its own command and jobs, `nobody` for somebody who was not signed in."""

    id: UUID
    at: datetime
    act: str
    who: Literal["you", "operator", "house", "nobody"]
    facts: dict[str, AuditFact]
    words: dict[str, AuditFact]


class AuditPerson(BaseModel):
    """`handle` is null once the account is gone: then nothing leads from the pseudonym to the person."""

    pseudonym: UUID
    handle: str | None


class AuditEntry(BaseModel):
    """Something that was done. `seq` is its place in the chain, null for a second or two; `facts` stay, `words` can be
    read as long as the account that they are about stands."""

    id: UUID
    seq: int | None
    at: datetime
    act: str
    by: AuditPerson | None
    via: Via
    about: AuditPerson | None
    facts: dict[str, AuditFact]
    words: dict[str, AuditFact] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What a walk along the whole chain found. `notes` are what cannot be told from here; they are no faults."""

    intact: bool
    entries: int
    first: int
    last: int
    digest: str
    waiting: int
    faults: list[str]
    notes: list[str]
