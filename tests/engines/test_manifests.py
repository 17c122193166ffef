"""Manifests that others can read: m3u8, mpegdash, ffmpeg's own demuxers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser
from tests.engines import clips
from tests.engines.clips import FFMPEG, H264, Taken, keys

from matinee.engines.media import (
    Chunk,
    Growth,
    Rendition,
    dash_manifest,
    encode_audio,
    encode_chunk,
    hls_master,
    hls_media,
    plan_ladder,
    probe,
)


def rendition(name: str, lengths: list[float], **changes: Any) -> Rendition:
    audio = "audio" in name
    values: dict[str, Any] = {
        "name": name,
        "kind": "audio" if audio else "video",
        "codecs": "mp4a.40.2" if audio else "avc1.64001f",
        "segments": tuple((n, length, round(length * 100_000)) for n, length in enumerate(lengths)),
        "complete": True,
        "target_duration_s": 4,
        "playlist_url": f"{name}/index.m3u8",
        "init_url": "init.mp4",
        "segment_url": "{n}.m4s",
        "width": None if audio else 1280,
        "height": None if audio else 720,
        "fps": None if audio else Fraction(30000, 1001),
        "peak_bps": 2_000_000,
    }
    return Rendition(**{**values, **changes})


def test_a_master_names_codecs_sizes_rates_and_sounds() -> None:
    small = rendition("240p", [4, 4], width=426, height=240)
    sounds = [
        rendition("audio-0", [4, 4], language="en", label='English "original"', default=True),
        rendition("audio-1", [4, 4], language="de", label="Deutsch"),
    ]
    master = m3u8.loads(hls_master([small, rendition("720p", [4, 4]), *sounds]))
    assert master.is_independent_segments
    best, least = master.playlists
    assert (best.uri, least.uri) == ("720p/index.m3u8", "240p/index.m3u8")
    info = best.stream_info
    assert (info.codecs, info.resolution, info.frame_rate) == ("avc1.64001f,mp4a.40.2", (1280, 720), 29.97)
    assert (info.bandwidth, info.average_bandwidth, info.audio) == (1_600_000, 1_600_000, "ladder")
    assert [(m.name, m.language, m.default) for m in master.media] == [
        ("English  original ", "en", "YES"),
        ("Deutsch", "de", "NO"),
    ]


def test_a_copied_source_has_sound_of_its_own_and_a_group_waits_for_its_sound() -> None:
    source = rendition("source", [6, 6], group="source")
    waiting = [rendition("240p", [4]), rendition("audio-0", [])]
    master = m3u8.loads(hls_master([source, rendition("source-audio-0", [6, 6], group="source"), *waiting]))
    assert [(p.uri, p.stream_info.audio) for p in master.playlists] == [("source/index.m3u8", "source")]
    silent = m3u8.loads(hls_master([rendition("240p", [4]), rendition("360p", [])]))
    assert [(p.uri, p.stream_info.audio) for p in silent.playlists] == [("240p/index.m3u8", None)]
    assert silent.playlists[0].stream_info.codecs == "avc1.64001f"


def test_a_playlist_grows_with_a_steady_target_and_ends_when_complete() -> None:
    growing = m3u8.loads(hls_media(rendition("240p", [4.0, 4.0], complete=False)))
    ended = m3u8.loads(hls_media(rendition("240p", [4.0, 4.0, 1.5])))
    assert (growing.start.time_offset, growing.start.precise) == (0, "YES"), "else players begin near the end"
    assert ended.start is None
    assert (growing.playlist_type, growing.is_endlist, growing.target_duration) == ("event", False, 4)
    assert (ended.playlist_type, ended.is_endlist, ended.target_duration) == ("vod", True, 4)
    assert [s.uri for s in growing.segments] == [s.uri for s in ended.segments][:2]
    assert ended.segments[0].init_section.uri == "init.mp4"


def test_only_the_unbroken_run_from_the_start_is_listed() -> None:
    broken = rendition("240p", [], segments=((0, 4.0, 9), (2, 4.0, 9), (3, 4.0, 9)), complete=False)
    assert [s.uri for s in m3u8.loads(hls_media(broken)).segments] == ["0.m4s"]


def test_what_is_declared_counts_until_it_is_measured() -> None:
    assert rendition("240p", [4.0], complete=False).highest_bps == 2_000_000
    assert rendition("240p", [4.0]).highest_bps == 800_000
    # A last segment of one frame does not count as a peak.
    tail = rendition("240p", [], segments=((0, 4.0, 400_000), (1, 0.04, 40_000)))
    assert tail.highest_bps == 800_000


def test_an_mpd_lists_aligned_rungs_and_leaves_the_copy_out_once_they_reach_as_far() -> None:
    source, sound = (
        rendition("source", [6, 2], group="source"),
        rendition("source-audio-0", [6, 2], group="source"),
    )
    started = [rendition("240p", [4], complete=False), rendition("audio-0", [4, 4])]
    early = MPEGDASHParser.parse(dash_manifest([source, sound, *started], 8, complete=False))
    assert represented(early) == ["source", "source-audio-0"]
    full = dash_manifest(
        [source, sound, rendition("240p", [4, 4]), rendition("720p", [4, 4]), started[1]], 8, complete=True
    )
    assert represented(MPEGDASHParser.parse(full)) == ["240p", "720p", "audio-0"]
    partly = dash_manifest(
        [rendition("240p", [4, 4, 4]), rendition("720p", [4]), started[1]], 12, complete=False
    )
    assert represented(MPEGDASHParser.parse(partly)) == ["240p", "audio-0"]
    assert 'mediaPresentationDuration="PT8.000S"' in partly
    assert "<S" in dash_manifest([rendition("240p", [4, 4])], 8, complete=True)
    MPEGDASHParser.parse(dash_manifest([], 0, complete=False))


def test_an_mpd_of_a_film_that_grows_is_dynamic_until_all_is_there() -> None:
    received_at = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    growth = Growth(received_at, received_at + timedelta(minutes=5))
    later = Growth(received_at, received_at + timedelta(minutes=6))
    growing = [rendition("240p", [4.0, 4.0], complete=False), rendition("audio-0", [4.0, 4.0])]
    grown = [rendition("240p", [4.0] * 5), rendition("audio-0", [4.0] * 5)]
    first, second, last = (
        MPEGDASHParser.parse(dash_manifest(shown, 20, complete, told))
        for shown, complete, told in ((growing, False, growth), (growing, False, later), (grown, True, later))
    )
    assert (first.type, last.type) == ("dynamic", "static")
    assert first.media_presentation_duration == last.media_presentation_duration == "PT20.000S"
    assert first.availability_start_time == second.availability_start_time, (
        "the zero of its clock never moves"
    )
    assert datetime.fromisoformat(first.availability_start_time) <= received_at - timedelta(seconds=20)
    assert first.publish_time == "2026-01-31T12:05:00Z" < second.publish_time
    assert first.minimum_update_period == "PT4S"
    assert first.suggested_presentation_delay == "PT20.000S", "else players begin near the end"
    assert [first.periods[0].id, first.periods[0].start] == [last.periods[0].id, last.periods[0].start]
    for gone in ("availability_start_time", "publish_time", "minimum_update_period"):
        assert getattr(last, gone) is None
    assert "UTCTiming" not in dash_manifest(grown, 20, True, later)
    stopped = MPEGDASHParser.parse(dash_manifest(growing, 20, complete=False))
    assert (stopped.type, stopped.media_presentation_duration) == ("static", "PT8.000S")


def represented(mpd: Any) -> list[str]:
    return [
        rep.id
        for period in mpd.periods
        for group in period.adaptation_sets or []
        for rep in group.representations
    ]


def test_names_of_strangers_do_not_break_a_manifest() -> None:
    evil = rendition("audio-0", [4], label='"><x>&\n#EXT-X-ENDLIST', language='e"n', default=True)
    video = rendition("240p", [4])
    assert len(m3u8.loads(hls_master([video, evil])).media) == 1
    assert "\n#EXT-X-ENDLIST" not in hls_master([video, evil])
    MPEGDASHParser.parse(dash_manifest([video, evil], 4, complete=True))


@pytest.mark.parametrize("fps", ["30000/1001", pytest.param("25", marks=pytest.mark.slow)])
async def test_ffmpeg_plays_both_manifests_from_a_folder(make: clips.Make, tmp_path: Path, fps: str) -> None:
    name = f"both-{fps.replace('/', '-')}.mp4"
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=640x360:r={fps}:d=9", "-f", "lavfi", "-i", "sine=d=9")
    path = make(name, *picture, *H264, *keys(50), "-c:a", "aac")
    facts = await probe(clips.tools(), path)
    ladder, taken = plan_ladder(facts), Taken(tmp_path)
    for chunk in (Chunk(0, 0, 1), Chunk(1, 1, ladder.grid.segment_count)):
        await encode_chunk(
            clips.tools(), path, facts, ladder, ladder.rungs, chunk, tmp_path, on_segment=taken
        )
    await encode_audio(clips.tools(), path, facts, ladder, tmp_path, on_segment=taken)
    for manifest in taken.publish(ladder):
        command = [
            FFMPEG,
            "-nostdin",
            "-v",
            "warning",
            "-i",
            manifest,
            "-map",
            "0",
            "-f",
            "null",
            "-progress",
            "pipe:1",
            "-",
        ]
        played = await clips.run(command)
        assert played.ok
        assert f"frame={ladder.grid.frame_count}" in played.stdout.decode().splitlines()
        assert played.tail == ""
