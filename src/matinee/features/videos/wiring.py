"""The room as the entrypoints see it."""

from matinee.features.videos import service
from matinee.features.videos.commands import app
from matinee.features.videos.handlers import HANDLERS, LISTENERS, PERIODIC
from matinee.infra.room import Permission, Room, Topic

ROOM = Room(
    name="videos",
    router="matinee.features.videos.router",
    handlers=HANDLERS,
    listeners=LISTENERS,
    periodic=PERIODIC,
    commands=app,
    permissions=(
        Permission("videos.watch", "Find and watch videos.", "guest"),
        Permission("videos.create", "Make videos.", "creator", "admin", scope="upload"),
        Permission(
            "videos.import", "Make videos of files at an address.", "creator", "admin", scope="upload"
        ),
        Permission(
            "videos.edit",
            "List, change, retry, cancel and delete one's own videos.",
            "creator",
            "admin",
            scope="manage",
        ),
        Permission("videos.oversee", "See and change everybody's videos.", "admin", scope="operate"),
    ),
    topics=(
        Topic(name="video", resolve=service.follow),
        Topic(name="my-videos", resolve=service.own_channel),
    ),
    settings=(service.VideosSettings,),
    metrics=service.refresh_metrics,
    retention="Videos with their renditions, pictures and resume points until their owner deletes them or leaves;"
    " visits and counted views, as keyed hashes, for a day after the last sign of life.",
    told=service.TOLD,
    untold=service.UNTOLD,
    export=service.export,
    erase=service.erase,
)
