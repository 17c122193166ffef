"""The list of rooms, top row first, and what follows from it. The one place that knows all rooms."""

from matinee.features.accounts.wiring import ROOM as ACCOUNTS
from matinee.features.admin.wiring import ROOM as ADMIN
from matinee.features.admission.wiring import ROOM as ADMISSION
from matinee.features.encoding.wiring import ROOM as ENCODING
from matinee.features.files.wiring import ROOM as FILES
from matinee.features.people.wiring import ROOM as PEOPLE
from matinee.features.privacy.wiring import ROOM as PRIVACY
from matinee.features.roles.wiring import ROOM as ROLES
from matinee.features.videos.wiring import ROOM as VIDEOS
from matinee.infra.room import Permission, Room
from matinee.kernel.settings import Concern

ROOMS: tuple[Room, ...] = (ADMIN, ENCODING, VIDEOS, PEOPLE, PRIVACY, FILES, ROLES, ADMISSION, ACCOUNTS)
PERMISSIONS: dict[str, Permission] = {p.name: p for room in ROOMS for p in room.permissions}


def concerns() -> list[type[Concern]]:
    """The settings classes of all rooms."""
    return [concern for room in ROOMS for concern in room.settings]
