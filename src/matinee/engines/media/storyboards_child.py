"""The reading half of `storyboards`, run in a process of its own under limits.

Never opens anything but the one file it was given, never writes outside the folder it was given.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av.logging
from av.video.reformatter import Colorspace
from PIL import Image

from matinee.engines.media.probe_child import open_source, video_stream

_WEBP: dict[str, Any] = {"quality": 50, "method": 4}


def main() -> None:
    path, out_dir, board = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    av.logging.set_level(None)
    width, height, across = board["width"], board["height"], board["across"]
    most, left = across * board["down"], board["count"]
    pictures = _pictures(path, width, height)
    for n in range(-(-left // most)):
        cells = min(most, left)
        sheet = Image.new("RGB", (across * width, -(-cells // across) * height))
        for place in range(cells):
            picture = next(pictures, None)
            if picture is None:
                sys.exit(f"{left - place} of {board['count']} pictures are missing")
            sheet.paste(picture, (place % across * width, place // across * height))
        sheet.save(out_dir / f"{n}.webp", "WEBP", **_WEBP)
        left -= cells


def _pictures(path: Path, width: int, height: int) -> Iterator[Image.Image]:
    """The key frames in their order; what lies between them is not decoded."""
    with open_source(path, "mov") as container:
        stream = video_stream(container)
        stream.thread_type = "SLICE"
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            # Not sized on the way to RGB: that rounds every colour down.
            plain: Any = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709)
            image: Image.Image = plain.to_image()
            yield image.resize((width, height), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
