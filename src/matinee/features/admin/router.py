"""The operator's figures and buttons over HTTP. Holds no logic."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from matinee.features.admin import service
from matinee.features.admin.schemas import (
    AdminEncodes,
    FirstStepChange,
    FirstSteps,
    JobState,
    Overview,
    StorageReport,
)
from matinee.features.admin.schemas import StepName as FirstStepName
from matinee.infra.http import needs
from matinee.infra.jobs.ledger import JobInfo
from matinee.infra.work import Work
from matinee.kernel.ids import VideoId
from matinee.kernel.page import Page

router = APIRouter(prefix="/api/v1/admin", tags=["admin"])
Lane = Annotated[str, Path(max_length=20, description="`io`, `cpu` or `gpu`.")]
StepName = Annotated[str, Path(max_length=40, description="As the encode's steps are named.")]
JobId = Annotated[int, Path(ge=1, le=service.MAX_JOB_ID)]


@router.get("/overview")
async def overview(work: Work = needs(service.OPERATE)) -> Overview:
    """Queues, workers, disk, videos by state, time to playable."""
    return await service.overview(work)


@router.get("/storage")
async def storage(work: Work = needs(service.OPERATE)) -> StorageReport:
    """Where the bytes are: by room, kind, rendition, age and account."""
    return await service.storage_report(work)


@router.get("/jobs")
async def jobs(
    work: Work = needs(service.OPERATE),
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    subject: Annotated[
        str | None, Query(max_length=80, description="Only jobs about this kind:uuid.")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[JobInfo]:
    """Jobs, newest first. A dead one carries its last error."""
    return await service.jobs(work, state=state, subject=subject, cursor=cursor, limit=limit)


@router.post("/jobs/{job_id}/retry", status_code=204)
async def retry(job_id: JobId, work: Work = needs(service.OPERATE)) -> None:
    """Give a dead job its tries again."""
    await service.retry_job(work, job_id)


@router.post("/jobs/{job_id}/cancel", status_code=204)
async def cancel(job_id: JobId, work: Work = needs(service.OPERATE)) -> None:
    """Cancel the encode that the job is a step of. No other job can be cancelled."""
    await service.cancel_job(work, job_id)


@router.post("/lanes/{lane}/pause", status_code=204)
async def pause(lane: Lane, work: Work = needs(service.OPERATE)) -> None:
    """Let no worker begin anything more of a lane; what runs goes on."""
    await service.pause_lane(work, lane)


@router.post("/lanes/{lane}/resume", status_code=204)
async def resume(lane: Lane, work: Work = needs(service.OPERATE)) -> None:
    """Let a paused lane go on."""
    await service.resume_lane(work, lane)


@router.get("/encodes")
async def encodes(
    work: Work = needs(service.OPERATE),
    active: Annotated[bool, Query(description="Leave out what ended well or was taken back.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AdminEncodes:
    """Encodes with their steps and what failed ones said last."""
    return await service.encodes(work, active=active, limit=limit)


@router.post("/encodes/{video_id}/steps/{name}/retry", status_code=204)
async def retry_step(video_id: UUID, name: StepName, work: Work = needs(service.OPERATE)) -> None:
    """Run one step again: a failed one alone, or a done one whose output is suspect and is replaced."""
    await service.retry_step(work, VideoId(video_id), name)


@router.get("/first-steps")
async def first_steps(work: Work = needs(service.OPERATE)) -> FirstSteps:
    """What who runs a new house does first, and how each step stands for you."""
    return await service.look(work)


@router.put("/first-steps/{step}")
async def skip_step(
    step: FirstStepName, change: FirstStepChange, work: Work = needs(service.OPERATE)
) -> FirstSteps:
    """Leave a step out, or take it up again."""
    return await service.skip(work, step, skipped=change.skipped)


@router.delete("/first-steps", status_code=204)
async def put_steps_away(work: Work = needs(service.OPERATE)) -> None:
    """Nobody is led to the first steps any more."""
    await service.put_away(work)


@router.post("/mail/trial")
async def try_mail(work: Work = needs(service.OPERATE)) -> FirstSteps:
    """A letter to your own address at once, after a proof, five an hour: whether letters leave this house."""
    return await service.send_trial(work)
