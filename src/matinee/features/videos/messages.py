"""What the room says. Every listener re-reads the video."""

from dataclasses import dataclass
from uuid import UUID

from matinee.kernel.message import Fact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRetryAsked(Fact):
    """The owner wants a failed or cancelled encode taken up again."""

    video_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCancelAsked(Fact):
    """The owner wants the encode stopped; the video stands as cancelled already."""

    video_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDeleted(Fact):
    """The video is gone and its bytes are being freed."""

    video_id: UUID
    source_blob_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPublished(Fact):
    """The video can be found and played by everybody for the first time."""

    video_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReady(Fact):
    """Every rung is complete."""

    video_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRendition(Order):
    """Free the bytes of a rendition that left the master long enough ago."""

    rendition_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetVisits(Order):
    """Remove visits and views that can decide nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCheck(Order):
    """A check that holds a video has reached its deadline."""

    video_id: UUID
    check: str
