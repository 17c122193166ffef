"""Who acts: the value that every verb checks. Never looks anything up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from matinee.kernel.errors import NotSignedIn, Refused
from matinee.kernel.ids import AccountId

Via = Literal["nobody", "session", "token", "system"]
BuiltInRole = Literal["guest", "viewer", "creator", "advertiser", "moderator", "admin", "owner"]

GUEST_ROLE: Final[BuiltInRole] = "guest"
OWNER_ROLE: Final[BuiltInRole] = "owner"
ROLES: Final[tuple[BuiltInRole, ...]] = get_args(BuiltInRole)
"""Those that come with the house; operators make others."""
ROLE_NAME: Final = r"^[a-z][a-z0-9_]{1,19}$"
ROLES_HELD_MOST: Final = 20
"""By one account: its access tokens name them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An account, a guest or the house itself, with the permissions that its roles grant. `proven_at`: when its person
    last showed that it is them. `held_back`: why it may less than its roles grant, for now. `behind`: the operator who
    looks through the eyes of this account."""

    account_id: AccountId | None = None
    roles: frozenset[str] = frozenset({GUEST_ROLE})
    permissions: frozenset[str] = frozenset()
    via: Via = "nobody"
    session_key: str | None = None
    proven_at: datetime | None = None
    held_back: Refused | None = None
    behind: AccountId | None = None
    scopes: tuple[str, ...] | None = None
    """What a program's token is made for; `permissions` are within it already."""

    @property
    def is_system(self) -> bool:
        return self.via == "system"

    @property
    def is_guest(self) -> bool:
        return self.account_id is None and not self.is_system

    @property
    def counted_as(self) -> AccountId | None:
        """Whose requests these are, where they are counted."""
        return self.behind or self.account_id

    def may(self, permission: str) -> bool:
        """Whether the roles of this actor grant `permission`; the house itself may everything."""
        return self.is_system or permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise `NotSignedIn` for a guest or `Refused` for an account without `permission`."""
        if self.may(permission):
            return
        if self.is_guest:
            raise NotSignedIn
        if self.held_back is not None:
            raise self.held_back.about(permission)
        if self.scopes is not None:
            held = ", ".join(self.scopes) or "none"
            raise Refused(
                f"This token may not do that: its scopes are {held}, and “{permission}” is beyond them or beyond your"
                " roles.",
                permission=permission,
            )
        raise Refused(f"Your roles do not hold the permission “{permission}”.", permission=permission)

    def owner(self) -> AccountId:
        """The account that acts. Raises `NotSignedIn` when there is none."""
        if self.account_id is None:
            raise NotSignedIn
        return self.account_id


SYSTEM: Final = Actor(roles=frozenset({"system"}), via="system")
