"""Any source: each way of packing the same film comes out with its frames, its moments and its colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engines import clips, corpus
from tests.engines.corpus import SOURCES, Source

from matinee.engines.media import (
    Chunk,
    Rejected,
    encode_audio,
    encode_chunk,
    make_posters,
    plan_ladder,
    probe,
)

OFTEN = {"plain.mp4", "broadcast.ts", "variable.mkv", "hdr-pq.mkv", "untold-matrix.mkv", "sound-alone.m4a"}


@pytest.mark.parametrize(
    "source", [pytest.param(s, id=s.name, marks=() if s.name in OFTEN else pytest.mark.slow) for s in SOURCES]
)
async def test_a_source_comes_out_as_it_was_meant(source: Source, tmp_path: Path) -> None:
    path = corpus.make(tmp_path, source)
    if source.refused:
        with pytest.raises(Rejected) as refused:
            await probe(clips.tools(), path)
        assert refused.value.code == source.refused
        return
    facts = await probe(clips.tools(), path)
    ladder = plan_ladder(facts)
    assert (facts.video.width, facts.video.height) == source.shown
    assert facts.video.fps == Fraction(source.rate or source.fps)
    out = clips.Taken(tmp_path / "out")
    whole = Chunk(0, 0, ladder.grid.segment_count)
    await encode_chunk(clips.tools(), path, facts, ladder, ladder.rungs, whole, out.out_dir, on_segment=out)
    rung = ladder.rungs[-1]
    seen = corpus.look(out.joined(rung.name))
    meant = corpus.look(path, facts.start_s)
    frame_s = 1 / float(ladder.grid.fps)
    assert seen.frames == ladder.grid.frame_count
    assert abs(ladder.grid.duration_s - meant.end_s) <= frame_s + 0.001, (ladder.grid.duration_s, meant.end_s)
    errors = corpus.colour_errors(seen.patches, np.array(corpus.PATCHES, float))
    assert errors.max() <= source.colour_error, (np.round(errors, 1), np.round(seen.patches))
    assert seen.stated == (1, 1), "every rung says Rec. 709 in television range"
    assert len(seen.flashes_s) == len(meant.flashes_s) == source.flashes, (seen.flashes_s, meant.flashes_s)
    for shown_s, due_s in zip(seen.flashes_s, meant.flashes_s, strict=True):
        assert abs(shown_s - due_s) <= frame_s / 2 + 0.001, (seen.flashes_s, meant.flashes_s)
    stills = await make_posters(clips.tools(), path, facts, tmp_path / "posters", count=1, widths=(320,))
    errors = corpus.colour_errors(corpus.patches_of(stills[0].files[2][2]), np.array(corpus.PATCHES, float))
    assert errors.max() <= source.colour_error + 2, (np.round(errors, 1), "of the poster")
    assert len(ladder.audio) == source.tracks
    if not source.tracks:
        return
    await encode_audio(clips.tools(), path, facts, ladder, out.out_dir, on_segment=out)
    heard, due = corpus.clicks_s(out.joined("audio-0")), corpus.clicks_s(path, facts.start_s)
    assert len(heard) == len(due), (heard, due)
    for heard_s, due_s in zip(heard, due, strict=True):
        assert abs(heard_s - due_s) <= 0.020, (heard, due)
