"""Values of people that leave the room."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from matinee.features.accounts.schemas import (
    EmailText,
    GivenPassword,
    LinkToken,
    LoginText,
    LookedUp,
    LookInfo,
    NewPassword,
    OwnStanding,
    Theme,
)
from matinee.features.admission.schemas import Answer, Brought, Mode
from matinee.features.roles.schemas import RoleName
from matinee.kernel.actor import ROLES_HELD_MOST

Handle = Annotated[
    str,
    Field(
        min_length=3, max_length=31, description="3 to 30 letters a–z, digits or underscores, in any case."
    ),
]
DisplayName = Annotated[str, Field(min_length=1, max_length=60)]
Bio = Annotated[str, Field(max_length=500)]


class Profile(BaseModel):
    """What everybody may see of a person."""

    id: UUID
    handle: str
    display_name: str
    bio: str
    created_at: datetime


class MyAccount(BaseModel):
    """`factor_due`: nothing but setting up a second factor is open until there is one; `waits`: nothing but one's own
    request, until an operator lets them in. `standing` where the account is limited. To a token without scope
    `account`, addresses are null and `roles` empty."""

    id: UUID
    email: str | None
    roles: list[str]
    permissions: list[str]
    email_verified: bool | None
    wanted_email: str | None
    factor_due: bool
    waits: bool
    standing: OwnStanding | None
    created_at: datetime


class Quota(BaseModel):
    used_bytes: int
    limit_bytes: int


class PersonPage(LookedUp):
    """An account as operators see it. `quota` is null to who may not manage accounts. `look`: whoever asks may see the
    house through its eyes."""

    quota: Quota | None
    look: bool


class QuotaWish(BaseModel):
    limit_bytes: Annotated[int | None, Field(ge=0, le=10**15)]


class NewService(BaseModel):
    """`title` is what people see of it, for it has a profile, too."""

    handle: Handle
    title: DisplayName
    roles: Annotated[list[RoleName], Field(min_length=1, max_length=ROLES_HELD_MOST)]


class Limits(BaseModel):
    """`handle_kept_days`: how long an old handle leads to a new one; `leaving_days`: how long leaving can be taken
    back."""

    max_upload_bytes: int
    max_duration_s: float
    handle_kept_days: int
    leaving_days: int


class Me(BaseModel):
    """Who asks, and what the house grants them. A guest has neither account nor profile nor quota. `signup`: who may
    make an account; `signup_work`: after some work of their computer; `signup_question`: what who applies is asked.
    `mail`: whether the house writes letters. `looking` where this is another person, and an operator who asks looks
    through their eyes."""

    account: MyAccount | None
    profile: Profile | None
    quota: Quota | None
    limits: Limits
    signup: Mode
    signup_work: bool
    signup_question: str
    mail: bool
    theme: Theme
    looking: LookInfo | None


class SignUp(Brought):
    """With the `token` of a letter's link, or with an `email` where the house sends no letters. `answer` is for who
    applies. Work was done for the letter already."""

    email: EmailText | None = None
    token: LinkToken | None = None
    password: NewPassword
    handle: Handle
    display_name: DisplayName
    answer: Answer = ""


class SignIn(BaseModel):
    login: LoginText
    password: GivenPassword


class MeChange(BaseModel):
    theme: Theme | None = None


class ProfileChange(BaseModel):
    handle: Handle | None = None
    display_name: DisplayName | None = None
    bio: Bio | None = None


class Leaving(BaseModel):
    password: GivenPassword
