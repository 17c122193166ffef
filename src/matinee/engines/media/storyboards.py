"""A storyboard: small pictures at a regular step, packed in sheets, for the moment that a seek would show.

Read from segments of our own lowest rung, which are small, begin with a key frame each and are in the film's colours
already: one picture is decoded of each segment that is asked for, and nothing of the source. Never plans when.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from matinee.engines.media.ladder import Ladder
from matinee.engines.media.tools import GIB, EncodeFailed, Tools, python_child

CELL_WIDTH = 160
_TALLEST = 284
"""Of a film that stands as 9:16 does; one that is narrower still gets a narrower cell."""
_ACROSS = _DOWN = 5
_FINE_CELLS = 100
_MOST_CELLS = 450
_QUIET_S = 300.0


@dataclass(frozen=True, slots=True)
class Storyboard:
    """`count` cells of `width` × `height` points, `step_s` seconds of film each (the last may be shorter), row by row
    in sheets of `across` × `down`. The film lasts `duration_s`."""

    step_s: float
    count: int
    duration_s: float
    width: int
    height: int
    across: int
    down: int

    @property
    def sheet_count(self) -> int:
        return math.ceil(self.count / (self.across * self.down))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Storyboard:
        return cls(**values)


@dataclass(frozen=True, slots=True)
class StoryboardPlan:
    """`segments` of the ladder's lowest rung, one a cell; each begins with the picture of its cell."""

    board: Storyboard
    segments: tuple[int, ...]


def plan_storyboard(ladder: Ladder) -> StoryboardPlan:
    """A cell for each segment of a short film, for every second one of a longer film, and for as many as make some
    hundred cells of a very long one. A cell that stands for several segments shows the one in their middle."""
    grid, rung = ladder.grid, ladder.rungs[0]
    total = grid.segment_count
    each = max(1 if total <= _FINE_CELLS else 2, math.ceil(total / _MOST_CELLS))
    segments = tuple(min(first + each // 2, total - 1) for first in range(0, total, each))
    scale = min(1.0, CELL_WIDTH / rung.width, _TALLEST / rung.height)
    board = Storyboard(
        step_s=float(each * grid.frames_per_segment / grid.fps),
        count=len(segments),
        duration_s=grid.duration_s,
        width=max(1, round(rung.width * scale)),
        height=max(1, round(rung.height * scale)),
        across=min(_ACROSS, len(segments)),
        down=min(_DOWN, math.ceil(len(segments) / _ACROSS)),
    )
    return StoryboardPlan(board, segments)


async def make_storyboard(
    tools: Tools, plan: StoryboardPlan, init_path: Path, segment_paths: Sequence[Path], out_dir: Path
) -> tuple[Path, ...]:
    """The sheets of `plan` as `out_dir/<n>.webp`, from the files of `plan.segments` in their order. The same segments
    give the same sheets. Raises EncodeFailed."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="matinee-") as name:
        joined = Path(name) / "joined.mp4"
        with joined.open("wb") as out:
            for path in (init_path, *segment_paths):
                with path.open("rb") as part:
                    shutil.copyfileobj(part, out)
        argv, env = python_child(
            "matinee.engines.media.storyboards_child",
            str(joined),
            str(out_dir.resolve()),
            json.dumps(plan.board.to_json()),
        )
        ended = await tools.run(
            argv,
            cwd=Path(name),
            env=env,
            memory_bytes=4 * GIB,
            cpu_s=int(_QUIET_S),
            file_size_bytes=64 * 1024 * 1024,
            open_files=64,
            quiet_s=_QUIET_S,
        )
    if ended.hung or ended.timed_out:
        raise EncodeFailed("The storyboard hung and was stopped.", ended.tail)
    if not ended.ok:
        raise EncodeFailed("The storyboard failed.", ended.tail or f"reader ended with {ended.returncode}")
    return tuple(out_dir / f"{n}.webp" for n in range(plan.board.sheet_count))


def storyboard_vtt(board: Storyboard, sheet_url: str, first: int = 0) -> str:
    """WebVTT: for each stretch of the film the address of its sheet, `{n}` in `sheet_url` counted from `first` on, and
    the place of its cell there (`#xywh=`, Media Fragments URI 1.0)."""
    cues = ["WEBVTT"]
    for i in range(board.count):
        sheet, place = divmod(i, board.across * board.down)
        y, x = divmod(place, board.across)
        box = f"{x * board.width},{y * board.height},{board.width},{board.height}"
        end_s = board.duration_s if i == board.count - 1 else (i + 1) * board.step_s
        times = f"{_clock(i * board.step_s)} --> {_clock(end_s)}"
        cues.append(f"{times}\n{sheet_url.replace('{n}', str(first + sheet))}#xywh={box}")
    return "\n\n".join(cues) + "\n"


def _clock(at_s: float) -> str:
    ms = round(at_s * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
