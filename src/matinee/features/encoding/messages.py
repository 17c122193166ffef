"""What the room says and is told."""

from dataclasses import dataclass
from uuid import UUID

from matinee.kernel.message import Fact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep(Order):
    """Do one step of an encode: `urgent` what somebody waits for, `long` the rest, each in its own lane; the lowest
    turn first. `put_off`: how often a disk or the store made it wait."""

    video_id: UUID
    generation: int
    step: str
    turn: int = 0
    put_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUrgentStep(RunStep):
    """A short step that somebody waits for: checking, copying, the first segments, pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLongStep(RunStep):
    """A step that takes a core for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisePoster(Order):
    """Make the owner's own picture into a poster."""

    video_id: UUID
    blob_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MendEncodes(Order):
    """Take up what stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeFinished(Fact):
    """Every rung of the video's ladder is complete."""

    video_id: UUID
