"""Values of roles that leave the room."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from matinee.kernel.actor import ROLE_NAME, ROLES_HELD_MOST
from matinee.kernel.words import in_one_line

ROLES_MOST = 100
RoleName = Annotated[str, Field(pattern=ROLE_NAME, description="2 to 20 letters a–z, digits or underscores.")]
Title = Annotated[str, Field(min_length=1, max_length=40), BeforeValidator(in_one_line)]
About = Annotated[str, Field(max_length=300), BeforeValidator(in_one_line)]
PermissionName = Annotated[str, Field(pattern=r"^[a-z]{2,20}\.[a-z_]{1,39}$")]
PermissionNames = Annotated[list[PermissionName], Field(max_length=500)]
StepName = Literal["signed_in", "account", "factor", "scopes", "roles"]


class RoleRef(BaseModel):
    name: str
    title: str


class RoleInfo(BaseModel):
    """`permissions` without those that everybody holds. `factor_needed`: this role asks for a second factor;
    `factor_by_settings`: the settings of the house do. `changeable`: whoever asks may change or drop it, `givable`:
    give and take it."""

    name: str
    title: str
    about: str
    permissions: list[str]
    built_in: bool
    factor_needed: bool
    factor_by_settings: bool
    holders: int
    changeable: bool
    givable: bool


class RoleList(BaseModel):
    """Built-in ones first, the others by name. `most` that operators may make."""

    items: list[RoleInfo]
    most: int


class NewRole(BaseModel):
    name: RoleName
    title: Title
    about: About = ""
    permissions: PermissionNames
    factor_needed: bool = False


class RoleChange(BaseModel):
    """What is left out stays."""

    title: Title | None = None
    about: About | None = None
    permissions: PermissionNames | None = None
    factor_needed: bool | None = None


class PermissionInfo(BaseModel):
    """`scope` is what a program's token needs besides; null: none. `everybody`: guests too. `yours`: whoever asks
    may put it into a role."""

    name: str
    description: str
    room: str
    scope: str | None
    everybody: bool
    built_in: list[RoleRef]
    yours: bool


class PermissionList(BaseModel):
    items: list[PermissionInfo]


class RolesGiven(BaseModel):
    """`before`: what the account held when whoever decides looked; refused where it holds something else by now."""

    roles: Annotated[list[RoleName], Field(max_length=ROLES_HELD_MOST)]
    before: Annotated[list[RoleName] | None, Field(max_length=ROLES_HELD_MOST)] = None


class HeldRoles(BaseModel):
    """What an account holds now."""

    roles: list[str]


class Verdict(BaseModel):
    """Whether somebody may do something, in one sentence. `mine` are those of their roles that hold the permission,
    `held_by` all that do; everybody does where `everybody`."""

    permission: str
    description: str
    room: str
    may: bool
    sentence: str
    everybody: bool
    mine: list[RoleRef]
    held_by: list[RoleRef]


class Step(BaseModel):
    name: StepName
    passed: bool
    sentence: str


class Explanation(Verdict):
    """With the steps that lead there, in order; the first that is not passed decides."""

    steps: list[Step]


class VerdictList(BaseModel):
    """By room. `signed_in`: guests may little."""

    items: list[Verdict]
    signed_in: bool
