"""The room as the entrypoints see it."""

from matinee.features.admin import service
from matinee.features.admin.commands import commands
from matinee.infra.room import Permission, Room, Topic

ROOM = Room(
    name="admin",
    router="matinee.features.admin.router",
    commands=commands,
    permissions=(
        Permission(service.OPERATE, "See and steer the whole house's jobs.", "admin", scope="operate"),
    ),
    topics=(Topic(name="jobs", resolve=service.follow_jobs),),
    retention="Which first steps the operators skipped, for as long as the house stands.",
    untold={"admin_first_steps": "What was skipped in a new house; about no person."},
)
