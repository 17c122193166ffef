"""The plan of a ladder: its rungs, the one grid all of them share, and the chunks it is encoded in.

Pure planning from facts; never opens or encodes anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from matinee.engines.media.facts import SourceFacts
from matinee.engines.media.sounds import names_of
from matinee.engines.media.timing import shown_at

SEGMENT_S = 4.0
AUDIO_RATE_HZ = 48_000
AUDIO_BITRATE_BPS = 128_000
MAX_AUDIO_TRACKS = 4
_CHUNK_SEGMENTS = 6
_FEWEST_SEGMENTS = 3
_MOST_SEGMENTS = 15
_CHUNKS_PER_SLOT = 3
_MAX_WASTE = 0.2
"""How much of a chunk's decoding may go into reaching its first frame from the key frame before."""
_FILLED = 0.95
"""Of a box: a source of 1916 × 1076 is 1080p."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Constant-rate frames cut into segments of equal frame counts (the last may be shorter).

    `timescale` ticks a second; one frame is `frame_ticks` long, without remainder.
    """

    fps: Fraction
    frame_count: int
    frames_per_segment: int
    timescale: int
    frame_ticks: int

    @property
    def segment_count(self) -> int:
        return math.ceil(self.frame_count / self.frames_per_segment)

    @property
    def duration_s(self) -> float:
        return float(self.frame_count / self.fps)

    @property
    def target_duration_s(self) -> int:
        return math.ceil(self.frames_per_segment / self.fps)

    def segment_start_s(self, n: int) -> float:
        return float(min(n * self.frames_per_segment, self.frame_count) / self.fps)

    def segment_frames(self, n: int) -> int:
        return min(self.frames_per_segment, self.frame_count - n * self.frames_per_segment)

    def segment_duration_s(self, n: int) -> float:
        return float(self.segment_frames(n) / self.fps)


@dataclass(frozen=True, slots=True)
class Rung:
    """One picture size. `maxrate_bps` caps the encoder over `buffer_bits`; `peak_bps` is what manifests
    declare."""

    name: str
    width: int
    height: int
    crf: int
    maxrate_bps: int
    buffer_bits: int
    profile: str
    level: str
    codecs: str

    @property
    def peak_bps(self) -> int:
        return round(self.maxrate_bps * 1.1)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound of the ladder; `index` counts among the source's audio tracks."""

    name: str
    index: int
    stream_index: int
    language: str | None
    label: str
    default: bool
    codecs: str
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """`rungs` from the lowest to the highest."""

    grid: Grid
    rungs: tuple[Rung, ...]
    audio: tuple[AudioTrack, ...]

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["grid"]["fps"] = str(self.grid.fps)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Ladder:
        return cls(
            grid=Grid(**{**values["grid"], "fps": Fraction(values["grid"]["fps"])}),
            rungs=tuple(Rung(**rung) for rung in values["rungs"]),
            audio=tuple(AudioTrack(**track) for track in values["audio"]),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Segments `first_segment` up to and without `end_segment`: one resumable step."""

    index: int
    first_segment: int
    end_segment: int


# Shorter side, longer side at 16:9, bits a second allowed at up to 30 frames a second, CRF.
_RUNGS = (
    (240, 426, 400_000, 24),
    (360, 640, 900_000, 23),
    (480, 854, 1_600_000, 23),
    (720, 1280, 3_500_000, 23),
    (1080, 1920, 6_500_000, 23),
    (1440, 2560, 12_000_000, 23),
    (2160, 3840, 22_000_000, 23),
)

# H.264 table A-1: level, macroblocks a second, macroblocks a frame, kbit/s for High (1.25 × Main).
_LEVELS = (
    ("1.3", 11_880, 396, 960),
    ("2.1", 19_800, 792, 5_000),
    ("2.2", 20_250, 1_620, 5_000),
    ("3.0", 40_500, 1_620, 12_500),
    ("3.1", 108_000, 3_600, 17_500),
    ("3.2", 216_000, 5_120, 25_000),
    ("4.0", 245_760, 8_192, 25_000),
    ("4.2", 522_240, 8_704, 62_500),
    ("5.0", 589_824, 22_080, 168_750),
    ("5.1", 983_040, 36_864, 300_000),
    ("5.2", 2_073_600, 36_864, 300_000),
    ("6.2", 16_711_680, 139_264, 800_000),
)


def plan_ladder(facts: SourceFacts) -> Ladder:
    return Ladder(grid=plan_grid(facts), rungs=_rungs(facts), audio=_audio(facts))


def plan_grid(facts: SourceFacts) -> Grid:
    fps = shown_at(facts.video.fps)
    # 1 ms tolerance: a container that counts in milliseconds must not gain or lose a frame.
    frames = max(1, round(Fraction(facts.duration_s).limit_denominator(1_000_000) * fps))
    factor = max(1, math.ceil(1000 / fps.numerator)) if fps.numerator < 1000 else 1
    return Grid(
        fps=fps,
        frame_count=frames,
        frames_per_segment=max(1, round(SEGMENT_S * fps)),
        timescale=fps.numerator * factor,
        frame_ticks=fps.denominator * factor,
    )


def plan_chunks(ladder: Ladder, facts: SourceFacts, slots: int = 2) -> tuple[Chunk, ...]:
    """Whole segments each, a few for every one of the `slots` that encode side by side: shorter where many wait for
    work, longer in a long film, and longer where key frames are rare, since each chunk decodes from the key frame
    before it."""
    grid = ladder.grid
    fewest = _CHUNK_SEGMENTS if slots <= 2 else _FEWEST_SEGMENTS
    even = math.ceil(grid.segment_count / (slots * _CHUNKS_PER_SLOT))
    mean_waste_s = facts.video.max_key_gap_s / 2
    size = max(fewest, min(_MOST_SEGMENTS, even), math.ceil(mean_waste_s / _MAX_WASTE / SEGMENT_S))
    count = max(1, round(grid.segment_count / size))
    if count > slots:  # whole rounds: nobody is idle while another makes the one chunk too many
        count = min(grid.segment_count, math.ceil(count / slots) * slots)
    edges = [round(i * grid.segment_count / count) for i in range(count + 1)]
    return tuple(Chunk(i, a, b) for i, (a, b) in enumerate(pairwise(edges)))


def early_rung(ladder: Ladder) -> Rung:
    """The rung to encode first when the source cannot be played as it is: small, but not a thumbnail."""
    return ladder.rungs[min(1, len(ladder.rungs) - 1)]


def _rungs(facts: SourceFacts) -> tuple[Rung, ...]:
    width, height = facts.video.width, facts.video.height
    fps = shown_at(facts.video.fps)
    rungs: list[Rung] = []
    for short, long, bitrate_bps, crf in _RUNGS:
        across, down = _fit(width, height, short, long)
        if rungs and (across, down) == (rungs[-1].width, rungs[-1].height):
            break
        maxrate_bps = round(bitrate_bps * (1.5 if fps > 32 else 1.0))
        level = _level(across, down, fps, maxrate_bps)
        rungs.append(
            Rung(
                name=_name(across, down, short, long),
                width=across,
                height=down,
                crf=crf,
                maxrate_bps=maxrate_bps,
                buffer_bits=maxrate_bps * 2,
                profile="high",
                level=level,
                codecs=f"avc1.6400{round(float(level) * 10):02x}",
            )
        )
        # Slack: 1916 × 1076 is a 1080p source, and deserves its own size as the top rung.
        if min(width, height) <= short and max(width, height) <= long:
            break
    return tuple(_without_twins(rungs))


def _name(width: int, height: int, short: int, long: int) -> str:
    """By the box that the picture fills in one direction (1920 × 804 is 1080p to everybody), else by the height of
    the 16:9 box that it would fill: a film of 768 × 576 is not 720p but 576p."""
    own = max(min(width, height), round(max(width, height) * 9 / 16))
    return f"{short if own >= _FILLED * short else own}p"


def _without_twins(rungs: list[Rung]) -> list[Rung]:
    """A rung hardly larger than the one below (a 500p source has no use for both 480 and 500) replaces it."""
    kept: list[Rung] = []
    for rung in rungs:
        if kept and rung.width * rung.height < 1.15 * kept[-1].width * kept[-1].height:
            kept.pop()
        kept.append(rung)
    return kept


def _fit(width: int, height: int, short: int, long: int) -> tuple[int, int]:
    """The largest even size inside the rung's box (lying or standing) that keeps the aspect and is not
    enlarged."""
    box_across, box_down = (long, short) if width >= height else (short, long)
    # 854 and 426 are 16:9 rounded to even: a source of exactly 16:9 gets exactly the named size.
    scale = min(Fraction(box_across, width), Fraction(box_down, height), Fraction(1))
    across, down = _even(width * scale), _even(height * scale)
    if abs(across - box_across) <= 2 and abs(down - box_down) <= 2 and scale < 1:
        return box_across, box_down
    return across, down


def _even(value: Fraction) -> int:
    """The nearest even size; a whole odd one loses a line, since nothing is enlarged."""
    return max(2, int(value) // 2 * 2 if value.denominator == 1 else round(value / 2) * 2)


def _level(width: int, height: int, fps: Fraction, maxrate_bps: int) -> str:
    blocks = math.ceil(width / 16) * math.ceil(height / 16)
    for name, per_s, per_frame, kbps in _LEVELS:
        longest = max(width, height) / 16
        if (
            blocks * fps <= per_s
            and blocks <= per_frame
            and maxrate_bps <= kbps * 1000
            and longest**2 <= 8 * per_frame
        ):
            return name
    return _LEVELS[-1][0]


def _audio(facts: SourceFacts) -> tuple[AudioTrack, ...]:
    tracks = facts.audio[:MAX_AUDIO_TRACKS]
    names = names_of(tracks)
    return tuple(
        AudioTrack(
            name=f"audio-{i}",
            index=i,
            stream_index=track.stream_index,
            language=names[i][0],
            label=names[i][1],
            default=i == 0,
            codecs="mp4a.40.2",
            bitrate_bps=AUDIO_BITRATE_BPS,
        )
        for i, track in enumerate(tracks)
    )
