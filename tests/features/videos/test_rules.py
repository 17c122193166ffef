"""Decisions without database or clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from matinee.features.videos import rules
from matinee.features.videos.schemas import State

KEY = b"k" * 32
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
_BLANK = rules.Track(
    id=UUID(int=0),
    kind="video",
    role="ladder",
    height=0,
    contiguous=0,
    started=False,
    complete=False,
    aligned=True,
)


def track(
    name: str, contiguous: int = 0, *, complete: bool = False, aligned: bool | None = None
) -> rules.Track:
    """`240p`, `audio-0`, `source` or `source-audio-0`; its id tells its name."""
    source, audio = name.startswith("source"), "audio" in name
    return replace(
        _BLANK,
        id=UUID(bytes=name.encode().ljust(16, b"\0")),
        kind="audio" if audio else "video",
        role="source" if source else "audio" if audio else "ladder",
        height=0 if source or audio else int(name[:-1]),
        contiguous=contiguous,
        started=contiguous > 0,
        complete=complete,
        aligned=not source if aligned is None else aligned,
    )


def listed(*tracks: rules.Track, shown: tuple[str, ...] = ()) -> set[str]:
    ids = [track(name).id for name in shown]
    return {id.bytes.rstrip(b"\0").decode() for id in rules.master(tracks, ids)}


def test_nothing_is_listed_before_its_first_segment_and_sound() -> None:
    assert listed(track("240p"), track("audio-0")) == set()
    assert listed(track("240p", 1), track("audio-0")) == set()
    assert listed(track("240p", 1), track("audio-0", 1)) == {"240p", "audio-0"}
    assert listed(track("240p", 1)) == {"240p"}
    assert listed(track("240p", 1), track("audio-0", 1), track("audio-1")) == {"240p", "audio-0"}


def test_one_growing_rung_is_listed_and_stays_the_one() -> None:
    rungs = (track("240p", 1), track("360p", 3))
    assert listed(*rungs) == {"360p"}
    assert listed(*rungs, shown=("240p",)) == {"240p"}


def test_a_complete_rung_waits_for_the_whole_sound() -> None:
    rungs = (track("240p", 4, complete=True), track("360p", 2), track("audio-0", 2))
    assert listed(*rungs) == {"240p", "audio-0"}
    source = track("source", 2, complete=True)
    assert listed(*rungs, source) == {"source"}
    sound = track("audio-0", 4, complete=True)
    assert listed(*rungs[:2], sound, source) == {"240p", "audio-0", "source"}


def test_the_source_leaves_when_two_rungs_are_in_or_all_of_fewer() -> None:
    source = track("source", 2, complete=True)
    one, two = track("240p", 4, complete=True), track("360p", 4, complete=True)
    assert listed(one, source) == {"240p"}
    assert listed(one, track("360p"), source) == {"240p", "source"}
    assert listed(one, two, track("720p"), source) == {"240p", "360p"}
    assert listed(one, two, replace(source, aligned=True)) == {"240p", "360p", "source"}


def test_a_source_waits_for_its_sound_too() -> None:
    assert listed(track("source", 2), track("source-audio-0"), track("240p")) == set()
    assert listed(track("source", 2), track("source-audio-0", 1), track("240p")) == {
        "source",
        "source-audio-0",
    }


@pytest.mark.parametrize("state", list(rules.TRANSITIONS))
def test_every_state_leads_only_to_states(state: State) -> None:
    assert rules.TRANSITIONS[state] <= set(rules.TRANSITIONS)
    assert not rules.may_become(state, state)


def test_numbers_count_up_to_the_first_gap() -> None:
    assert rules.unbroken([], 0) == 0
    assert rules.unbroken([0, 1, 3], 0) == 2
    assert rules.unbroken([3, 2], 2) == 4


def test_a_short_last_segment_claims_no_peak() -> None:
    assert rules.rates_bps([(4, 500_000), (4, 1_000_000), (0.04, 50_000)], 4) == (1_542_289, 2_000_000)
    assert rules.rates_bps([], 4) == (0, 0)
    assert rules.rates_bps([(1, 1000)], 4) == (8000, 8000)


def test_grants_hold_for_one_video_one_purpose_and_their_time() -> None:
    video_id = UUID(int=7)
    grant = rules.sign(KEY, video_id, "media", int(NOW.timestamp()) + 10)
    assert rules.grant_holds(KEY, video_id, "media", grant, NOW)
    assert not rules.grant_holds(KEY, video_id, "original", grant, NOW)
    assert not rules.grant_holds(KEY, UUID(int=8), "media", grant, NOW)
    assert not rules.grant_holds(b"x" * 32, video_id, "media", grant, NOW)
    assert not rules.grant_holds(KEY, video_id, "media", grant, NOW + timedelta(seconds=10))


def test_grants_stay_the_same_for_a_quarter_of_their_time() -> None:
    start = rules.grant_expiry(NOW, 400)
    assert start - NOW.timestamp() in range(400, 501)
    assert len({rules.grant_expiry(NOW + timedelta(seconds=s), 400) for s in range(100)}) <= 2


def test_guests_are_told_apart_by_household() -> None:
    def viewer(address: str) -> str:
        return rules.viewer_of_address(KEY, address)

    assert viewer("192.0.2.1") != viewer("192.0.2.2")
    assert viewer("192.0.2.1") == viewer("::ffff:192.0.2.1")
    assert viewer("2001:db8::1") == viewer("2001:db8::ffff")
    assert viewer("2001:db8::1") != viewer("2001:db8:0:1::1")
    assert viewer("somewhere") == viewer("unknown")
    assert "192" not in viewer("192.0.2.1")


def test_a_view_takes_thirty_seconds_or_half() -> None:
    assert rules.view_needs_s(None) == rules.view_needs_s(600) == 30
    assert rules.view_needs_s(20) == 10


def test_the_start_and_the_end_are_nowhere_to_go_on() -> None:
    assert [rules.resume_position_s(at, 100) for at in (4, 5, 95, 96)] == [0, 5, 95, 0]
    assert rules.resume_position_s(3, None) == 3


def test_a_quality_is_known_by_its_number() -> None:
    assert rules.rung_height("1080p", 1080, 1920) == 1080
    assert rules.rung_height("source", 608, 1080) == 608
