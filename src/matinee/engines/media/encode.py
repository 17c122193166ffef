"""Encoding a chunk of the ladder: every given rung from one decoding, on the grid, frame by frame exact.

A chunk decodes from the key frame before its first frame, takes the frames that the grid shows there, and
yields exactly its frames, so chunks made apart (and at different times, by different workers) join without a
seam. Never plans: which rungs and which segments is the caller's choice.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from matinee.engines.media.cmaf import Sample
from matinee.engines.media.facts import SourceFacts
from matinee.engines.media.ladder import Chunk, Grid, Ladder, Rung
from matinee.engines.media.probe import input_arguments, lonely_link
from matinee.engines.media.tools import Tools
from matinee.engines.media.tracks import Cut, OnProgress, OnSegment, TrackWriter, run_ffmpeg

FRAGMENTS = (
    "-movflags",
    "+cmaf+empty_moov+default_base_moof+skip_trailer+frag_keyframe",
    "-flush_packets",
    "1",
)
_REORDER_FRAMES = 2
"""x264's delay with a pyramid of B-frames. Fixed, so that even a chunk of one frame has the header of all
others."""
_SCALER = "bicubic"
# A demuxer without an index lands near a place, not at it: start earlier, nothing is shown before the chunk
# anyway.
_SLOPPY = {"mpegts": 4.0, "mpeg": 4.0, "ogg": 4.0, "asf": 6.0, "rm": 6.0, "flv": 2.0}
_UNSEEKABLE = {"mpegvideo", "ivf", "yuv4mpegpipe"}
_STATED = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
# White of standard range lies at 203 cd/m² (ITU-R BT.2408). The Möbius curve leaves what is darker than 0.6 of it as it
# is and folds the highlights into the rest.
_TONEMAP = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:param=0.6:desat=2,"
    "zscale=t=bt709:m=bt709:r=tv"
)


async def encode_chunk(
    tools: Tools,
    source: Path,
    facts: SourceFacts,
    ladder: Ladder,
    rungs: Sequence[Rung],
    chunk: Chunk,
    out_dir: Path,
    *,
    on_segment: OnSegment | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Encode the segments of `chunk` for `rungs` into `out_dir/<rung name>/`. Raises EncodeFailed."""
    grid = ladder.grid
    first = chunk.first_segment * grid.frames_per_segment
    end = min(chunk.end_segment * grid.frames_per_segment, grid.frame_count)
    ordered = sorted(rungs, key=lambda rung: rung.width * rung.height, reverse=True)
    out_dir.mkdir(parents=True, exist_ok=True)
    tracks = [
        TrackWriter(
            rung.name,
            out_dir / f".{rung.name}-{chunk.first_segment}.mp4",
            out_dir / rung.name,
            VideoCutter(grid, chunk.first_segment, end - first),
        )
        for rung in ordered
    ]
    async with lonely_link(source) as (folder, link):
        seek_s, landing = _seek(facts, grid, first)
        arguments: list[str | Path] = ["-copyts"]
        arguments += ["-noaccurate_seek", "-ss", f"{seek_s:.6f}"] if seek_s else []
        arguments += input_arguments(facts, link)
        arguments += ["-filter_complex", video_graph(facts, grid, landing, first, end - first, ordered)]
        for i, (rung, track) in enumerate(zip(ordered, tracks, strict=True)):
            arguments += ["-map", f"[v{i}]", *video_codec(rung, grid, tools.threads), *FRAGMENTS]
            arguments += ["-f", "mp4", f"file:{track.raw.resolve()}"]
        await run_ffmpeg(
            tools,
            arguments,
            tracks,
            cwd=folder,
            total_s=float((end - first) / grid.fps),
            what="Encoding",
            on_segment=on_segment,
            on_progress=on_progress,
        )


def video_codec(rung: Rung, grid: Grid, threads: int = 0) -> list[str]:
    """x264 with one closed group of pictures a segment; the same header for every chunk of a rung."""
    gop = str(grid.frames_per_segment)
    arguments = ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", rung.profile, "-level:v", rung.level]
    arguments += ["-crf", str(rung.crf), "-maxrate", str(rung.maxrate_bps), "-bufsize", str(rung.buffer_bits)]
    arguments += ["-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-flags", "+cgop"]
    arguments += ["-video_track_timescale", str(grid.timescale), "-fps_mode", "passthrough"]
    return arguments + (["-threads", str(threads)] if threads else [])


def video_graph(
    facts: SourceFacts, grid: Grid, landing: int, first: int, count: int, rungs: Sequence[Rung]
) -> str:
    """Filters from the source to one output `[vN]` per rung, largest first; each is scaled from the one above
    it. `landing`: the frame of the grid at which decoding surely has begun."""
    video = facts.video
    steps = ["bwdif=mode=send_frame:deint=interlaced"] if video.interlaced else []
    # What comes before the landing is dropped, what is missing there is filled with the first frame, and the last
    # frame stands until the grid ends: a source that starts late or stops early still fills its segments.
    steps += source_clock(facts, "setpts")
    steps.append(f"fps=fps={grid.fps}:start_time={float(landing / grid.fps):.9f}")
    steps.append("tpad=stop=-1:stop_mode=clone")
    # After `fps` one tick is one frame: a division here would lose one to rounding now and then.
    steps.append(f"trim=start_pts={first}:end_pts={first + count}")
    steps.append("setpts=N")
    chains = [f"[0:{video.stream_index}]" + ",".join(steps)]
    for i, rung in enumerate(rungs):
        if i == 0:
            chains[0] += "".join(f",{step}" for step in _plain_picture(facts, rung))
        else:
            chains.append(f"[s{i}]scale={rung.width}:{rung.height}:flags={_SCALER},setsar=1")
        last = i == len(rungs) - 1
        chains[-1] += f"[v{i}]" if last else f",split=2[v{i}][s{i + 1}]"
    return ";".join(chains)


def _plain_picture(facts: SourceFacts, rung: Rung) -> list[str]:
    """To 8-bit 4:2:0 of Rec. 709 in television range and standard dynamic range at a rung's size, and said to be so:
    rungs of different sizes would else be shown in different colours."""
    video = facts.video
    as_shown = (video.coded_width, video.coded_height) == (rung.width, rung.height) and not video.rotation
    plain = video.pixel_format == "yuv420p" and video.colour_range != "pc" and video.matrix == "bt709"
    if as_shown and plain and not video.hdr:
        # Even a scaler with nothing to do would copy every frame.
        return [_STATED, "setsar=1"]
    size = f"scale={rung.width}:{rung.height}:flags={_SCALER}:out_range=tv"
    if video.hdr:
        return [size, _TONEMAP, "format=yuv420p", _STATED, "setsar=1"]
    size += f":in_color_matrix={video.matrix}:out_color_matrix=bt709"
    return [size, "format=yuv420p", _STATED, "setsar=1"]


def source_clock(facts: SourceFacts, verb: str) -> list[str]:
    """A filter that counts from the container's start. ffmpeg's own option for it counts from the start of the
    streams in use, which differs between picture and sound."""
    return [f"{verb}=round(PTS-({facts.start_s:.6f})/TB)"] if facts.start_s else []


def _seek(facts: SourceFacts, grid: Grid, first: int) -> tuple[float, int]:
    """Where to start reading (0 is the beginning), and the frame of the grid that is surely decoded from there."""
    seek_s = float(first / grid.fps) - _SLOPPY.get(facts.demuxer, 0.0) - 0.5 / float(grid.fps)
    keys = facts.video.key_frame_times_s
    at = bisect_right(keys, seek_s) - 1
    if not first or seek_s <= 0 or at < 0 or facts.demuxer in _UNSEEKABLE:
        return 0.0, 0
    return seek_s, min(first, max(0, math.ceil(keys[at] * grid.fps)))


class VideoCutter:
    """Counts frames: every segment holds exactly what the grid gives it, and starts with a key frame."""

    def __init__(self, grid: Grid, first_segment: int, frames: int) -> None:
        self._grid = grid
        self._n = first_segment
        self._left = frames
        self._held: list[Sample] = []
        self.delay = _REORDER_FRAMES * grid.frame_ticks

    def feed(self, samples: Sequence[Sample], timescale: int) -> Iterator[Cut]:
        if timescale != self._grid.timescale:
            raise ValueError(f"timescale {timescale}, expected {self._grid.timescale}")
        self._held += samples
        while self._left and len(self._held) >= (size := self._grid.segment_frames(self._n)):
            yield self._cut(self._held[:size])
            del self._held[:size]

    def finish(self) -> Iterator[Cut]:
        if self._left or self._held:
            raise ValueError(f"{self._left} frames are missing, {len(self._held)} are left over")
        return iter(())

    def _cut(self, samples: list[Sample]) -> Cut:
        ticks = self._grid.frame_ticks
        if not samples[0].sync:
            raise ValueError(f"segment {self._n} does not start with a key frame")
        # Only the time a frame is shown is taken from the encoder: decoding goes by the count, so that every frame
        # of the grid lasts the same, the last of a file too.
        even = [
            Sample(i * ticks, sample.pts - samples[0].pts - i * ticks, ticks, sample.sync, sample.data)
            for i, sample in enumerate(samples)
        ]
        if sorted(sample.pts for sample in even) != [i * ticks for i in range(len(even))]:
            raise ValueError(f"the frames of segment {self._n} do not fill it evenly")
        cut = Cut(self._n, self._n * self._grid.frames_per_segment * ticks, even, self.delay)
        self._left -= len(samples)
        self._n += 1
        return cut
