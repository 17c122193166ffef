"""Room `people`, row 1."""

from matinee.features.people import service
from matinee.features.people.commands import app
from matinee.infra.room import Permission, Room

ROOM = Room(
    name="people",
    router="matinee.features.people.router",
    commands=app,
    permissions=(
        Permission("people.read", "See profiles and who one is oneself.", "guest"),
        Permission(
            "people.self",
            "Change one's own profile.",
            "viewer",
            "creator",
            "moderator",
            "admin",
            scope="account",
        ),
    ),
    retention="Profiles until their person leaves.",
    export=service.export,
    erase=service.erase,
)
