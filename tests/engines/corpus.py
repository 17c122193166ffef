"""A film whose every copy can be judged: patches of known colour, a bar that flashes, and a click with each flash.

`SOURCES` are the ways strangers pack it. All are made on the spot from one raw picture and one raw sound.
"""

from __future__ import annotations

import shlex
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tests.engines.clips import FFMPEG

WIDTH, HEIGHT, RATE_HZ = 192, 108, 48_000
BAR_TOP = 80
"""From this line on down is the bar: dark, and white in the first frame of each second after the first."""

# Linear-light colours that every way of packing can hold: no channel near its ends.
PATCHES = ((180, 60, 60), (60, 150, 70), (70, 80, 180), (190, 170, 60), (200, 160, 140), (120, 120, 120))


@dataclass(frozen=True, slots=True)
class Source:
    """How a copy is made: ffmpeg's options after the inputs, in a file `name`.

    `rate`: of the pictures, where it is not `fps`. `refused`: the code of the refusal that it must meet. `tracks`: of
    sound. `colour_error`: the most that a patch may differ from what was painted (CIE 1976 ΔE). `shown`: its size in
    pixels. `flashes`: how many there are to be seen. `damage`: what happens to the file afterwards."""

    name: str
    options: str
    fps: str = "25"
    seconds: float = 3
    rate: str = ""
    refused: str = ""
    tracks: int = 1
    colour_error: float = 3
    shown: tuple[int, int] = (WIDTH, HEIGHT)
    flashes: int = 2
    damage: Callable[[bytes], bytes] = bytes


@cache
def _picture(fps: float, seconds: float) -> bytes:
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    step = WIDTH // len(PATCHES)
    for i, colour in enumerate(PATCHES):
        frame[:BAR_TOP, i * step : (i + 1) * step] = colour
    frame[BAR_TOP:] = 40
    flash = frame.copy()
    flash[BAR_TOP:] = 235
    lit = {round(second * fps) for second in range(1, int(seconds) + 1)}
    return b"".join((flash if n in lit else frame).tobytes() for n in range(max(1, round(fps * seconds))))


def _sound(path: Path, seconds: float) -> Path:
    """A low tone, and a click of 10 ms at each full second."""
    at = np.arange(max(1, int(RATE_HZ * seconds))) / RATE_HZ
    wave_form = 300 * np.sin(2 * np.pi * 220 * at)
    for second in range(1, int(seconds) + 1):
        click = (at >= second) & (at < second + 0.01)
        wave_form[click] = 24_000 * np.sign(np.sin(2 * np.pi * 1000 * (at[click] - second) + 0.1))
    with wave.open(str(path), "wb") as sink:
        sink.setnchannels(1)
        sink.setsampwidth(2)
        sink.setframerate(RATE_HZ)
        sink.writeframes(wave_form.astype("<i2").tobytes())
    return path


def make(folder: Path, source: Source) -> Path:
    """The file of `source`."""
    from fractions import Fraction

    path = folder / source.name
    sound = _sound(folder / f"{source.name}.wav", source.seconds)
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", source.fps),
        *("-i", "pipe:0", *(("-i", str(sound)) if source.tracks else ()), *shlex.split(source.options)),
    ]
    done = subprocess.run(
        [FFMPEG, "-nostdin", "-v", "error", "-y", *arguments, f"file:{path}"],
        input=_picture(float(Fraction(source.fps)), source.seconds), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    path.write_bytes(source.damage(path.read_bytes()))
    return path


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda whole: whole[: int(len(whole) * share)]


def _without_index(avi: bytes) -> bytes:
    """The table at the end of an AVI file points nowhere."""
    at = avi.rindex(b"idx1")
    return avi[: at + 8] + bytes(len(avi) - at - 8)


def _again(whole: bytes) -> bytes:
    """Two recordings in one file: the clock begins again in the middle."""
    return whole + whole


# What came out.


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one file: when its bar flashes and its last frame ends, in seconds; the mean R'G'B' of its patches; the matrix
    and range that it states, as ITU-T H.273 counts them."""

    frames: int
    end_s: float
    flashes_s: list[float]
    patches: NDArray[np.float64]
    stated: tuple[int, int]


def look(path: Path, zero_s: float = 0.0) -> Seen:
    """Decode every frame; colours by the matrix and range that the file states, Rec. 709 where it states none. Times
    count from `zero_s`."""
    flashes: list[float] = []
    patches, stated = None, (0, 0)
    frames, end_s = 0, 0.0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        lit = False
        for frame in container.decode(stream):
            picture = frame.to_ndarray(format="gray")
            bar = picture[int(picture.shape[0] * 0.82) : int(picture.shape[0] * 0.95)].mean()
            if bar > 130 and not lit:
                flashes.append(float(frame.time or 0) - zero_s)
            lit = bar > 130
            if frames == 2 or patches is None:
                patches, stated = _patches(frame), (int(frame.colorspace), int(frame.color_range))
            frames += 1
            length_s = float((frame.duration or 0) * (frame.time_base or 0)) or 1 / float(
                stream.average_rate or 25
            )
            end_s = max(end_s, float(frame.time or 0) - zero_s + length_s)
    assert patches is not None
    return Seen(frames, end_s, flashes, patches, stated)


def _patches(frame: av.VideoFrame) -> NDArray[np.float64]:
    """Own conversion: Y'CbCr to R'G'B' as ITU-R BT.709 or BT.601 write it, from 8-bit 4:2:0."""
    planes = frame.reformat(format="yuv444p").to_ndarray().astype(float)
    luma, blue, red = planes
    tv = int(frame.color_range) != 2
    y = (luma - 16) / 219 if tv else luma / 255
    cb, cr = ((c - 128) / (224 if tv else 255) for c in (blue, red))
    kr, kb = (0.299, 0.114) if int(frame.colorspace) in (5, 6) else (0.2126, 0.0722)
    r = y + 2 * (1 - kr) * cr
    b = y + 2 * (1 - kb) * cb
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    return _means(np.clip(np.stack([r, g, b], axis=-1), 0, 1) * 255)


def patches_of(picture: Path) -> NDArray[np.float64]:
    """The same of a still picture."""
    with Image.open(picture) as image:
        return _means(np.asarray(image.convert("RGB"), float))


def _means(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = rgb.shape[:2]
    step = width / len(PATCHES)
    top, bottom = int(height * 0.15), int(height * 0.6)
    return np.array(
        [
            rgb[top:bottom, int((i + 0.3) * step) : int((i + 0.7) * step)].mean(axis=(0, 1))
            for i in range(len(PATCHES))
        ]
    )


def clicks_s(path: Path, zero_s: float = 0.0) -> list[float]:
    """Moments where the sound's loud parts begin, counted from `zero_s`."""
    parts: list[NDArray[np.float32]] = []
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    start_s: float | None = None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            if start_s is None:
                start_s = float(frame.time or 0)
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    if not parts:
        return []
    level = np.abs(np.concatenate(parts))
    loud = np.flatnonzero(level > 0.3)
    found: list[float] = []
    for at in loud / RATE_HZ:
        if not found or at - found[-1] > 0.5:
            found.append(float(at))
    return [at + (start_s or 0.0) - zero_s for at in found]


def colour_errors(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE 1976 ΔE of each patch, sRGB in, D65."""
    return np.asarray(np.linalg.norm(_lab(one) - _lab(two), axis=-1))


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    value = np.asarray(rgb, float) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def _scaled(matrix: str, span: str = "tv", *, size: str = "", then: str = "") -> str:
    """Convert the raw picture by a matrix into a range, and say so in the file."""
    filters = f"scale={size}{':' if size else ''}out_color_matrix={matrix}:out_range={span}{then}"
    stated = f"-colorspace {matrix} -color_range {span} -color_primaries bt709 -color_trc bt709"
    return f"-vf {filters} {stated}"


def _bright(transfer: str) -> str:
    """High dynamic range: white of the raw picture at 203 cd/m², as ITU-R BT.2408 puts it."""
    light = "format=gbrpf32le,zscale=min=gbr:tin=bt709:pin=bt709:rin=full:m=gbr:t=linear:p=bt2020:npl=203"
    coded = f"zscale=m=bt2020nc:t={transfer}:p=bt2020:r=limited:npl=203,format=yuv420p10le"
    return f"-vf {light},{coded} -color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc"


_709, _601 = _scaled("bt709"), _scaled("smpte170m")
_PQ, _HLG = _bright("smpte2084"), _bright("arib-std-b67")
_X264 = "-c:v libx264 -preset ultrafast -crf 12 -bf 2 -g 25"
_AVC = f"{_X264} -pix_fmt yuv420p"
_HEVC = "-c:v libx265 -preset ultrafast -crf 12 -x265-params log-level=none"
_VP9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2M"
_AAC = "-c:a aac -b:a 128k"
_EVERY_THIRD_GONE = ",select='not(mod(n\\,3))+lt(t\\,1.5)'"
_SIX = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"

SOURCES = (
    # Containers.
    Source("plain.mp4", f"{_709} {_AVC} {_AAC}"),
    Source("phone.mov", f"{_709} {_AVC} {_AAC} -movflags +faststart"),
    Source("matroska.mkv", f"{_709} {_AVC} -c:a flac"),
    Source("web.webm", f"{_709} {_VP9} -c:a libopus"),
    Source("old.avi", f"{_601} -c:v mpeg4 -q:v 2 -c:a libmp3lame"),
    Source("broadcast.ts", f"{_709} {_AVC} -c:a mp2"),
    Source("flash.flv", f"{_709} {_AVC} {_AAC}"),
    Source("handset.3gp", f"{_601} -c:v mpeg4 -q:v 2 {_AAC}"),
    Source("ogg.ogv", f"{_601} -c:v libtheora -q:v 9 -c:a libvorbis"),
    Source("disc.mpg", f"{_601} -c:v mpeg2video -q:v 2 -c:a mp2"),
    Source("windows.wmv", f"{_601} -c:v wmv2 -q:v 2 -c:a wmav2"),
    # Codecs.
    Source("hevc.mp4", f"{_709} {_HEVC} -pix_fmt yuv420p {_AAC}"),
    Source("vp8.webm", f"{_601} -c:v libvpx -deadline realtime -cpu-used 8 -b:v 2M -c:a libvorbis"),
    Source("av1.mkv", f"{_709} -c:v libsvtav1 -preset 12 -crf 20 -c:a libopus"),
    Source("prores.mov", f"{_709} -c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s16le"),
    Source(
        "motion-jpeg.mov",
        f"{_scaled('smpte170m', 'pc')} -c:v mjpeg -q:v 2 -pix_fmt yuvj420p -c:a pcm_s16le",
    ),
    Source(
        "dv.avi",
        f"{_scaled('smpte170m', size='720:576', then=',setsar=16/15')} -c:v dvvideo -pix_fmt yuv420p -c:a pcm_s16le"
        " -ar 48000 -ac 2",
        shown=(768, 576),
        colour_error=4,
    ),
    Source("ffv1.mkv", f"{_709} -c:v ffv1 -pix_fmt yuv444p -c:a pcm_s24le"),
    # Time.
    Source(
        "variable.mkv", f"{_scaled('bt709', then=_EVERY_THIRD_GONE)} -fps_mode vfr {_AVC} {_AAC}", flashes=1
    ),
    Source("one-frame-a-second.mp4", f"{_709} {_AVC} {_AAC}", fps="1", seconds=6, flashes=1),
    Source("slow-motion.mp4", f"{_709} {_AVC} {_AAC}", fps="120", seconds=2, flashes=1),
    Source("ntsc.mp4", f"{_709} {_AVC} {_AAC}", fps="30000/1001"),
    Source("blink.mp4", f"{_709} {_AVC} {_AAC}", seconds=0.12, flashes=0),
    Source("clock-at-three-hours.ts", f"{_709} {_AVC} {_AAC} -output_ts_offset 10800"),
    Source("one-key-frame.ts", f"{_709} {_AVC.replace('-g 25', '-g 2000')} {_AAC}", seconds=6, flashes=5),
    Source("one-key-frame-hevc.ts", f"{_709} {_HEVC} -g 2000 -pix_fmt yuv420p {_AAC}"),
    Source("one-key-frame.mpg", f"{_601} -c:v mpeg2video -bf 2 -g 500 -q:v 2 -c:a mp2"),
    Source("sound-late.mkv", f"{_709} {_AVC} {_AAC} -af atrim=start=1.5,asetpts=PTS", seconds=4, flashes=3),
    Source("sound-short.mp4", f"{_709} {_AVC} {_AAC} -af atrim=end=1.7", seconds=4, flashes=3),
    # Pictures.
    Source(
        "interlaced.mpg",
        f"{_scaled('smpte170m', then=',tinterlace=interleave_top')} -c:v mpeg2video -q:v 2 -flags +ildct+ilme"
        " -c:a mp2",
        fps="50",
        rate="25",
    ),
    Source("anamorphic.mp4", f"{_scaled('bt709', size='144:108', then=',setsar=4/3')} {_AVC} {_AAC}"),
    Source("ten-bit.mkv", f"{_709} {_HEVC} -pix_fmt yuv420p10le {_AAC}"),
    Source("four-four-four.mkv", f"{_709} {_X264} -pix_fmt yuv444p {_AAC}"),
    Source("wide-range.mp4", f"{_scaled('bt709', 'pc')} {_X264} -pix_fmt yuvj420p {_AAC}"),
    Source("untold-matrix.mkv", f"-vf scale=out_color_matrix=smpte170m:out_range=tv {_AVC} {_AAC}"),
    Source("hdr-pq.mkv", f"{_PQ} {_HEVC} {_AAC}"),
    Source("hdr-hlg.mkv", f"{_HLG} {_HEVC} {_AAC}"),
    Source(
        "alpha.mov",
        f"{_709} -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le -c:a pcm_s16le",
    ),
    Source("alpha.webm", f"-vf format=yuva420p {_VP9} -pix_fmt yuva420p -c:a libopus", colour_error=4),
    Source(
        "odd-size.mkv",
        f"{_scaled('bt709', size='161:91')} -c:v ffv1 -pix_fmt yuv444p {_AAC}",
        shown=(161, 91),
    ),
    # Sound.
    Source("silent.mp4", f"{_709} {_AVC}", tracks=0),
    Source("surround.mkv", f"{_709} {_AVC} -af {_SIX} -c:a ac3"),
    Source(
        "two-languages.mkv",
        f"-map 0:v -map 1:a -map 1:a {_709} {_AVC} {_AAC} -metadata:s:a:0 language=eng -metadata:s:a:1 "
        "language=fra",
        tracks=2,
    ),
    Source("low-rate.mp4", f"{_709} {_AVC} -c:a aac -ar 22050 -ac 1"),
    # What is damaged.
    Source("tail-lost.mkv", f"{_709} {_AVC} {_AAC}", damage=_cut(0.8)),
    Source("tail-lost.ts", f"{_709} {_AVC} {_AAC}", damage=_cut(0.8)),
    Source("index-broken.avi", f"{_601} -c:v mpeg4 -q:v 2 -c:a libmp3lame", damage=_without_index),
    # What is refused.
    Source(
        "tail-lost.mp4", f"{_709} {_AVC} {_AAC} -movflags +faststart", refused="truncated", damage=_cut(0.8)
    ),
    Source("joined.ts", f"{_709} {_AVC} {_AAC}", seconds=6, refused="clock_jumps", damage=_again),
    Source("sound-alone.m4a", f"-map 1:a {_AAC}", refused="no_picture"),
    Source("sound-alone.mp3", "-map 1:a -c:a libmp3lame", refused="not_a_video"),
    Source("moving.gif", "", tracks=0, refused="not_a_video"),
)
