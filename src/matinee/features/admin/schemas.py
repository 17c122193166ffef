"""Values that leave the room."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from matinee.features.encoding.schemas import EncodeState, StepInfo
from matinee.features.videos.schemas import Card
from matinee.infra.jobs.ledger import LaneInfo, WorkerInfo

StepName = Literal["password", "factor", "address", "mail", "doors", "backup", "film"]
StepState = Literal["done", "todo", "skipped"]
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
    """The house at a glance. `disk` is null where the store has no such figure; `signups_waiting` are people who wait
    to be let in."""

    queues: list[LaneInfo]
    workers: list[WorkerInfo]
    disk: Disk | None
    videos: VideosByState
    playable_s: Quantiles
    signups_waiting: int
    version: str


class FirstStep(BaseModel):
    name: StepName
    state: StepState


class FirstStepChange(BaseModel):
    skipped: bool


class FirstSteps(BaseModel):
    """What who runs a new house does first, as it stands for whoever asks. `open`: operators are led here, until
    nothing is to do or it is put away. `password_ends_at`: of a password that the house made up. `email_named`: an
    address of one's own is in the place of the first one. `letter_at`: when a letter left that was to try the mail;
    `backup_at`: of the last backup. `disk` is null where the store has no such figure."""

    open: bool
    put_away: bool
    steps: list[FirstStep]
    password_ends_at: datetime | None
    email_named: bool
    address: str
    mail: bool
    letter_at: datetime | None
    backup_at: datetime | None
    disk: Disk | None


class Held(BaseModel):
    """Bytes of one sort, and in how many originals or trees of generated files."""

    name: str
    size_bytes: int
    files: int


class AccountHolds(BaseModel):
    """`handle` is null while the account has no profile."""

    account_id: UUID
    handle: str | None
    originals_bytes: int
    generated_bytes: int


class StorageReport(BaseModel):
    """Where the bytes are. `stored_bytes` is what the store really holds of them: identical originals of one account
    are stored once. `renditions` are qualities by name, counted by their segments; `ages` say for how long at most."""

    stored_bytes: int
    originals_bytes: int
    generated_bytes: int
    unfinished_bytes: int
    shared_bytes: int
    rooms: list[Held]
    kinds: list[Held]
    renditions: list[Held]
    ages: list[Held]
    accounts: list[AccountHolds]


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
