"""What the plan of an encode looks like, and how its parts add up."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from matinee.engines.media import AudioFacts, Ladder, SourceFacts, VideoFacts, plan_ladder
from matinee.features.encoding import rules


def facts(
    *, height: int = 1080, seconds: float = 60, key_gap_s: float = 2, codec: str = "h264"
) -> SourceFacts:
    times = tuple(t * key_gap_s for t in range(int(seconds / key_gap_s) + 1))
    video = VideoFacts(
        stream_index=0,
        codec=codec,
        profile="High",
        level=40,
        width=height * 16 // 9,
        height=height,
        coded_width=height * 16 // 9,
        coded_height=height,
        rotation=0,
        fps=Fraction(25),
        variable_fps=False,
        pixel_format="yuv420p",
        bit_depth=8,
        interlaced=False,
        colour_primaries="bt709",
        colour_transfer="bt709",
        colour_space="bt709",
        colour_range="tv",
        start_s=0,
        end_s=seconds,
        key_frame_times_s=times,
        key_frames_complete=True,
        max_key_gap_s=key_gap_s,
        hidden_start=False,
    )
    audio = AudioFacts(
        stream_index=1,
        codec="aac",
        profile="LC",
        channels=2,
        sample_rate=48_000,
        language=None,
        title=None,
        start_s=0,
        end_s=seconds,
    )
    return SourceFacts("MP4", "mov", seconds, 1_000_000, video, (audio,))


def plan(source: SourceFacts) -> tuple[Ladder, list[rules.StepPlan]]:
    ladder = plan_ladder(source)
    return ladder, rules.plan_steps(source, ladder)


def test_a_source_that_browsers_play_is_copied_and_not_encoded_early() -> None:
    _, steps = plan(facts())
    assert [step.kind for step in steps[:3]] == ["copy", "audio", "pictures"]
    assert not any(step.kind == "early" for step in steps)


@pytest.mark.parametrize("source", [facts(codec="mpeg4"), facts(key_gap_s=30)])
def test_any_other_source_gets_the_first_segments_of_one_low_rung(source: SourceFacts) -> None:
    _, steps = plan(source)
    early = steps[0]
    assert (early.kind, early.rungs, early.first_segment) == ("early", ("360p",), 0)
    assert early.end_segment <= rules.EARLY_SEGMENTS


@pytest.mark.parametrize("height", [240, 480, 1080, 2160])
def test_the_chunks_cover_every_segment_of_every_rung_exactly_once(height: int) -> None:
    ladder, steps = plan(facts(height=height, seconds=301))
    for rung in ladder.rungs:
        covered = [
            n
            for step in steps
            if step.kind == "chunk" and rung.name in step.rungs
            for n in range(step.first_segment, step.end_segment)
        ]
        assert sorted(covered) == list(range(ladder.grid.segment_count))


def test_the_low_rungs_of_the_whole_film_come_before_the_high_ones() -> None:
    _, steps = plan(facts(seconds=300))
    labels = [step.name.partition("-")[0] for step in steps if step.kind == "chunk"]
    assert labels == sorted(labels, key=["low", "high"].index)


def test_nobody_waits_for_a_storyboard() -> None:
    _, steps = plan(facts(seconds=300))
    (board,) = [step for step in steps if not rules.belongs_to_film(step.kind)]
    assert (board.kind, board.rungs) == ("storyboard", ("240p",))
    assert rules.lane(board.kind, copied=True) == "long"
    assert {rules.tier(step) for step in steps if step.kind not in (board.kind, "chunk")} == {0}
    assert rules.tier(board) == 1
    assert board.kind not in rules.first_kinds({step.kind for step in steps})


def test_step_names_are_unique() -> None:
    _, steps = plan(facts(seconds=600))
    assert len({step.name for step in steps}) == len(steps)


def test_percent_is_weighted_by_what_the_steps_cost() -> None:
    assert rules.percent([("done", 0, 1), ("running", 50, 2), ("waiting", 0, 1)]) == 50.0
    assert rules.percent([]) == 0.0


def test_time_left_is_silent_until_it_can_be_known() -> None:
    assert rules.left_s(1, 10) is None
    assert rules.left_s(50, 10) == 11


def test_time_worked_counts_what_ran_side_by_side_once_and_a_night_off_not_at_all() -> None:
    now = datetime(2026, 5, 5, 8, tzinfo=UTC)
    yesterday, just_now = now - timedelta(hours=12), now - timedelta(seconds=4)
    assert (
        rules.worked_s([("done", 10.0, yesterday), ("done", 6.0, yesterday), ("waiting", None, None)], now)
        == 16
    )
    assert (
        rules.worked_s(
            [("done", 12.0, yesterday), ("running", None, just_now), ("running", None, just_now)], now
        )
        == 10
    )
    assert rules.worked_s([], now) == 0


def test_a_rung_is_complete_when_all_its_steps_are_done() -> None:
    assert rules.rungs_complete([(["240p", "360p"], "done"), (["240p"], "running")]) == {"360p"}
