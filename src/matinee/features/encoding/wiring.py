"""The room as the entrypoints see it."""

from matinee.features.encoding import handlers, service
from matinee.features.encoding.commands import commands
from matinee.features.encoding.messages import MendEncodes, NormalisePoster, RunLongStep, RunUrgentStep
from matinee.features.encoding.settings import EncodingSettings, ScanSettings
from matinee.features.files.messages import UploadCompleted
from matinee.features.videos.messages import VideoCancelAsked, VideoDeleted, VideoRetryAsked
from matinee.infra.room import Handler, Periodic, Room
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def erase(work: Work, account_id: AccountId) -> bool:
    return await service.erase(work, account_id)


ROOM = Room(
    name="encoding",
    handlers=(
        Handler(
            message=UploadCompleted,
            run=handlers.take_source,
            subject=handlers.upload_subject,
            priority=100,
            on_dead=handlers.bury_source,
        ),
        Handler(
            message=RunUrgentStep,
            run=handlers.run_urgent_step,
            lane="io",
            priority=handlers.urgency,
            subject=handlers.subject_of,
            retries=3,
            backoff_s=1,
            on_dead=handlers.bury_step,
        ),
        Handler(
            message=RunLongStep,
            run=handlers.run_long_step,
            lane="cpu",
            priority=handlers.urgency,
            subject=handlers.subject_of,
            retries=3,
            backoff_s=2,
            on_dead=handlers.bury_step,
        ),
        Handler(
            message=NormalisePoster,
            run=handlers.make_poster,
            subject=handlers.subject_of,
            priority=50,
            on_dead=handlers.bury_poster,
        ),
        Handler(
            message=VideoDeleted,
            run=handlers.stop_deleted,
            lock=handlers.video_lock,
            subject=handlers.subject_of,
        ),
        Handler(
            message=VideoCancelAsked,
            run=handlers.stop_cancelled,
            lock=handlers.video_lock,
            subject=handlers.subject_of,
        ),
        Handler(
            message=VideoRetryAsked,
            run=handlers.take_up_again,
            lock=handlers.video_lock,
            subject=handlers.subject_of,
            on_dead=handlers.bury_retry,
        ),
        Handler(message=MendEncodes, run=handlers.mend_encodes, priority=50),
    ),
    periodic=(Periodic(cron="* * * * *", order=MendEncodes),),
    commands=commands,
    settings=(EncodingSettings, ScanSettings),
    retention="Steps and their logs stay as long as their video.",
    metrics=service.refresh_metrics,
    upkeep=service.upkeep,
    untold={
        "encoding_encode": "How far the encode of each of your videos came: see videos.ndjson.",
        "encoding_share": "Whose turn it is to encode, for the next minutes.",
        "encoding_step": "The steps of these encodes.",
    },
    erase=erase,
)
