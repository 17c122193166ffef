"""Second factors: showing, adding and removing them. A secret only in the answer that hands it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from matinee.features.accounts.schemas.words import Credential, FactorCode, GivenPassword, OneLine
from matinee.kernel.words import in_one_line

FactorKind = Literal["app", "passkey", "recovery_code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many secrets of apps and signing keys were sealed anew, and how many apps the former secret did not open."""

    apps: int
    keys: int
    left: int


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
    name: Annotated[OneLine, Field(description="What you call it.")]
    credential: Credential


class FactorAdded(BaseModel):
    """`recovery_codes` with the first factor alone: they are shown this once."""

    recovery_codes: list[str] | None


class RecoveryCodes(BaseModel):
    """Shown this once; those of before count no more."""

    codes: list[str]


class FactorsReset(BaseModel):
    """How the operator made sure that it is the account's person who asks."""

    made_sure: Annotated[
        str,
        Field(min_length=10, max_length=200, description="The person reads it, and it stays in the log."),
        BeforeValidator(in_one_line),
    ]
