"""The list of rooms, top row first, and what follows from it. The one place that knows all rooms."""

from collections.abc import Iterable

from matinee.features.accounts.wiring import ROOM as ACCOUNTS
from matinee.features.admin.wiring import ROOM as ADMIN
from matinee.features.admission.wiring import ROOM as ADMISSION
from matinee.features.encoding.wiring import ROOM as ENCODING
from matinee.features.files.wiring import ROOM as FILES
from matinee.features.people.wiring import ROOM as PEOPLE
from matinee.features.privacy.wiring import ROOM as PRIVACY
from matinee.features.videos.wiring import ROOM as VIDEOS
from matinee.infra.room import Permission, Room
from matinee.kernel.settings import Concern

ROOMS: tuple[Room, ...] = (ADMIN, ENCODING, VIDEOS, PEOPLE, PRIVACY, FILES, ADMISSION, ACCOUNTS)
PERMISSIONS: dict[str, Permission] = {p.name: p for room in ROOMS for p in room.permissions}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """The names of all permissions that any of `roles` holds."""
    held = set(roles)
    return frozenset(name for name, permission in PERMISSIONS.items() if permission.roles & held)


def within(permissions: Iterable[str], scopes: Iterable[str] | None, *, reading: bool) -> frozenset[str]:
    """Those of `permissions` that a token with `scopes` may use; None: all. `read` reaches what is only looked at,
    except the account itself and what operators see."""
    if scopes is None:
        return frozenset(permissions)
    held = {None, *scopes} | ({"upload", "manage"} if reading and "read" in scopes else set())
    return frozenset(name for name in permissions if PERMISSIONS[name].scope in held)


def concerns() -> list[type[Concern]]:
    """The settings classes of all rooms."""
    return [concern for room in ROOMS for concern in room.settings]
