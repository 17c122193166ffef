"""The pictures for whoever seeks: the right moments, in the right places, in the film's colours."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.engines import clips
from tests.engines.clips import H264, Taken, grey_of, keys

from matinee.engines.media import (
    EncodeFailed,
    Ladder,
    Storyboard,
    StoryboardPlan,
    encode_chunk,
    make_storyboard,
    plan_chunks,
    plan_ladder,
    plan_storyboard,
    probe,
    storyboard_vtt,
)

CUE = re.compile(r"([\d:.]+) --> ([\d:.]+)\n(\d+)\.webp#xywh=(\d+),(\d+),(\d+),(\d+)")


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


async def lowest_rung(path: Path, folder: Path) -> tuple[Ladder, Taken]:
    facts = await probe(clips.tools(), path)
    ladder = plan_ladder(facts)
    taken = Taken(folder)
    for chunk in plan_chunks(ladder, facts):
        await encode_chunk(
            clips.tools(), path, facts, ladder, ladder.rungs[:1], chunk, folder, on_segment=taken
        )
    return ladder, taken


async def sheets(plan: StoryboardPlan, taken: Taken, rung: str, folder: Path) -> list[Path]:
    made = {segment.n: segment for segment in taken.of(rung)}
    paths = [made[n].path for n in plan.segments]
    return [*await make_storyboard(clips.tools(), plan, made[0].init_path, paths, folder)]


def grown(ladder: Ladder, film_s: float) -> Ladder:
    """The plan of a film as long as that."""
    return replace(ladder, grid=replace(ladder.grid, frame_count=round(film_s * ladder.grid.fps)))


@pytest.mark.parametrize(
    ("film_s", "step_s", "shown_s", "sizes"),
    [(122, 4, 0, [(800, 450), (800, 180)]), (404, 8, 4, [(800, 450), (800, 450), (800, 90)])],
)
async def test_each_cell_shows_the_moment_that_its_cue_says(
    make: clips.Make, tmp_path: Path, film_s: int, step_s: int, shown_s: int, sizes: list[tuple[int, int]]
) -> None:
    grey = clips.grey("5", seconds=film_s, size="160x90")
    path = make(f"grey-storyboard-{film_s}.mp4", *grey, *H264, *keys(25))
    ladder, taken = await lowest_rung(path, tmp_path)
    plan = plan_storyboard(ladder)
    files = await sheets(plan, taken, ladder.rungs[0].name, tmp_path / "sheets")
    images = [Image.open(file).convert("L") for file in files]
    assert [image.size for image in images] == sizes
    cues = CUE.findall(storyboard_vtt(plan.board, "{n}.webp"))
    assert len(cues) == plan.board.count
    assert [seconds(cue[0]) for cue in cues] == [i * step_s for i in range(len(cues))]
    assert [cue[1] for cue in cues[:-1]] == [cue[0] for cue in cues[1:]]
    assert seconds(cues[-1][1]) == pytest.approx(ladder.grid.duration_s, abs=0.001)
    for start, end, sheet, *box in cues:
        x, y, width, height = map(int, box)
        assert (width, height) == (160, 90)
        shown = images[int(sheet)].getpixel((x + 80, y + 45))
        # The greys of two neighbours differ by 36, so that one in another's place is seen.
        at_s = min(seconds(start) + shown_s, ladder.grid.segment_start_s(ladder.grid.segment_count - 1))
        assert seconds(start) <= at_s < seconds(end)
        assert shown == pytest.approx(grey_of(round(at_s * 5)), abs=3), start


async def test_a_standing_film_in_colour_keeps_its_shape_and_its_colours(
    make: clips.Make, tmp_path: Path
) -> None:
    halves = "color=c=0x2060d0:s=360x640:r=10:d=9,drawbox=h=320:c=0xd06020:t=fill,format=yuv420p"
    path = make("standing-halves.mp4", "-f", "lavfi", "-i", halves, *H264, "-colorspace", "smpte170m")
    ladder, taken = await lowest_rung(path, tmp_path)
    plan = plan_storyboard(ladder)
    assert (plan.board.width, plan.board.height, plan.board.across, plan.board.down) == (160, 284, 3, 1)
    (file,) = await sheets(plan, taken, ladder.rungs[0].name, tmp_path / "sheets")
    with Image.open(file) as image:
        assert image.size == (480, 284)
        for place, wanted in (((400, 60), (0xD0, 0x60, 0x20)), ((400, 220), (0x20, 0x60, 0xD0))):
            assert image.convert("RGB").getpixel(place) == pytest.approx(wanted, abs=14)


async def test_the_same_segments_give_the_same_sheets_and_missing_ones_fail(
    make: clips.Make, tmp_path: Path
) -> None:
    path = make("grey-short.mp4", *clips.grey("5", seconds=11, size="96x54"), *H264, *keys(25))
    ladder, taken = await lowest_rung(path, tmp_path)
    plan = plan_storyboard(ladder)
    assert (plan.board.width, plan.board.height) == (96, 54)
    once = [file.read_bytes() for file in await sheets(plan, taken, ladder.rungs[0].name, tmp_path / "a")]
    again = [file.read_bytes() for file in await sheets(plan, taken, ladder.rungs[0].name, tmp_path / "b")]
    assert once == again
    more = StoryboardPlan(replace(plan.board, count=4), plan.segments)
    with pytest.raises(EncodeFailed) as failed:
        await sheets(more, taken, ladder.rungs[0].name, tmp_path / "c")
    assert "missing" in failed.value.tail
    taken.of(ladder.rungs[0].name)[0].path.write_bytes(b"no film " * 500)
    with pytest.raises(EncodeFailed):
        await sheets(plan, taken, ladder.rungs[0].name, tmp_path / "d")


@pytest.mark.parametrize(
    ("film_s", "step_s", "count"),
    [
        (1, 4, 1),
        (21, 4, 6),
        (400, 4, 100),
        (600, 8, 75),
        (3600, 8, 450),
        (7200, 16, 450),
        (12 * 3600, 96, 450),
    ],
)
async def test_long_films_have_no_more_than_some_hundred_pictures(
    plain: Path, film_s: float, step_s: float, count: int
) -> None:
    ladder = grown(plan_ladder(await probe(clips.tools(), plain)), film_s)
    plan = plan_storyboard(ladder)
    assert (plan.board.step_s, plan.board.count, len(plan.segments)) == (step_s, count, count)
    for i, n in enumerate(plan.segments):
        assert i * step_s <= ladder.grid.segment_start_s(n) < min((i + 1) * step_s, film_s)
    assert Storyboard.from_json(plan.board.to_json()) == plan.board
