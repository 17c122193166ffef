"""Segments on disk as they come: one ffmpeg child writes growing fragmented files, each is cut here while it
grows.

A segment appears under its final name whole (written aside, then renamed) and is reported once. Never chooses
what to encode.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from matinee.engines.media import cmaf
from matinee.engines.media.cmaf import FragmentReader, Init, Sample
from matinee.engines.media.tools import EncodeFailed, Tools

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Segment:
    """One media segment, whole on disk. `n` counts from 0 over the whole rendition."""

    rendition: str
    n: int
    path: Path
    init_path: Path
    duration_s: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`speed`: media seconds a second of work, None before the first figure."""

    done_s: float
    total_s: float
    speed: float | None

    @property
    def percent(self) -> float:
        return min(100.0, 100.0 * self.done_s / self.total_s) if self.total_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        return max(0.0, self.total_s - self.done_s) / self.speed if self.speed else None


OnSegment = Callable[[Segment], Awaitable[None]]
OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Cut:
    """Samples that make one segment: number, first decoding tick, shift of composition offsets."""

    n: int
    start: int
    samples: Sequence[Sample]
    cts_shift: int


class Cutter(Protocol):
    """Groups the samples of one track into segments. `delay`: ticks between decoding and showing, known from
    the first cut on and equal for the whole rendition."""

    @property
    def delay(self) -> int: ...

    def feed(self, samples: Sequence[Sample], timescale: int) -> Iterator[Cut]: ...
    def finish(self) -> Iterator[Cut]:
        """What is left at the end. Raises ValueError when something is missing."""
        ...


class TrackWriter:
    """One rendition: the growing file it comes from, the folder its segments go to."""

    def __init__(self, name: str, raw: Path, folder: Path, cutter: Cutter) -> None:
        self.name = name
        self.raw = raw
        self.folder = folder
        self._cutter = cutter
        self._reader = FragmentReader(raw)
        self._init_written = False

    @property
    def init(self) -> Init | None:
        return self._reader.init

    @property
    def more(self) -> bool:
        """Whether `poll` left some for the next call."""
        return self._reader.more

    def poll(self, *, last: bool = False) -> list[Segment]:
        """Write segments that became whole, as many as memory is given to."""
        samples = self._reader.read()
        init = self._reader.init
        if init is None:
            if last:
                raise ValueError(f"{self.name}: the encoder wrote nothing")
            return []
        written = [self._write(cut, init) for cut in self._cutter.feed(samples, init.timescale)]
        if last and not self.more:
            written += [self._write(cut, init) for cut in self._cutter.finish()]
            self.raw.unlink(missing_ok=True)
        return written

    def _write(self, cut: Cut, init: Init) -> Segment:
        init_path = self.folder / "init.mp4"
        if not self._init_written:
            self.folder.mkdir(parents=True, exist_ok=True)
            header = init.delayed(self._cutter.delay)
            if init_path.exists() and init_path.read_bytes() != header:
                raise ValueError(
                    f"{self.name}: this encoder's header differs from the one of an earlier chunk"
                )
            replace_file(init_path, header)
            self._init_written = True
        data = cmaf.segment(cut.n + 1, cut.start, cut.samples, cut.cts_shift)
        path = self.folder / f"{cut.n}.m4s"
        replace_file(path, data)
        ticks = sum(sample.duration for sample in cut.samples)
        return Segment(self.name, cut.n, path, init_path, ticks / init.timescale, len(data))


def replace_file(path: Path, data: bytes) -> None:
    """Write so that a reader sees the old file or the whole new one."""
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(data)
    os.replace(aside, path)


async def run_ffmpeg(
    tools: Tools,
    arguments: Sequence[str | Path],
    tracks: Sequence[TrackWriter],
    *,
    cwd: Path,
    total_s: float,
    what: str,
    on_segment: OnSegment | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Run ffmpeg and cut its outputs as they grow. Raises EncodeFailed; cancelling kills ffmpeg."""
    for track in tracks:
        track.raw.unlink(missing_ok=True)  # an earlier try's would be read until ffmpeg begins its own
    progress = _ProgressReader(total_s, on_progress)
    argv: list[str | Path] = [tools.ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "level+warning", "-y"]
    argv += ["-stats_period", "0.2", "-progress", "pipe:1", *map(str, arguments)]
    child = asyncio.create_task(
        tools.run(
            argv,
            cwd=cwd,
            memory_bytes=tools.memory_bytes,
            open_files=256,
            quiet_s=tools.quiet_s,
            on_output=progress.take,
        )
    )
    try:
        while not child.done():
            await asyncio.wait({child}, timeout=_POLL_S)
            await _drain(tracks, on_segment, last=False)
        ended = await child
    except ValueError as error:
        raise EncodeFailed(f"{what} failed.", str(error)) from error
    finally:
        if not child.done():
            child.cancel()
            await asyncio.gather(child, return_exceptions=True)
    if ended.hung or ended.timed_out:
        raise EncodeFailed(f"{what} hung and was stopped.", ended.tail)
    if ended.returncode < 0:
        raise EncodeFailed(
            f"{what} was killed (signal {-ended.returncode}).", ended.tail or "ffmpeg was killed"
        )
    if not ended.ok:
        raise EncodeFailed(f"{what} failed.", ended.tail or f"ffmpeg ended with {ended.returncode}")
    try:
        await _drain(tracks, on_segment, last=True)
    except ValueError as error:
        raise EncodeFailed(f"{what} came out wrong.", f"{error}\n{ended.tail}") from error
    progress.finish()


async def _drain(tracks: Sequence[TrackWriter], on_segment: OnSegment | None, *, last: bool) -> None:
    """Of all tracks in turn, so that the sound of a long film does not wait for the whole of its picture."""
    waiting = list(tracks)
    while waiting:
        for track in waiting:
            for segment in await asyncio.to_thread(track.poll, last=last):
                if on_segment is not None:
                    await on_segment(segment)
        waiting = [track for track in waiting if track.more]


class _ProgressReader:
    """Understands `-progress`: says whether time or frames moved, which a hung ffmpeg's reports do not."""

    def __init__(self, total_s: float, on_progress: OnProgress | None) -> None:
        self._total_s = total_s
        self._on_progress = on_progress
        self._line = b""
        self._seen: dict[bytes, bytes] = {}
        self._last: tuple[bytes | None, ...] = ()
        self._done_s = 0.0
        self._speed: float | None = None

    def take(self, piece: bytes) -> bool:
        *lines, self._line = (self._line + piece).split(b"\n")
        moved = False
        for line in lines:
            key, _, value = line.partition(b"=")
            self._seen[key.strip()] = value.strip()
            if key == b"progress":
                moved = self._report() or moved
        return moved

    def finish(self) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(self._total_s, self._total_s, self._speed))

    def _report(self) -> bool:
        now = tuple(self._seen.get(key) for key in (b"frame", b"out_time_us", b"total_size"))
        moved, self._last = now != self._last, now
        time_us = self._seen.get(b"out_time_us", b"")
        if time_us.isdigit():
            self._done_s = max(self._done_s, int(time_us) / 1_000_000)
        speed = self._seen.get(b"speed", b"").rstrip(b"x").strip()
        try:
            self._speed = float(speed) or None
        except ValueError:
            self._speed = None
        if moved and self._on_progress is not None:
            self._on_progress(Progress(min(self._done_s, self._total_s), self._total_s, self._speed))
        return moved
