"""Values that leave the room."""

from typing import Literal

from pydantic import BaseModel

from matinee.features.encoding.schemas import EncodeState, StepInfo
from matinee.features.videos.schemas import Card
from matinee.infra.jobs.ledger import LaneInfo, WorkerInfo

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


class Disk(BaseModel):
    free_bytes: int
    total_bytes: int


class VideosByState(BaseModel):
    by_state: dict[str, int]


class Quantiles(BaseModel):
    """Seconds from the last received byte to playable; null while there is no video to tell from."""

    p50: float | None
    p95: float | None


class Overview(BaseModel):
    """The house at a glance. `disk` is null where the store has no such figure."""

    queues: list[LaneInfo]
    workers: list[WorkerInfo]
    disk: Disk | None
    videos: VideosByState
    playable_s: Quantiles
    version: str


class AdminEncode(BaseModel):
    """One encode with its video and steps. `speed` is seconds of video per second."""

    video: Card
    state: EncodeState
    percent: float
    speed: float | None
    left_s: int | None
    steps: list[StepInfo]


class AdminEncodes(BaseModel):
    items: list[AdminEncode]
