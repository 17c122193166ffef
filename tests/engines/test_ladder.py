"""Planning without any file: rungs, grid, chunks, codec names, rates."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.engines.media import (
    AudioFacts,
    Ladder,
    SourceFacts,
    VideoFacts,
    early_rung,
    plan_chunks,
    plan_ladder,
)
from matinee.engines.media.timing import rate_of, shown_at


def facts(
    width: int = 1920, height: int = 1080, *, duration_s: float = 60.0, audio: int = 1, **video: Any
) -> SourceFacts:
    values: dict[str, Any] = {
        "fps": Fraction(30),
        "max_key_gap_s": 2.0,
        "codec": "h264",
        "rotation": 0,
    } | video
    picture = VideoFacts(
        stream_index=0,
        profile="High",
        level=40,
        width=width,
        height=height,
        coded_width=width,
        coded_height=height,
        variable_fps=False,
        pixel_format="yuv420p",
        bit_depth=8,
        interlaced=False,
        colour_primaries="",
        colour_transfer="",
        colour_space="",
        colour_range="",
        start_s=0.0,
        end_s=duration_s,
        key_frame_times_s=(0.0,),
        key_frames_complete=True,
        **values,
    )
    sound = AudioFacts(1, "aac", "LC", 2, 48000, "eng", None, 0.0, duration_s)
    return SourceFacts("MP4", "mov", duration_s, 1, picture, (sound,) * audio)


@pytest.mark.parametrize(
    ("size", "rungs"),
    [
        ((3840, 2160), ["426x240", "640x360", "854x480", "1280x720", "1920x1080", "2560x1440", "3840x2160"]),
        ((1920, 1080), ["426x240", "640x360", "854x480", "1280x720", "1920x1080"]),
        ((1080, 1920), ["240x426", "360x640", "480x854", "720x1280", "1080x1920"]),
        ((1440, 1080), ["320x240", "480x360", "640x480", "960x720", "1440x1080"]),
        ((1280, 536), ["426x178", "640x268", "854x358", "1280x536"]),
        ((1000, 500), ["426x212", "640x320", "854x426", "1000x500"]),
        ((640, 480), ["320x240", "480x360", "640x480"]),
        ((320, 180), ["320x180"]),
        ((101, 51), ["100x50"]),
        ((240, 240), ["240x240"]),
    ],
)
def test_rungs_fit_the_source_and_never_exceed_it(size: tuple[int, int], rungs: list[str]) -> None:
    found = plan_ladder(facts(*size)).rungs
    assert [f"{rung.width}x{rung.height}" for rung in found] == rungs
    assert len({rung.name for rung in found}) == len(found)


@pytest.mark.parametrize(
    ("size", "named"),
    [
        ((768, 576), "576p"),
        ((1366, 768), "768p"),
        ((1916, 1076), "1080p"),
        ((1920, 804), "1080p"),
        ((1440, 1080), "1080p"),
        ((1080, 1920), "1080p"),
        ((320, 180), "180p"),
        ((1700, 240), "956p"),
    ],
)
def test_the_best_rung_is_named_by_what_it_shows(size: tuple[int, int], named: str) -> None:
    names = [rung.name for rung in plan_ladder(facts(*size)).rungs]
    assert names[-1] == named
    assert len(set(names)) == len(names)


@given(st.integers(16, 8000), st.integers(16, 8000))
def test_every_size_has_even_rising_rungs_of_its_own_shape(width: int, height: int) -> None:
    rungs = plan_ladder(facts(width, height)).rungs
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width <= width
        assert rung.height <= height
    areas = [rung.width * rung.height for rung in rungs]
    assert areas == sorted(set(areas))


def test_codec_names_carry_profile_and_level() -> None:
    names = {rung.name: rung.codecs for rung in plan_ladder(facts(3840, 2160)).rungs}
    assert names["720p"] == "avc1.64001f"
    assert names["1080p"] == "avc1.640028"
    assert names["2160p"] == "avc1.640033"
    fast = {rung.name: rung.codecs for rung in plan_ladder(facts(fps=Fraction(60))).rungs}
    assert fast["1080p"] == "avc1.64002a"


@given(
    st.sampled_from(
        [
            Fraction(24000, 1001),
            Fraction(25),
            Fraction(30000, 1001),
            Fraction(30),
            Fraction(60),
            Fraction(25, 2),
        ]
    ),
    st.floats(0.05, 20_000),
    st.integers(1, 300),
)
def test_segments_and_chunks_cover_the_grid_exactly(fps: Fraction, duration_s: float, slots: int) -> None:
    source = facts(fps=fps, duration_s=duration_s)
    ladder = plan_ladder(source)
    grid = ladder.grid
    assert sum(grid.segment_frames(n) for n in range(grid.segment_count)) == grid.frame_count
    assert grid.timescale == grid.fps * grid.frame_ticks
    assert abs(grid.duration_s - duration_s) <= 1 / float(fps) + 1e-6
    assert max(grid.segment_duration_s(n) for n in range(grid.segment_count)) <= grid.target_duration_s
    chunks = plan_chunks(ladder, source, slots)
    assert [n for c in chunks for n in range(c.first_segment, c.end_segment)] == list(
        range(grid.segment_count)
    )


def test_rare_key_frames_make_longer_chunks() -> None:
    usual, rare = facts(duration_s=600), facts(duration_s=600, max_key_gap_s=60.0)
    assert len(plan_chunks(plan_ladder(usual), usual)) == 10
    assert len(plan_chunks(plan_ladder(rare), rare)) < 6


@pytest.mark.parametrize(
    ("duration_s", "slots", "chunks", "longest_s"),
    [
        (60, 2, 2, 32),
        (60, 64, 5, 12),
        (600, 8, 24, 28),
        (600, 64, 50, 12),
        (7200, 2, 120, 60),
        (7200, 64, 192, 40),
    ],
)
def test_chunks_are_as_many_as_the_encoders_can_share(
    duration_s: float, slots: int, chunks: int, longest_s: float
) -> None:
    source = facts(duration_s=duration_s)
    found = plan_chunks(plan_ladder(source), source, slots)
    assert len(found) == chunks
    assert max(c.end_segment - c.first_segment for c in found) * 4 <= longest_s


def test_a_ladder_survives_json_and_names_its_sounds() -> None:
    ladder = plan_ladder(facts(audio=6))
    assert Ladder.from_json(ladder.to_json()) == ladder
    assert [track.name for track in ladder.audio] == ["audio-0", "audio-1", "audio-2", "audio-3"]
    assert early_rung(ladder).name == "360p"
    assert early_rung(plan_ladder(facts(320, 180))).height == 180
    source = facts(audio=2)
    assert SourceFacts.from_json(source.to_json()) == source


def test_what_browsers_play_is_judged_by_all_of_its_parts() -> None:
    good = facts()
    assert good.is_browser_playable
    for change in (
        {"pixel_format": "yuv420p10le"},
        {"codec": "hevc"},
        {"rotation": 90},
        {"interlaced": True},
        {"fps": Fraction(1000)},
        {"fps": Fraction(120)},
    ):
        video = dataclasses.replace(good.video, **change)
        assert not dataclasses.replace(good, video=video).is_browser_playable
    opus = dataclasses.replace(good.audio[0], codec="opus")
    assert not dataclasses.replace(good, audio=(opus,)).is_browser_playable
    assert not facts(3840, 2160).is_browser_playable
    for fps in (Fraction(60), Fraction(60000, 1001), Fraction(50), Fraction(1)):
        assert facts(fps=fps).is_browser_playable


@pytest.mark.parametrize(
    ("fps", "shown"),
    [
        ("30", "30"),
        ("120", "60"),
        ("240", "60"),
        ("144", "48"),
        ("1", "5"),
        ("90", "45"),
        ("60000/1001", "60000/1001"),
    ],
)
def test_rates_are_brought_between_five_and_sixty(fps: str, shown: str) -> None:
    assert shown_at(Fraction(fps)) == Fraction(shown)


def test_rates_are_recognised_through_millisecond_clocks_and_changes() -> None:
    ntsc = [round(n * 1001 / 30000, 3) for n in range(300)]
    assert rate_of(ntsc, None, None).fps == Fraction(30000, 1001)
    assert not rate_of(ntsc, None, None).variable
    phone = [n / 30 + (0.004 if n % 7 == 0 else 0) + (0.1 if n > 150 else 0) for n in range(300)]
    assert rate_of(phone, None, None) == rate_of(sorted(phone), None, None)
    assert rate_of(phone, None, None).variable
    assert rate_of(phone, None, None).fps == 30
    assert rate_of([0.0], Fraction(25), None).fps == 25
