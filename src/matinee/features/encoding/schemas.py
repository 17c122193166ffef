"""Values that leave the room."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

EncodeState = Literal["checking", "encoding", "done", "rejected", "failed", "cancelled"]
StepState = Literal["waiting", "running", "done", "failed", "cancelled"]


class StepInfo(BaseModel):
    """One step. `started_at`, `seconds` and `worker` tell of its last run; `log` holds the last lines of what
    failed."""

    name: str
    kind: str
    state: StepState
    attempts: int
    percent: float
    started_at: datetime | None
    seconds: float | None
    worker: str | None
    log: str | None


class EncodeInfo(BaseModel):
    """One encode. `speed` is seconds of video finished per second, over all rungs; `left_s` rounds up."""

    video_id: UUID
    state: EncodeState
    percent: float
    speed: float | None
    left_s: int | None
    created_at: datetime
    steps: list[StepInfo]
