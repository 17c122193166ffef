"""Queues, jobs, encodes, disk and figures. Everything here needs the permission `admin.operate`, which the routes
declare."""

import matinee
from matinee.features.accounts import service as accounts
from matinee.features.admin.schemas import (
    AccountHolds,
    AdminEncode,
    AdminEncodes,
    Disk,
    Held,
    JobState,
    Overview,
    Quantiles,
    StorageReport,
    VideosByState,
)
from matinee.features.admission import service as admission
from matinee.features.encoding import service as encoding
from matinee.features.files import service as files
from matinee.features.files.schemas import Share
from matinee.features.people import service as people
from matinee.features.videos import service as videos
from matinee.infra.jobs import ledger
from matinee.infra.jobs.ledger import JobInfo
from matinee.infra.jobs.queue import CHANNEL
from matinee.infra.work import Work
from matinee.kernel.errors import Conflict, Invalid, NotFound
from matinee.kernel.ids import VideoId
from matinee.kernel.page import Page
from matinee.kernel.subject import Subject

ROOMS = {"video": "videos"}
"""Which room the bytes about a kind of subject belong to."""

KINDS = {"video": "source"}
OPERATE = "admin.operate"
MAX_JOB_ID = (1 << 63) - 1


async def overview(work: Work) -> Overview:
    """Queues, workers, disk, videos by state and how soon they became playable."""
    figures = await videos.figures(work)
    queues = await ledger.lanes(work.session)
    workers = await ledger.workers(work.session)
    waiting = await admission.count_waiting(work)
    async with work.outside():
        space = await work.storage.free_bytes()
    return Overview(
        queues=queues,
        workers=workers,
        disk=None if space is None else Disk(free_bytes=space[0], total_bytes=space[1]),
        videos=VideosByState(by_state=figures.by_state),
        playable_s=Quantiles(p50=figures.playable_p50_s, p95=figures.playable_p95_s),
        signups_waiting=waiting,
        version=matinee.__version__,
    )


async def storage_report(work: Work) -> StorageReport:
    """Bytes by room, kind, rendition, age and account, the hundred largest accounts."""
    held = await files.holdings(work)
    names = await people.profiles_of(work, [share.account_id for share in held.accounts])
    return StorageReport(
        stored_bytes=held.originals_bytes + held.generated_bytes + held.unfinished_bytes - held.shared_bytes,
        originals_bytes=held.originals_bytes,
        generated_bytes=held.generated_bytes,
        unfinished_bytes=held.unfinished_bytes,
        shared_bytes=held.shared_bytes,
        rooms=[_held(ROOMS.get(share.name, share.name), share) for share in held.subjects],
        kinds=[_held(KINDS.get(share.name, share.name), share) for share in held.kinds],
        renditions=[
            Held(name=name, size_bytes=size_bytes, files=number)
            for name, size_bytes, number in await videos.bytes_by_rendition(work)
        ],
        ages=[_held(share.name, share) for share in held.ages],
        accounts=[
            AccountHolds(
                account_id=share.account_id,
                handle=names[share.account_id].handle if share.account_id in names else None,
                originals_bytes=share.originals_bytes,
                generated_bytes=share.generated_bytes,
            )
            for share in held.accounts
        ],
    )


def _held(name: str, share: Share) -> Held:
    return Held(name=name, size_bytes=share.size_bytes, files=share.files)


async def jobs(
    work: Work,
    *,
    state: JobState | None = None,
    subject: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[JobInfo]:
    """Newest first."""
    found = await ledger.jobs(
        work.session, state=state, subject=subject, before_id=_before(cursor), limit=limit + 1
    )
    items = found[:limit]
    return Page(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)


async def job(work: Work, job_id: int) -> JobInfo:
    """One job. Raises `NotFound`."""
    found = await ledger.jobs(work.session, before_id=min(job_id, MAX_JOB_ID - 1) + 1, limit=1)
    if not found or found[0].id != job_id:
        raise NotFound("There is no such job.")
    return found[0]


async def retry_job(work: Work, job_id: int) -> None:
    """Give a dead job its tries again. Raises `NotFound` or `Conflict`."""
    await ledger.retry(work.session, job_id)
    await accounts.audit.record(work, "job.retried", job=job_id)
    work.signal(CHANNEL)


async def cancel_job(work: Work, job_id: int) -> None:
    """Cancel the encode that the job is a step of: the film can be taken up again. What any other job does would be
    left undone for ever. Raises `NotFound` or `Conflict`."""
    found = await job(work, job_id)
    if found.state not in ("waiting", "running"):
        raise Conflict("This job has ended already.")
    if found.kind not in encoding.STEP_KINDS or found.subject is None:
        raise Conflict("Only an encode can be cancelled: what this job does would never be done.")
    await encoding.cancel(work, VideoId(Subject.parse(found.subject).id))
    work.signal(CHANNEL)


async def pause_lane(work: Work, lane: str) -> None:
    """No worker begins anything more of `lane`; what runs goes on. Raises `NotFound`."""
    await ledger.pause(work.session, lane)
    await accounts.audit.record(work, "lane.paused", lane=lane)
    work.signal(CHANNEL)


async def resume_lane(work: Work, lane: str) -> None:
    """Raises `NotFound`."""
    await ledger.go_on(work.session, lane)
    await accounts.audit.record(work, "lane.resumed", lane=lane)
    work.signal(CHANNEL)


async def encodes(work: Work, *, active: bool, limit: int) -> AdminEncodes:
    """Newest first; `active` leaves out those that ended well. An encode whose video is gone is left out."""
    found = await encoding.encodes(work, active=active, limit=limit)
    cards = await videos.cards(work, [encode.video_id for encode in found])
    return AdminEncodes(
        items=[
            AdminEncode(
                video=cards[encode.video_id],
                state=encode.state,
                percent=encode.percent,
                speed=encode.speed,
                left_s=encode.left_s,
                steps=encode.steps,
            )
            for encode in found
            if encode.video_id in cards
        ]
    )


async def retry_step(work: Work, video_id: VideoId, name: str) -> None:
    """One step of an encode once more; a done one replaces what it made. Raises `NotFound` or `Conflict`."""
    await encoding.retry_step(work, video_id, name)
    work.signal(CHANNEL)


async def follow_jobs(work: Work, key: str | None) -> str | None:
    """The channel of the topic `jobs`, for those who run the house."""
    return CHANNEL if key is None and work.actor.may(OPERATE) else None


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and int(cursor[:20]) <= MAX_JOB_ID):
        raise Invalid("This cursor is not one of ours; start from the first page.")
    return int(cursor[:20])
