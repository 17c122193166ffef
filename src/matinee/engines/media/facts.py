"""What is known of a source once it has been opened: plain values that survive a trip through JSON.

Never opens anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

from matinee.engines.media.timing import shown_at

COPY_MAX_GAP_S = 10.0
"""A source whose key frames lie further apart cannot be cut into segments a player likes."""

LATE_START_S = 0.3
"""Players jump over so much of a missing beginning; more is filled by encoding."""

_BROWSER_PIXELS = 1920 * 1088
_BROWSER_PROFILES = {
    "Baseline",
    "Constrained Baseline",
    "Main",
    "High",
    "Progressive High",
    "Constrained High",
}
_MATRICES = {
    "bt709": "bt709",
    "bt470bg": "smpte170m",
    "smpte170m": "smpte170m",
    "bt2020nc": "bt2020",
    "bt2020c": "bt2020",
}
_HD_WIDTH, _SD_HEIGHT = 1280, 576
_HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """`width`, `height`: as displayed, after rotation (degrees, clockwise) and pixel aspect. Times count from
    the container's start. `fps` is the mean rate of a constant source and the nominal rate of a variable one.
    `hidden_start`: an edit list hides frames that are needed to decode the first one shown."""

    stream_index: int
    codec: str
    profile: str
    level: int
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation: int
    fps: Fraction
    variable_fps: bool
    pixel_format: str
    bit_depth: int
    interlaced: bool
    colour_primaries: str
    colour_transfer: str
    colour_space: str
    colour_range: str
    start_s: float
    end_s: float
    key_frame_times_s: tuple[float, ...]
    key_frames_complete: bool
    max_key_gap_s: float
    hidden_start: bool = False

    @property
    def hdr(self) -> bool:
        return self.colour_transfer in _HDR_TRANSFERS

    @property
    def matrix(self) -> str:
        """How its Y'CbCr was made, by the name that ffmpeg's scaler knows. A source that does not say is taken as
        players take it: Rec. 709 in high definition, Rec. 601 below."""
        if self.colour_space in _MATRICES:
            return _MATRICES[self.colour_space]
        return "bt709" if self.coded_width >= _HD_WIDTH or self.coded_height > _SD_HEIGHT else "smpte170m"


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """`start_s`, `end_s`: of the packets, from the container's start; priming lies before zero."""

    stream_index: int
    codec: str
    profile: str
    channels: int
    sample_rate: int
    language: str | None
    title: str | None
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """`container` is a word for people, `demuxer` the only reader that may open the file. `start_s`: what its own
    clock shows at the start; all other times count from there."""

    container: str
    demuxer: str
    duration_s: float
    size_bytes: int
    video: VideoFacts
    audio: tuple[AudioFacts, ...]
    start_s: float = 0.0

    @property
    def is_browser_playable(self) -> bool:
        """H.264 4:2:0 8-bit up to 1080p with AAC or silence, upright, progressive, no faster than the ladder shows
        it (which is level 4.2): plays as it is everywhere."""
        video = self.video
        return (
            video.codec == "h264"
            and video.pixel_format in {"yuv420p", "yuvj420p"}
            and (not video.profile or video.profile in _BROWSER_PROFILES)
            and video.coded_width * video.coded_height <= _BROWSER_PIXELS
            and video.fps <= shown_at(video.fps)
            and video.rotation == 0
            and not video.interlaced
            and all(
                track.codec == "aac" and track.profile in {"LC", "HE-AAC", "HE-AACv2", ""}
                for track in self.audio
            )
        )

    @property
    def is_copyable(self) -> bool:
        """Browser-playable and with key frames close enough to cut at."""
        return (
            self.is_browser_playable
            and self.video.key_frames_complete
            and bool(self.video.key_frame_times_s)
            and not self.video.hidden_start
            and self.video.start_s < LATE_START_S
            and all(track.start_s < LATE_START_S for track in self.audio)
            and self.video.max_key_gap_s <= COPY_MAX_GAP_S
        )

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["video"]["fps"] = str(self.video.fps)
        values["video"]["key_frame_times_s"] = list(self.video.key_frame_times_s)
        values["audio"] = list(values["audio"])
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SourceFacts:
        video = dict(values["video"])
        video["fps"] = Fraction(video["fps"])
        video["key_frame_times_s"] = tuple(video["key_frame_times_s"])
        own = {field.name for field in fields(cls)} - {"video", "audio"}
        return cls(
            video=VideoFacts(**video),
            audio=tuple(AudioFacts(**track) for track in values["audio"]),
            **{name: values[name] for name in own},
        )
