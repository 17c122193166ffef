"""Room `people`, row 1."""

from matinee.features.accounts.messages import AccountLeaving, AccountStays
from matinee.features.admission.messages import AccountAdmitted
from matinee.features.people import handlers, service
from matinee.features.people.commands import app
from matinee.features.people.messages import FreeHandles
from matinee.features.people.settings import PeopleSettings
from matinee.infra.room import Handler, Periodic, Permission, Room

ROOM = Room(
    name="people",
    router="matinee.features.people.router",
    handlers=(
        Handler(message=AccountLeaving, run=handlers.hide),
        Handler(message=AccountStays, run=handlers.show),
        Handler(message=AccountAdmitted, run=handlers.welcome),
        Handler(message=FreeHandles, run=handlers.free_handles),
    ),
    periodic=(Periodic(cron="29 * * * *", order=FreeHandles),),
    commands=app,
    settings=(PeopleSettings,),
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
            public=True,
        ),
    ),
    retention="Profiles until their person leaves; handles that they gave up for MATINEE_HANDLE_KEPT_DAYS.",
    told=service.TOLD,
    export=service.export,
    erase=service.erase,
)
