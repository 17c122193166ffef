"""Room `privacy`, between `people` and `files`."""

from matinee.features.privacy import handlers, service
from matinee.features.privacy.messages import EndCopies
from matinee.features.privacy.settings import PrivacySettings
from matinee.infra.room import Handler, Periodic, Permission, Room

ROOM = Room(
    name="privacy",
    router="matinee.features.privacy.router",
    handlers=(Handler(message=EndCopies, run=handlers.end_copies),),
    periodic=(Periodic(cron="23 * * * *", order=EndCopies),),
    permissions=(
        Permission(service.READ, "Read what this house keeps about people.", "guest"),
        Permission(
            "privacy.copy",
            "Take a copy of everything about oneself.",
            "viewer",
            "creator",
            "moderator",
            "admin",
            scope="account",
        ),
    ),
    settings=(PrivacySettings,),
    metrics=service.refresh_metrics,
    retention="Copies that people asked for, for MATINEE_COPY_DAYS; that they asked, for 30 days.",
    told=service.TOLD,
    export=service.export,
    erase=service.erase,
)
