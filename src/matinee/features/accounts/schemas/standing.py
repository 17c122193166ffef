"""Suspended and limited accounts, and looking through somebody's eyes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from matinee.kernel.words import without_controls

RestrictionKind = Literal["limited", "suspended"]


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
