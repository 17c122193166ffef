"""Room `roles`, between `files` and `accounts`."""

from matinee.features.roles.commands import commands
from matinee.infra.room import Permission, Room

ROOM = Room(
    name="roles",
    router="matinee.features.roles.router",
    commands=commands,
    permissions=(
        Permission("roles.ask", "Ask what one may, and why.", "guest"),
        Permission("roles.read", "See all roles, and why somebody may or may not.", "admin", scope="operate"),
        Permission("roles.manage", "Make, change and drop roles.", "admin", scope="operate"),
        Permission("roles.give", "Give roles to people and take them away.", "admin", scope="operate"),
    ),
    retention="Roles until somebody drops them; they are about no person.",
    untold={"roles_role": "What roles there are; about no person."},
)
