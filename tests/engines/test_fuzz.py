"""Bytes that nobody would make: the probe answers with facts that can be planned for, or with a reason, never else;
and no description of a film makes a manifest that says something else.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as Xml

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines import clips, corpus

from matinee.engines.media import (
    ProbeLimits,
    Rejected,
    Rendition,
    SourceFacts,
    dash_manifest,
    hls_master,
    hls_media,
    plan_chunks,
    plan_ladder,
    probe,
)

SEEDS = ("plain.mp4", "matroska.mkv", "web.webm", "old.avi", "broadcast.ts", "sound-alone.m4a")
TRIES = 40
LIMITS = ProbeLimits(cpu_s=10, scan_s=2)


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_in_head(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(min(2048, len(data)))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def drop(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 8, 1000, 50_000))]


def repeat(data: bytearray, chance: random.Random) -> None:
    at, size = chance.randrange(len(data)), chance.choice((8, 1000, 50_000))
    data[at:at] = data[at : at + size]


def huge(data: bytearray, chance: random.Random) -> None:
    """Lengths and counts at their largest, where boxes and elements keep them."""
    at = chance.randrange(0, len(data) - 8, 4)
    data[at : at + 4] = chance.choice(
        (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\x00\x00\x01")
    )


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip,
    flip_in_head,
    cut,
    drop,
    repeat,
    huge,
)


def _sound_facts(facts: SourceFacts) -> None:
    assert 0 < facts.duration_s <= LIMITS.max_duration_s
    assert 0 < facts.video.fps <= 1000
    assert 0 < facts.video.width <= LIMITS.max_side_px
    assert 0 < facts.video.height <= LIMITS.max_side_px
    ladder = plan_ladder(facts)
    assert all(
        rung.width % 2 == rung.height % 2 == 0 and rung.width > 0 < rung.height for rung in ladder.rungs
    )
    chunks = plan_chunks(ladder, facts)
    assert chunks[0].first_segment == 0
    assert chunks[-1].end_segment == ladder.grid.segment_count
    assert SourceFacts.from_json(facts.to_json()) == facts


async def _facts_or_reason(path: Path) -> SourceFacts | Rejected:
    try:
        return await probe(clips.tools(), path, LIMITS)
    except Rejected as refused:
        return refused


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SEEDS)
async def test_a_damaged_file_has_facts_or_a_reason(name: str, tmp_path: Path) -> None:
    (source,) = (one for one in corpus.SOURCES if one.name == name)
    whole = corpus.make(tmp_path, source).read_bytes()
    reasons: set[str] = set()
    for seed in range(TRIES):
        chance = random.Random(f"{name} {seed}")
        data = bytearray(whole)
        for damage in chance.sample(DAMAGES, chance.choice((1, 1, 2, 3))):
            damage(data, chance)
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(data)
        found = await _facts_or_reason(path)
        if isinstance(found, Rejected):
            assert "reader ended with -" not in (found.detail or ""), f"seed {seed}: the reader crashed"
            reasons.add(found.code)
        else:
            _sound_facts(found)
        path.unlink()
    assert reasons, "some damage must have been noticed"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_any_bytes_at_all_have_a_reason(tmp_path: Path) -> None:
    heads = (
        b"",
        b"\x00\x00\x00\x18ftypisom",
        b"\x1a\x45\xdf\xa3",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"OggS",
        b"FLV\x01",
        b"\x47",
    )
    for seed in range(60):
        chance = random.Random(seed)
        path = tmp_path / f"{seed}.mp4"
        path.write_bytes(chance.choice(heads) + chance.randbytes(chance.choice((1, 40, 5000, 200_000))))
        with pytest.raises(Rejected) as refused:
            await probe(clips.tools(), path, LIMITS)
        assert "reader ended with -" not in (refused.value.detail or ""), f"seed {seed}: the reader crashed"


texts = st.text(max_size=40)
lengths = st.lists(
    st.tuples(st.floats(0.01, 12, allow_nan=False), st.integers(1, 50_000_000)), min_size=1, max_size=12
)


@st.composite
def renditions(draw: st.DrawFn, kind: str) -> Rendition:
    rows = draw(lengths)
    holes = draw(st.sets(st.integers(1, 11), max_size=2))
    video = kind == "video"
    name = f"{kind}-{draw(st.integers(0, 9999))}"
    return Rendition(
        name=name,
        kind="video" if video else "audio",
        codecs="avc1.64001f" if video else "mp4a.40.2",
        segments=tuple((n, s, b) for n, (s, b) in enumerate(rows) if n not in holes),
        complete=draw(st.booleans()),
        target_duration_s=math.ceil(max(s for s, _ in rows)),
        playlist_url=f"{name}/index.m3u8",
        init_url="init.mp4",
        segment_url="{n}.m4s",
        width=draw(st.integers(2, 8192)) if video else None,
        height=draw(st.integers(2, 8192)) if video else None,
        fps=draw(st.fractions(Fraction(1, 100), 240, max_denominator=1001)) if video else None,
        peak_bps=draw(st.integers(0, 60_000_000)),
        group=draw(st.sampled_from(("ladder", "source"))),
        language=None if video else draw(st.none() | texts),
        label=None if video else draw(st.none() | texts),
        default=not video and draw(st.booleans()),
    )


films = st.lists(renditions("video"), min_size=1, max_size=4), st.lists(renditions("audio"), max_size=3)


@settings(max_examples=50)
@given(*films)
def test_any_film_has_a_master_that_says_only_what_it_has(
    videos: list[Rendition], sounds: list[Rendition]
) -> None:
    text = hls_master([*videos, *sounds])
    parsed = m3u8.loads(text)
    addresses = {one.playlist_url for one in (*videos, *sounds)}
    told = [*(one.uri for one in parsed.playlists), *(one.uri for one in parsed.media)]
    assert set(told) <= addresses
    assert all(line.startswith("#EXT") or line in addresses for line in text.splitlines() if line)
    groups = {one.group_id for one in parsed.media}
    for variant in parsed.playlists:
        assert variant.stream_info.average_bandwidth <= variant.stream_info.bandwidth
        assert variant.stream_info.audio in groups | {None}


@settings(max_examples=50)
@given(renditions("video") | renditions("audio"))
def test_any_rendition_has_a_list_of_its_unbroken_run(rendition: Rendition) -> None:
    parsed = m3u8.loads(hls_media(rendition))
    assert [one.uri for one in parsed.segments] == [f"{n}.m4s" for n in range(len(rendition.run))]
    assert parsed.is_endlist == rendition.complete
    assert all(round(one.duration) <= parsed.target_duration for one in parsed.segments)
    assert sum(one.duration for one in parsed.segments) == pytest.approx(rendition.end_s, abs=1e-4)


@settings(max_examples=50)
@given(*films, st.floats(0.1, 50_000), st.booleans())
def test_any_film_has_a_dash_manifest(
    videos: list[Rendition], sounds: list[Rendition], duration_s: float, complete: bool
) -> None:
    root = Xml.fromstring(dash_manifest([*videos, *sounds], duration_s, complete))
    told = {
        one.get("media", "").split("/")[0]
        for one in root.iter("{urn:mpeg:dash:schema:mpd:2011}SegmentTemplate")
    }
    assert told <= {"$Number$.m4s"} | {one.name for one in (*videos, *sounds)}
    for entry in root.iter("{urn:mpeg:dash:schema:mpd:2011}S"):
        assert int(entry.get("d", "0")) > 0
