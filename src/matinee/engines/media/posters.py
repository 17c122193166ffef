"""Pictures that stand for a video: candidates at its key frames, or a picture its owner sends.

Both are read in a child process under the same limits as `probe` and written anew, so nothing of a stranger's
bytes (metadata included) is passed on. Never chooses for the owner.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matinee.engines.media.facts import SourceFacts
from matinee.engines.media.probe import lonely_link
from matinee.engines.media.tools import GIB, Rejected, Tools, answer_of, python_child

WIDTHS = (320, 640, 1280)
MAX_PICTURE_PIXELS = 50_000_000
MAX_PICTURE_BYTES = 20 * 1024 * 1024
_QUIET_S = 120.0
"""It says all at its end. Not a bound on the clock: a reader that gives way may wait long for a processor."""


@dataclass(frozen=True, slots=True)
class Poster:
    """`files`: (width, extension, path) with extension avif, webp or jpg. `tint` is its main colour,
    #rrggbb."""

    index: int
    at_s: float
    width: int
    height: int
    tint: str
    files: tuple[tuple[int, str, Path], ...]


async def make_posters(
    tools: Tools,
    source: Path,
    facts: SourceFacts,
    out_dir: Path,
    *,
    count: int = 5,
    widths: Sequence[int] = WIDTHS,
) -> tuple[Poster, ...]:
    """Up to `count` candidates spread over the video, dark and empty pictures last, into
    `out_dir/<index>/`."""
    order = {
        "kind": "video",
        "demuxer": facts.demuxer,
        "duration_s": facts.duration_s,
        "keys_s": _spread(facts, count * 2),
        "size": [facts.video.width, facts.video.height],
        "rotation": facts.video.rotation,
        "matrix": facts.video.matrix,
        "transfer": facts.video.colour_transfer if facts.video.hdr else None,
        "count": count,
        "widths": list(widths),
    }
    answer = await _ask(tools, source, order, out_dir)
    return tuple(_poster(row, out_dir) for row in answer["posters"])


async def normalise_picture(
    tools: Tools, picture: Path, out_dir: Path, *, index: int = 0, widths: Sequence[int] = WIDTHS
) -> Poster:
    """The owner's own picture (JPEG, PNG, WebP, AVIF or GIF) into `out_dir/<index>/`. Raises Rejected."""
    if picture.stat().st_size > MAX_PICTURE_BYTES:
        raise Rejected("too_large", f"The picture is larger than {MAX_PICTURE_BYTES // 1024 // 1024} MB.")
    order = {"kind": "picture", "index": index, "widths": list(widths), "max_pixels": MAX_PICTURE_PIXELS}
    answer = await _ask(tools, picture, order, out_dir)
    return _poster(answer["posters"][0], out_dir)


def _spread(facts: SourceFacts, count: int) -> list[float]:
    """Key frames nearest to evenly spread places, the very first and last moments left out where possible."""
    keys = facts.video.key_frame_times_s or (0.0,)
    wanted = [facts.duration_s * (i + 0.5) / count for i in range(count)]
    return sorted({min(keys, key=lambda key: abs(key - place)) for place in wanted})


async def _ask(tools: Tools, path: Path, order: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    out_dir.mkdir(parents=True, exist_ok=True)
    async with lonely_link(path) as (folder, link):
        argv, env = python_child(
            "matinee.engines.media.posters_child", str(link), str(out_dir.resolve()), json.dumps(order)
        )
        ended = await tools.run(
            argv,
            cwd=folder,
            env=env,
            memory_bytes=4 * GIB,
            cpu_s=int(_QUIET_S),
            file_size_bytes=64 * 1024 * 1024,
            open_files=64,
            quiet_s=_QUIET_S,
        )
    return answer_of(ended, thing="picture")


def _poster(row: dict[str, Any], out_dir: Path) -> Poster:
    return Poster(
        index=row["index"],
        at_s=row["at_s"],
        width=row["width"],
        height=row["height"],
        tint=row["tint"],
        files=tuple(
            (width, extension, out_dir / str(row["index"]) / f"{width}.{extension}")
            for width, extension in row["files"]
        ),
    )
