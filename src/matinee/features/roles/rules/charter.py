"""Which role holds what: the roles that come with the house, and those that operators made.

A name that stands for no role holds nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matinee.infra.room import Permission
from matinee.kernel.actor import GUEST_ROLE, ROLES, BuiltInRole

_BUILT_IN: dict[BuiltInRole, tuple[str, str]] = {
    "guest": ("Guest", "Everybody, signed in or not."),
    "viewer": ("Viewer", "Watches, and keeps an account and a profile."),
    "creator": ("Creator", "Uploads and looks after videos."),
    "advertiser": ("Advertiser", "Holds what a viewer holds, for now."),
    "moderator": ("Moderator", "Keeps an eye on what others make."),
    "admin": ("Admin", "Runs the house; its owners decide who does."),
    "owner": ("Owner", "Holds every permission, and decides who runs the house."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    name: str
    title: str
    about: str
    permissions: frozenset[str]
    built_in: bool
    factor_needed: bool = False


class Charter:
    """All roles of a house at one moment. `permissions` are all that rooms declare."""

    def __init__(self, permissions: Mapping[str, Permission], made: Iterable[Role] = ()) -> None:
        self.permissions = permissions
        self.roles: dict[str, Role] = {
            name: Role(
                name=name,
                title=title,
                about=about,
                permissions=frozenset(one.name for one in permissions.values() if name in one.roles),
                built_in=True,
            )
            for name, (title, about) in _BUILT_IN.items()
        }
        self.roles |= {role.name: role for role in made if role.name not in ROLES}
        self._held = {name: role.permissions.intersection(permissions) for name, role in self.roles.items()}

    @property
    def open_to_all(self) -> frozenset[str]:
        """What guests may."""
        return self._held[GUEST_ROLE]

    def permissions_of(self, names: Iterable[str]) -> frozenset[str]:
        """All that any of these roles holds."""
        return frozenset().union(*(self._held.get(name, frozenset()) for name in names))

    def holders(self, permission: str, among: Iterable[str] | None = None) -> list[Role]:
        """The roles that hold it, of all or `among` some."""
        wanted = None if among is None else set(among)
        return [
            role
            for name, role in self.roles.items()
            if permission in self._held[name] and (wanted is None or name in wanted)
        ]

    def within(
        self, permissions: Iterable[str], scopes: Iterable[str] | None, *, reading: bool
    ) -> frozenset[str]:
        """Those of `permissions` that a token with `scopes` may use; None: all. `read` reaches what is only looked at,
        except the account itself and what operators see."""
        if scopes is None:
            return frozenset(permissions)
        held = {None, *scopes} | ({"upload", "manage"} if reading and "read" in scopes else set())
        return frozenset(name for name in permissions if self.permissions[name].scope in held)

    def when_limited(self, permissions: Iterable[str], *, reading: bool) -> frozenset[str]:
        """Those of `permissions` that a limited account may use: it looks, and keeps itself. Nothing that others see
        changes, and nothing of the house."""
        left = self.within(permissions, ("read", "account"), reading=reading)
        return frozenset(name for name in left if reading or not self.permissions[name].public)
