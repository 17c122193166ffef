"""What messages do: they call the service, and hold no logic."""

from matinee.features.encoding import rules, service
from matinee.features.encoding.messages import (
    MendEncodes,
    NormalisePoster,
    RunLongStep,
    RunStep,
    RunUrgentStep,
)
from matinee.features.files import service as files
from matinee.features.files.messages import UploadCompleted
from matinee.features.videos import service as videos
from matinee.features.videos.errors import VideoGone
from matinee.features.videos.messages import VideoCancelAsked, VideoDeleted, VideoRetryAsked
from matinee.infra.work import Work
from matinee.kernel.errors import Conflict, NotFound
from matinee.kernel.ids import BlobId, VideoId
from matinee.kernel.subject import Subject


def subject_of(message: RunStep | VideoDeleted | VideoCancelAsked | VideoRetryAsked | NormalisePoster) -> str:
    return f"video:{message.video_id}"


def upload_subject(message: UploadCompleted) -> str:
    return message.subject


async def take_source(work: Work, message: UploadCompleted) -> None:
    """A whole upload for a video: a source begins its encode, a picture becomes the poster."""
    if message.purpose not in ("video", "poster"):
        return
    try:
        blob = await files.blob(work, BlobId(message.blob_id))
    except NotFound:
        return
    video_id = VideoId(Subject.parse(message.subject).id)
    if message.purpose == "video":
        try:
            await service.begin(work, video_id, BlobId(message.blob_id), blob.received_at)
        except VideoGone:
            await files.drop_blob(work, BlobId(message.blob_id))
    else:
        work.send(NormalisePoster(video_id=video_id, blob_id=message.blob_id))


async def run_urgent_step(work: Work, message: RunUrgentStep) -> None:
    await service.run_step(work, message)


async def run_long_step(work: Work, message: RunLongStep) -> None:
    await service.run_step(work, message)


async def bury_step(work: Work, message: RunStep, reason: str) -> None:
    """The step has used up its tries; `reason` is a sentence."""
    sentence = rules.given_up(reason)
    await service.give_up(work, VideoId(message.video_id), message.generation, message.step, sentence)


async def mend_encodes(work: Work, _: MendEncodes) -> None:
    await service.mend(work)


async def bury_source(work: Work, message: UploadCompleted, reason: str) -> None:
    """A whole file that nobody could begin with."""
    if message.purpose == "video":
        sentence = (
            "The house could not begin with this film."
            " Replace the file, or ask the operator to try its job again."
        )
        await videos.fail(work, Subject.parse(message.subject).id, "encoding.not_begun", sentence, "")


async def bury_retry(work: Work, message: VideoRetryAsked, reason: str) -> None:
    await videos.fail(
        work, message.video_id, "encoding.failed", rules.given_up("It could not be taken up again."), ""
    )
    await videos.miss_pictures(work, message.video_id, rules.WITHOUT_PICTURES, "")


async def make_poster(work: Work, message: NormalisePoster) -> None:
    try:
        await service.make_own_poster(work, VideoId(message.video_id), BlobId(message.blob_id))
    except NotFound:
        return


async def bury_poster(work: Work, message: NormalisePoster, reason: str) -> None:
    """Its owner sends it again rather than wait; so nothing of it is kept."""
    await files.drop_blob(work, BlobId(message.blob_id))
    if await videos.encoding_view(work, message.video_id) is not None:
        await videos.refuse_own_poster(
            work,
            message.video_id,
            "The house could not prepare this picture after several tries. Send it again.",
        )


async def stop_deleted(work: Work, message: VideoDeleted) -> None:
    await service.forget(work, VideoId(message.video_id))


async def stop_cancelled(work: Work, message: VideoCancelAsked) -> None:
    """A hint: somebody may have taken the film up again since."""
    view = await videos.encoding_view(work, VideoId(message.video_id))
    if view is None or view.state != "cancelled":
        return
    await service.cancel(work, VideoId(message.video_id))


async def take_up_again(work: Work, message: VideoRetryAsked) -> None:
    """A hint: somebody may have cancelled the film since."""
    view = await videos.encoding_view(work, VideoId(message.video_id))
    if view is None or view.state in ("cancelled", "failed", "rejected"):
        return
    try:
        await service.retry(work, VideoId(message.video_id))
    except (Conflict, NotFound):
        return


def urgency(message: RunStep) -> int:
    return -message.turn


def video_lock(message: VideoDeleted | VideoCancelAsked | VideoRetryAsked) -> str:
    return f"encoding:{message.video_id}"
