"""A source that browsers play as it is, cut at its own key frames without encoding.

Picture and sound become renditions of their own ("source", "source-audio-0", …) with the same segment edges.
Edit lists, negative decoding times and priming are resolved here, so both start at zero together. Never
encodes.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matinee.engines.media.audio import AUDIO_FRAGMENTS, AudioCutter
from matinee.engines.media.cmaf import Sample
from matinee.engines.media.encode import FRAGMENTS
from matinee.engines.media.facts import COPY_MAX_GAP_S, SourceFacts
from matinee.engines.media.ladder import MAX_AUDIO_TRACKS, Grid, Ladder
from matinee.engines.media.probe import input_arguments, lonely_link
from matinee.engines.media.tools import NotCopyable, Tools
from matinee.engines.media.tracks import Cut, OnProgress, OnSegment, TrackWriter, run_ffmpeg

VIDEO_NAME = "source"
_TIMESCALE = 90_000
# A transport stream carries the sound's header in every packet; the muxer has to see one before it writes its own.
_ADTS = ("-bsf:a", "aac_adtstoasc", "-movflags", "+delay_moov")


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """`edges_s`: where segments end, the last at the end of the source. `fits_grid`: every edge is one of the
    ladder's, so the copy may stand beside its rungs."""

    edges_s: tuple[float, ...]
    fits_grid: bool
    target_duration_s: int


@dataclass(frozen=True, slots=True)
class CopiedSource:
    """RFC 6381 names as read from the written files; `audio_codecs` in the order of the tracks."""

    fits_grid: bool
    target_duration_s: int
    codecs: str
    audio_codecs: tuple[str, ...]


def audio_name(index: int) -> str:
    return f"source-audio-{index}"


def plan_copy(facts: SourceFacts, ladder: Ladder) -> CopyPlan:
    """Where to cut: at the first key frame on or after each edge of the grid. Raises NotCopyable."""
    if not facts.is_browser_playable:
        raise NotCopyable("browsers do not play this source as it is")
    if not facts.is_copyable:
        raise NotCopyable(f"its key frames cannot be cut at (largest gap {facts.video.max_key_gap_s:.1f} s)")
    grid = ladder.grid
    keys = facts.video.key_frame_times_s
    half_frame_s = 0.5 / float(grid.fps)
    edges: list[float] = []
    at = 0
    while at < grid.segment_count:
        wanted_s = grid.segment_start_s(at + 1)
        i = bisect_left(keys, wanted_s - half_frame_s)
        # A last piece of a few frames is not worth a segment.
        if at + 1 >= grid.segment_count or i == len(keys) or keys[i] > facts.duration_s - 0.5:
            break
        edges.append(keys[i])
        at = max(at + 1, math.floor((keys[i] + half_frame_s) / grid.segment_start_s(1)))
    edges.append(facts.duration_s)
    longest_s = max(b - a for a, b in zip([0.0, *edges], edges, strict=False))
    return CopyPlan(
        edges_s=tuple(edges),
        fits_grid=_fits(edges, grid, half_frame_s),
        target_duration_s=max(1, math.ceil(min(longest_s, COPY_MAX_GAP_S * 2) - 0.001)),
    )


async def copy_source(
    tools: Tools,
    source: Path,
    facts: SourceFacts,
    ladder: Ladder,
    out_dir: Path,
    *,
    on_segment: OnSegment | None = None,
    on_progress: OnProgress | None = None,
) -> CopiedSource:
    """Write the copied renditions into `out_dir`. Raises NotCopyable before it starts, EncodeFailed after."""
    plan = plan_copy(facts, ladder)
    out_dir.mkdir(parents=True, exist_ok=True)
    video = TrackWriter(
        VIDEO_NAME, out_dir / f".{VIDEO_NAME}.mp4", out_dir / VIDEO_NAME, _PictureCutter(plan, facts)
    )
    sounds = [
        TrackWriter(
            audio_name(i),
            out_dir / f".{audio_name(i)}.mp4",
            out_dir / audio_name(i),
            AudioCutter(plan.edges_s, track.start_s, whole=False),
        )
        for i, track in enumerate(facts.audio[:MAX_AUDIO_TRACKS])
    ]
    async with lonely_link(source) as (folder, link):
        arguments: list[str | Path] = ["-copyts", *input_arguments(facts, link)]
        arguments += [
            "-map",
            f"0:{facts.video.stream_index}",
            "-c",
            "copy",
            "-video_track_timescale",
            str(_TIMESCALE),
        ]
        arguments += [*FRAGMENTS, "-f", "mp4", f"file:{video.raw.resolve()}"]
        for track, writer in zip(facts.audio, sounds, strict=False):
            arguments += ["-map", f"0:{track.stream_index}", "-c", "copy", *AUDIO_FRAGMENTS]
            arguments += _ADTS if facts.demuxer == "mpegts" else ()
            arguments += ["-f", "mp4", f"file:{writer.raw.resolve()}"]
        await run_ffmpeg(
            tools,
            arguments,
            [video, *sounds],
            cwd=folder,
            total_s=facts.duration_s,
            what="Copying the source",
            on_segment=on_segment,
            on_progress=on_progress,
        )
    return CopiedSource(
        fits_grid=plan.fits_grid,
        target_duration_s=plan.target_duration_s,
        codecs=video.init.codecs if video.init else "",
        audio_codecs=tuple(writer.init.codecs if writer.init else "" for writer in sounds),
    )


def _fits(edges: Sequence[float], grid: Grid, half_frame_s: float) -> bool:
    return len(edges) == grid.segment_count and all(
        abs(edge - grid.segment_start_s(n)) <= half_frame_s for n, edge in enumerate(edges, start=1)
    )


class _PictureCutter:
    """Cuts at the first key frame on or after each edge, and gives every frame the time it has in the
    source."""

    def __init__(self, plan: CopyPlan, facts: SourceFacts) -> None:
        self._edges_s = plan.edges_s[:-1]
        self._start_s = facts.video.start_s
        self._slack_s = 0.5 / float(facts.video.fps)
        self._origin: Sample | None = None
        self._lead = 0
        self.delay = 0
        self._n = 0
        self._held: list[Sample] = []

    def feed(self, samples: Sequence[Sample], timescale: int) -> Iterator[Cut]:
        for sample in samples:
            if self._origin is None:
                self._origin = sample
                self._lead = round(self._start_s * timescale) if self._start_s > self._slack_s else 0
            if self._n < len(self._edges_s) and sample.sync and self._held:
                at_s = (sample.pts - self._origin.pts + self._lead) / timescale
                if at_s >= self._edges_s[self._n] - self._slack_s:
                    yield self._cut(next_dts=sample.dts)
            self._held.append(sample)

    def finish(self) -> Iterator[Cut]:
        if not self._held:
            raise ValueError("no picture was copied")
        yield self._cut(next_dts=self._held[-1].dts + self._held[-1].duration)
        if self._n <= len(self._edges_s):
            raise ValueError(f"{self._n} segments instead of {len(self._edges_s) + 1}")

    def _cut(self, next_dts: int) -> Cut:
        assert self._origin is not None
        # The muxer guesses how long the last frame of a fragment lasts; the next one's time says it.
        ends = [*(sample.dts for sample in self._held[1:]), next_dts]
        samples = [
            Sample(sample.dts, sample.cts, end - sample.dts, sample.sync, sample.data)
            for sample, end in zip(self._held, ends, strict=True)
        ]
        start = self._held[0].dts - self._origin.dts + self._lead
        if self._n == 0:
            # A picture that starts after the sound shows its first frame from the beginning.
            first = samples[0]
            samples[0] = Sample(first.dts, first.cts, first.duration + start, first.sync, first.data)
            start = 0
            self.delay = max(self._origin.cts - sample.cts for sample in samples)
        cut = Cut(self._n, start, samples, self.delay - self._origin.cts)
        self._n += 1
        self._held = []
        return cut
