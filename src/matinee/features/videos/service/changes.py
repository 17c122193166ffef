"""What the verbs of the room do alike: lock a video, change its state, publish it, free what was made of it."""

from uuid import UUID

from matinee.features.files import service as files
from matinee.features.files.schemas import TreeId
from matinee.features.videos import repository, rules
from matinee.features.videos.errors import VideoGone, WrongState
from matinee.features.videos.messages import VideoPublished
from matinee.features.videos.models import Video
from matinee.features.videos.schemas import State
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


def subject_of(video_id: UUID) -> str:
    return f"video:{video_id}"


def changed(work: Work, video: Video) -> None:
    """Wake those who look at this video, and its owner's list."""
    work.signal(subject_of(video.id))
    work.signal(f"my-videos:{video.owner_id}")


def publish(work: Work, video: Video) -> None:
    """Give the video its place among the newest, the first time that everybody may play it."""
    playable = rules.watchable(state_of(video), video.playable_at)
    if video.visibility == "public" and not video.held and playable and video.published_at is None:
        video.published_at = work.now
        work.send(VideoPublished(video_id=video.id))


async def drop_made(work: Work, video: Video) -> None:
    """Free all that was made of the source: renditions, the pictures found in it, the storyboard."""
    for rendition in (await repository.renditions(work.session, [video.id]))[video.id]:
        await files.drop_tree(work, TreeId(rendition.tree_id))
        await work.session.delete(rendition)
    for poster in (await repository.posters(work.session, [video.id]))[video.id]:
        if not poster.own:
            await files.drop_tree(work, TreeId(poster.tree_id))
            await work.session.delete(poster)
            if video.poster_number == poster.number:
                video.poster_number = None
    if video.storyboard_tree_id is not None:
        await files.drop_tree(work, TreeId(video.storyboard_tree_id))
        video.storyboard_tree_id = video.storyboard = None
    await work.session.flush()
    if video.master:
        video.master = []
        video.best_height = None
        video.revision += 1
    video.media_version += 1


def state_of(video: Video) -> State:
    return video.state  # type: ignore[return-value]


def enter(work: Work, video: Video, state: State) -> None:
    if not rules.may_become(state_of(video), state):
        raise WrongState
    video.state = state
    video.reason_code = video.reason = video.error_log = None
    if state not in ("checking", "encoding", "playable"):
        video.progress = None
    changed(work, video)


async def expect_file(work: Work, video: Video) -> None:
    """After a change of state: let the owner send a file where the video takes one, else refuse it before its bytes
    come."""
    subject = subject_of(video.id)
    if video.state in rules.TAKES_A_FILE:
        most = files.limits(work).max_upload_bytes
        await files.expect(work, AccountId(video.owner_id), "video", subject, most)
    else:
        await files.unexpect(work, subject, "video")
        await files.cancel_uploads(work, subject, "video")


async def locked(work: Work, video_id: UUID) -> Video:
    video = await repository.video(work.session, video_id, lock=True)
    if video is None:
        raise VideoGone
    return video
