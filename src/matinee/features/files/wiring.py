"""The room as the entrypoints see it."""

from matinee.features.files import service
from matinee.features.files.handlers import HANDLERS, PERIODIC
from matinee.infra.room import Permission, Room

ROOM = Room(
    name="files",
    router="matinee.features.files.router",
    handlers=HANDLERS,
    periodic=PERIODIC,
    permissions=(
        Permission("files.limits", "Ask what an upload may be.", "guest"),
        Permission("files.upload", "Upload files and go on with them.", "creator", "admin", scope="upload"),
        Permission(
            "files.read_own",
            "See the own uploads and storage.",
            "viewer",
            "creator",
            "moderator",
            "admin",
            scope="upload",
        ),
    ),
    settings=(service.FilesSettings,),
    metrics=service.refresh_metrics,
    retention="Originals and generated files until their subject is deleted; unfinished uploads, with the address that"
    " they are fetched from, until MATINEE_UPLOAD_EXPIRES_H hours after their last byte; bytes of what was dropped a"
    " few seconds longer.",
    told=service.TOLD,
    untold=service.UNTOLD,
    export=service.export,
    erase=service.erase,
)
