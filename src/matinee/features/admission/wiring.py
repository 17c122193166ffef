"""Room `admission`, between `files` and `accounts`."""

from matinee.features.admission import handlers, service
from matinee.features.admission.commands import commands
from matinee.features.admission.messages import TidyDoors
from matinee.features.admission.settings import AdmissionSettings
from matinee.infra.room import Handler, Periodic, Permission, Room
from matinee.kernel.actor import BuiltInRole

_MEMBERS: tuple[BuiltInRole, ...] = ("viewer", "creator", "moderator", "admin")

ROOM = Room(
    name="admission",
    router="matinee.features.admission.router",
    handlers=(Handler(message=TidyDoors, run=handlers.tidy),),
    periodic=(Periodic(cron="37 * * * *", order=TidyDoors),),
    commands=commands,
    permissions=(
        Permission(
            service.APPLY, "Read or take back one's own request to be let in.", *_MEMBERS, scope="account"
        ),
        Permission(
            "admission.invite",
            "Invite others, as far as operators allow.",
            *_MEMBERS,
            scope="account",
            public=True,
        ),
        Permission(
            service.MANAGE, "Choose who may make an account, and let people in.", "admin", scope="operate"
        ),
    ),
    settings=(AdmissionSettings,),
    metrics=service.refresh_metrics,
    retention=(
        "Requests until their person is let in, or for a week once they are refused, with the account; invitations for"
        " 30 days after they end; who invited whom until either leaves; challenges that were solved, which name nobody,"
        " for an hour."
    ),
    told=service.TOLD,
    untold=service.UNTOLD,
    export=service.export,
    erase=service.erase,
)
