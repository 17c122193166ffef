"""The verbs of the room."""

from matinee.features.admin.service.first_steps import begin as begin_first_steps
from matinee.features.admin.service.first_steps import (
    look,
    put_away,
    send_trial,
    skip,
)
from matinee.features.admin.service.operating import (
    MAX_JOB_ID,
    OPERATE,
    cancel_job,
    encodes,
    follow_jobs,
    job,
    jobs,
    overview,
    pause_lane,
    resume_lane,
    retry_job,
    retry_step,
    storage_report,
)

__all__ = [
    "MAX_JOB_ID",
    "OPERATE",
    "begin_first_steps",
    "cancel_job",
    "encodes",
    "follow_jobs",
    "job",
    "jobs",
    "look",
    "overview",
    "pause_lane",
    "put_away",
    "resume_lane",
    "retry_job",
    "retry_step",
    "send_trial",
    "skip",
    "storage_report",
]
