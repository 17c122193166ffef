"""The reading half of `posters`, run in a process of its own under limits. Prints one JSON object.

Never opens anything but the one file it was given, never writes outside the folder it was given.
"""

from __future__ import annotations

import colorsys
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import av.error
import av.logging
from av.video.reformatter import Colorspace
from PIL import Image, ImageFilter, ImageOps, ImageStat

from matinee.engines.media.colour import sdr_table
from matinee.engines.media.probe_child import open_source, video_stream
from matinee.engines.media.tools import DISK_ERRORS, Rejected

_PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
_SAVE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("avif", "AVIF", {"quality": 55, "speed": 8}),
    ("webp", "WEBP", {"quality": 78, "method": 3}),
    ("jpg", "JPEG", {"quality": 80, "optimize": True, "progressive": True}),
)
_DARK = 28.0
_FLAT = 9.0
_DECODE_TRIES = 120
_EARLIER_S = (1.0, 10.0)
_CLOSE_S = 0.02
_TABLE_SIZE = 33
_MATRICES = {
    "bt709": Colorspace.ITU709,
    "smpte170m": Colorspace.ITU601,
    "bt2020": Colorspace.BT2020,
}


def main() -> None:
    path, out_dir, order = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    av.logging.set_level(None)
    try:
        if order["kind"] == "picture":
            found = [(order["index"], 0.0, _picture(path, order["max_pixels"]))]
        else:
            found = [(i, at_s, image) for i, (at_s, image) in enumerate(_candidates(path, order))]
        rows = [_write(out_dir, index, at_s, image, order["widths"]) for index, at_s, image in found]
        answer: dict[str, Any] = {"posters": rows}
    except Rejected as refused:
        answer = {"rejected": refused.code, "sentence": refused.sentence, "detail": refused.detail}
    except (av.error.FFmpegError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        answer = _unreadable(error)
    except OSError as error:
        answer = {"disk": error.errno} if error.errno in DISK_ERRORS else _unreadable(error)
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def _unreadable(error: Exception) -> dict[str, Any]:
    return {
        "rejected": "unsupported",
        "sentence": "This picture cannot be read: it is damaged or of a kind we do not know.",
        "detail": f"{type(error).__name__}: {error}",
    }


def _picture(path: Path, max_pixels: int) -> Image.Image:
    with Image.open(path, formats=_PICTURE_FORMATS) as image:
        if image.width * image.height > max_pixels:
            raise Rejected(
                "absurd_dimensions", f"The picture is too large: {image.width} × {image.height} points."
            )
        if min(image.size) < 16:
            raise Rejected(
                "absurd_dimensions", f"The picture is too small: {image.width} × {image.height} points."
            )
        image.load()
        return ImageOps.exif_transpose(image).convert("RGB")


def _candidates(path: Path, order: dict[str, Any]) -> list[tuple[float, Image.Image]]:
    """The best pictures in order of time; a dark or flat one only where nothing better is left."""
    seen: list[tuple[float, Image.Image, bool]] = []
    width, height = order["size"]
    table = _table(order["transfer"])
    with open_source(path, order["demuxer"]) as container:
        stream = video_stream(container)
        stream.thread_type = "SLICE"
        zero_s = (container.start_time or 0) / 1_000_000
        good = 0
        for key_s in order["keys_s"]:
            frame = _key_frame(container, stream, key_s + zero_s)
            if frame is None and not seen and key_s == order["keys_s"][-1]:
                frame = _any_frame(container, stream, zero_s)
            if frame is None:
                continue
            image = frame.reformat(format="rgb24", src_colorspace=_MATRICES[order["matrix"]]).to_image()
            if table is not None:
                image = image.filter(table)
            if order["rotation"]:
                image = image.rotate(-order["rotation"], expand=True)
            if image.size != (width, height):
                image = image.resize((width, height))
            at_s = frame.time - zero_s if frame.time is not None else key_s
            dull = _dull(image)
            good += not dull
            seen.append((max(0.0, at_s), image, dull))
    if not seen:
        raise Rejected("unsupported", "No picture of this video can be decoded.")
    chosen = _evenly([row for row in seen if not row[2]], order["count"])
    if not chosen:
        chosen = _evenly(seen, order["count"])
    return [(at_s, image) for at_s, image, _ in chosen]


def _table(transfer: str | None) -> ImageFilter.Color3DLUT | None:
    """What brings a picture of high dynamic range to the screen."""
    if transfer is None:
        return None
    return ImageFilter.Color3DLUT(_TABLE_SIZE, sdr_table(transfer, _TABLE_SIZE))


def _key_frame(container: Any, stream: Any, at_s: float) -> Any:
    """The key frame at `at_s`, or the next one. A container without an index (MPEG-TS, MPEG-PS) is sought by the time
    of decoding, which is before that of showing, and lands behind the frame: then from further and further before."""
    for before_s in (-0.001, *_EARLIER_S):
        try:
            container.seek(int((at_s - before_s) * 1_000_000), backward=True)
            for packet in container.demux(stream):
                shown = packet.dts if packet.pts is None else packet.pts
                shown_s = at_s if shown is None else float(shown * stream.time_base)
                if packet.is_keyframe and shown_s >= at_s - _CLOSE_S:
                    return _first_frame(container, stream, packet)
                if shown_s > at_s + _CLOSE_S and before_s != _EARLIER_S[-1]:
                    break
        except av.error.FFmpegError:
            continue
    return None


def _any_frame(container: Any, stream: Any, start_s: float) -> Any:
    """The first picture that can be decoded at all, of a film in which nothing is marked as a key frame."""
    try:
        container.seek(int((start_s - _EARLIER_S[-1]) * 1_000_000), backward=True)
        return _first_frame(container, stream)
    except av.error.FFmpegError:
        return None


def _first_frame(container: Any, stream: Any, first: Any = None) -> Any:
    """The first picture of `first` and what follows it."""
    packets = itertools.chain([] if first is None else [first], container.demux(stream))
    for packet in itertools.islice(packets, _DECODE_TRIES):
        for frame in packet.decode():
            return frame
    return None


def _evenly(rows: list[tuple[float, Image.Image, bool]], count: int) -> list[tuple[float, Image.Image, bool]]:
    if len(rows) <= count:
        return rows
    return [rows[i * len(rows) // count] for i in range(count)]


def _dull(image: Image.Image) -> bool:
    small = image.convert("L").resize((64, 36))
    stat = ImageStat.Stat(small)
    return stat.mean[0] < _DARK or stat.stddev[0] < _FLAT


def _write(out_dir: Path, index: int, at_s: float, image: Image.Image, widths: list[int]) -> dict[str, Any]:
    folder = out_dir / str(index)
    folder.mkdir(parents=True, exist_ok=True)
    files: list[tuple[int, str]] = []
    for width in widths:
        # The name is the slot in the page; a smaller source is not enlarged to fill it.
        across = min(width, image.width)
        down = max(1, round(image.height * across / image.width))
        sized = image.resize((across, down), Image.Resampling.LANCZOS)
        for extension, kind, options in _SAVE:
            sized.save(folder / f"{width}.{extension}", kind, **options)
            files.append((width, extension))
    return {
        "index": index,
        "at_s": round(at_s, 3),
        "width": image.width,
        "height": image.height,
        "tint": _tint(image),
        "files": files,
    }


def _tint(image: Image.Image) -> str:
    """The main colour: colourful pixels weigh more than grey ones, and it is kept readable as a glow."""
    small = image.resize((32, 18)).convert("RGB")
    pixels = small.tobytes()
    sums, total = [0.0, 0.0, 0.0], 0.0
    for i in range(0, len(pixels), 3):
        colour = pixels[i : i + 3]
        weight = 1.0 + (max(colour) - min(colour)) / 16
        sums = [seen + part * weight for seen, part in zip(sums, colour, strict=True)]
        total += weight
    red, green, blue = (part / total / 255 for part in sums)
    hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
    shown = colorsys.hls_to_rgb(hue, min(max(light, 0.25), 0.7), strength)
    return "#" + "".join(f"{round(part * 255):02x}" for part in shown)


if __name__ == "__main__":
    main()
