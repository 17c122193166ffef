"""Checks: rooms above hold a video until they have looked at it. Public only when every check is released.

A check that nobody releases ends at its deadline, so that a room that is away cannot bury a video.
"""

from datetime import UTC, datetime
from uuid import UUID

from matinee.features.accounts import service as accounts
from matinee.features.videos import repository
from matinee.features.videos.errors import VideoGone
from matinee.features.videos.messages import ReviewCheck
from matinee.features.videos.models import Check, Video
from matinee.features.videos.service import changes
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

LEAVING = "leaving"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
BATCH = 50


async def hold(work: Work, video_id: UUID, check: str, deadline_at: datetime) -> None:
    """Only the owner and those who run the house see the video until `check` is released, at `deadline_at` at the
    latest. Holding again moves the deadline, and holds again what was released."""
    video = await _locked(work, video_id)
    known = {row.name: row for row in await repository.checks(work.session, video_id)}
    row = known.get(check)
    if row is None:
        work.session.add(Check(video_id=video_id, name=check, deadline_at=deadline_at))
    else:
        row.deadline_at, row.released_at = deadline_at, None
    await work.session.flush()
    work.send(ReviewCheck(video_id=video_id, check=check), at=deadline_at)
    await _settle(work, video)


async def follow_leaving(work: Work, owner_id: AccountId) -> None:
    """Nobody else sees the films of who is leaving, until they stay. Without a review: erasing ends it, or staying."""
    leaving = await accounts.is_leaving(work, owner_id)
    after: tuple[datetime, UUID] | None = None
    while rows := await repository.of_owner(work.session, owner_id, after=after, limit=BATCH):
        after = (rows[-1].created_at, rows[-1].id)
        for one in rows:
            video = await repository.video(work.session, one.id, lock=True)
            if video is None:
                continue
            held = {row.name: row for row in await repository.checks(work.session, video.id)}
            row = held.get(LEAVING)
            if row is not None:
                row.released_at = None if leaving else work.now
            elif leaving:
                work.session.add(Check(video_id=video.id, name=LEAVING, deadline_at=NEVER))
            await work.session.flush()
            await _settle(work, video)
        async with work.outside():
            pass  # a batch is done for good


async def release(work: Work, video_id: UUID, check: str) -> None:
    """`check` has nothing against the video. Idempotent; nothing for a check that never held it."""
    video = await _locked(work, video_id)
    for row in await repository.checks(work.session, video_id):
        if row.name == check and row.released_at is None:
            row.released_at = work.now
    await work.session.flush()
    await _settle(work, video)


async def review(work: Work, video_id: UUID, check: str) -> None:
    """Release `check` if its deadline has passed; nothing when it was moved."""
    for row in await repository.checks(work.session, video_id):
        if row.name == check and row.released_at is None and row.deadline_at <= work.now:
            await release(work, video_id, check)


async def _settle(work: Work, video: Video) -> None:
    held = any(row.released_at is None for row in await repository.checks(work.session, video.id))
    if video.held != held:
        video.held = held
        changes.publish(work, video)
        changes.changed(work, video)


async def _locked(work: Work, video_id: UUID) -> Video:
    video = await repository.video(work.session, video_id, lock=True)
    if video is None:
        raise VideoGone
    return video
