"""Values that leave the room, and the forms that come in."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from matinee.features.files.schemas import UploadInfo
from matinee.kernel.words import in_one_line, one_line, without_controls

State = Literal["uploading", "checking", "encoding", "playable", "ready", "rejected", "failed", "cancelled"]
Visibility = Literal["public", "unlisted", "private"]
RungState = Literal["waiting", "running", "done"]
MAX_DURATION_S = 60 * 60 * 24 * 7
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that show nothing


def _has_letters(text: str) -> str:
    if not any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANKS for c in text):
        raise ValueError("needs at least one visible character")
    return text


Title = Annotated[
    str,
    Field(min_length=1, max_length=200),
    AfterValidator(_has_letters),
    BeforeValidator(in_one_line),
]
Description = Annotated[str, Field(max_length=5000), BeforeValidator(without_controls)]
FileName = Annotated[str, Field(max_length=255), BeforeValidator(in_one_line)]
Seconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S, allow_inf_nan=False)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewVideo(_Form):
    """`filename` and `size_bytes` are what the uploader is about to send."""

    title: Title
    description: Description = ""
    visibility: Visibility = "private"
    filename: FileName | None = None
    size_bytes: Annotated[int, Field(ge=1, le=1 << 50)] | None = None


class NewImport(_Form):
    """A film to fetch. Without a title it is called as the file in the address."""

    url: Annotated[str, Field(min_length=1, max_length=2000), BeforeValidator(one_line)]
    title: Title | None = None
    description: Description = ""
    visibility: Visibility = "private"


class VideoPatch(_Form):
    """Only what is given changes."""

    title: Title | None = None
    description: Description | None = None
    visibility: Visibility | None = None


class PosterPick(_Form):
    candidate: int = Field(ge=0, le=1 << 31, description="`index` of one of `poster_candidates`.")


class Watched(_Form):
    """A sign of life from a player, at most every 10 s. `watched_s` is all that was watched since the visit began;
    the first beat is sent as playback starts."""

    position_s: Seconds
    watched_s: Seconds
    visit: UUID


class Resume(BaseModel):
    """Where to go on; 0 is the start."""

    position_s: float


class OwnerName(BaseModel):
    handle: str
    display_name: str


class Poster(BaseModel):
    """One picture in several sizes: `{base}/{width}.avif`, `.webp` or `.jpg`."""

    widths: list[int]
    base: str


class Card(BaseModel):
    """What a list shows. `width`, `height`: as displayed; `best_height` names the best rung that plays."""

    id: UUID
    title: str
    duration_s: float | None
    state: State
    visibility: Visibility
    view_count: int
    published_at: datetime | None
    created_at: datetime
    owner: OwnerName
    poster: Poster | None
    best_height: int | None
    width: int | None
    height: int | None
    tint: str | None = Field(description="Main colour of the picture, #rrggbb.")


class Playback(BaseModel):
    """Addresses of the manifests. `revision` grows whenever the master gains or loses a rendition. `storyboard` is
    WebVTT that names a small picture for every moment."""

    hls: str
    dash: str
    storyboard: str | None
    grant_expires_at: datetime | None
    revision: int


class LadderRung(BaseModel):
    name: str
    width: int
    height: int
    state: RungState
    percent: float = Field(ge=0, le=100)


class PosterChoice(BaseModel):
    """`at_s` is null for a picture of the owner's own."""

    index: int
    at_s: float | None
    poster: Poster


class SourceVideo(BaseModel):
    """`width`, `height`: as displayed, after rotation."""

    codec: str
    profile: str | None
    width: int
    height: int
    rotation: int
    fps: float
    variable_fps: bool
    pixel_format: str
    bit_depth: int


class SourceAudio(BaseModel):
    codec: str
    channels: int
    sample_rate: int
    language: str | None


class SourceFacts(BaseModel):
    container: str
    duration_s: float
    size_bytes: int
    video: SourceVideo
    audio: list[SourceAudio]


class VideoProgress(BaseModel):
    """`speed` counts seconds of video per second; `stage` is a sentence, and so is `waits`: why it stands still for
    now, for its owner."""

    stage: str
    percent: float
    speed: float | None
    left_s: int | None
    attempts: int
    waits: str | None = None


class Video(Card):
    """Everything about one video. What only the owner (or the operator) may know is null for others. A token that may
    upload and not read gets no address of media of what is not open."""

    description: str
    filename: str | None
    is_owner: bool
    held: bool = Field(description="Waits for a check and is seen by nobody else until it is released.")
    playback: Playback | None
    ladder: list[LadderRung]
    source_playing: bool = Field(description="The copied source is in the master.")
    poster_candidates: list[PosterChoice]
    reason: str | None
    poster_reason: str | None = Field(
        default=None, description="Why the owner's last own picture was refused."
    )
    reason_code: str | None
    error_log: str | None
    source: SourceFacts | None
    size_bytes: int | None
    original: str | None
    progress: VideoProgress | None
    upload: UploadInfo | None
    playable_s: float | None = Field(description="Seconds from the last received byte to playable.")
    ready_s: float | None
    playable_at: datetime | None
    ready_at: datetime | None


class Embed(BaseModel):
    """oEmbed 1.0, type video."""

    version: Literal["1.0"] = "1.0"
    type: Literal["video"] = "video"
    provider_name: str
    provider_url: str
    title: str
    author_name: str
    author_url: str
    html: str
    width: int
    height: int
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


class Figures(BaseModel):
    """For the operator: videos by state, and seconds to playable over the last thousand."""

    by_state: dict[str, int]
    playable_p50_s: float | None
    playable_p95_s: float | None


# Values that those who fill a video pass in or read.


class EncodingView(BaseModel):
    """A video as room encoding sees it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    owner_id: UUID
    state: State
    visibility: Visibility
    title: str
    generation: int
    source_blob_id: UUID | None
    received_at: datetime | None
    playable_at: datetime | None
    ready_at: datetime | None


class RenditionPlan(BaseModel):
    """A rendition before its first segment. `target_s` is the longest that a segment may get; `bandwidth_bps` the
    declared peak; `segment_count` is None where nobody knows it yet."""

    name: str = Field(max_length=40)
    kind: Literal["video", "audio"]
    role: Literal["ladder", "source", "audio"]
    codecs: str
    target_s: float
    bandwidth_bps: int = 0
    average_bps: int = 0
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    language: str | None = None
    label: str | None = None
    channels: int = 2
    is_default: bool = False
    aligned: bool = True
    segment_count: int | None = None


class Segment(BaseModel):
    """`number` counts from 0."""

    number: int = Field(ge=0)
    duration_s: float = Field(ge=0)
    size_bytes: int = Field(ge=0)


class PosterCandidate(BaseModel):
    """One picture in a tree of its own, files named `{width}.{avif,webp,jpg}`. `tint` is its main colour, #rrggbb."""

    index: int = Field(ge=0, lt=100)
    at_s: float | None
    tree_id: UUID
    widths: list[int]
    tint: str | None = None
