"""Chunks of the ladder: exact to the frame, aligned across rungs, in step with the sound."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.engines import clips
from tests.engines.clips import H264, Taken, grey, grey_of, greys, keys

from matinee.engines.media import (
    Chunk,
    EncodeFailed,
    Ladder,
    Progress,
    SourceFacts,
    early_rung,
    encode_audio,
    encode_chunk,
    plan_chunks,
    plan_ladder,
    probe,
)
from matinee.infra.process import Ended, run


async def planned(path: Path) -> tuple[SourceFacts, Ladder]:
    facts = await probe(clips.tools(), path)
    return facts, plan_ladder(facts)


async def encode_in_pieces(path: Path, out_dir: Path, pieces: int) -> tuple[SourceFacts, Ladder, Taken]:
    """Every rung, in separate chunks, the last one first: no chunk may lean on another."""
    facts, ladder = await planned(path)
    taken = Taken(out_dir)
    count = ladder.grid.segment_count
    edges = sorted({round(i * count / pieces) for i in range(pieces + 1)})
    chunks = [Chunk(i, a, b) for i, (a, b) in enumerate(pairwise(edges))]
    for chunk in reversed(chunks):
        await encode_chunk(clips.tools(), path, facts, ladder, ladder.rungs, chunk, out_dir, on_segment=taken)
    return facts, ladder, taken


SEAMS = {
    "key-frames-each-second.mp4": (*H264, *keys(30)),
    "key-frames-each-ten-seconds.mp4": (*H264, *keys(300)),
    "one-key-frame.mkv": (*H264, *keys(9999)),
    "open-groups.ts": (
        *H264[:-2],
        "-bf",
        "3",
        "-x264-params",
        "open-gop=1:keyint=50:scenecut=0",
        "-muxdelay",
        "1",
    ),
    "mpeg4.avi": ("-c:v", "mpeg4", "-q:v", "3", "-g", "90"),
    "vp8.webm": ("-c:v", "libvpx", "-b:v", "400k", "-deadline", "realtime", "-cpu-used", "8", "-g", "77"),
    "program-stream.mpg": ("-c:v", "mpeg2video", "-q:v", "3", "-g", "15", "-bf", "2"),
    "windows.wmv": ("-c:v", "wmv2", "-q:v", "3", "-g", "60"),
    "flash.flv": ("-c:v", "flv1", "-q:v", "3", "-g", "100"),
    "edited.mov": (*H264, *keys(60), "-output_ts_offset", "0.5"),
}


OFTEN = ("key-frames-each-second.mp4", "one-key-frame.mkv", "open-groups.ts", "mpeg4.avi", "edited.mov")


@pytest.mark.parametrize(
    "name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in SEAMS]
)
async def test_every_frame_comes_once_and_in_order_across_chunks(
    make: clips.Make, tmp_path: Path, name: str
) -> None:
    path = make(f"seams-{name}", *grey(), *SEAMS[name])
    _, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=3)
    assert ladder.grid.frame_count == 360
    shown = greys(taken.joined(ladder.rungs[0].name))
    assert len(shown) == 360
    wrong = [n for n, luma in enumerate(shown) if abs(luma - grey_of(n)) > 4]
    assert wrong == []


async def test_a_rate_with_a_remainder_keeps_every_frame(make: clips.Make, tmp_path: Path) -> None:
    path = make("ntsc.mp4", *grey(fps="30000/1001", seconds=9), *H264, *keys(45))
    _, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=2)
    assert ladder.grid.fps == Fraction(30000, 1001)
    shown = greys(taken.joined(ladder.rungs[0].name))
    assert len(shown) == ladder.grid.frame_count
    assert [n for n, luma in enumerate(shown) if abs(luma - grey_of(n)) > 4] == []


async def test_rungs_share_one_grid_and_one_header_each(make: clips.Make, tmp_path: Path) -> None:
    path = make("rungs.mp4", "-f", "lavfi", "-i", "testsrc2=s=854x480:r=10:d=9", *H264, *keys(16))
    _, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=2)
    assert [rung.name for rung in ladder.rungs] == ["240p", "360p", "480p"]
    lengths = {rung.name: [s.duration_s for s in taken.of(rung.name)] for rung in ladder.rungs}
    assert set(map(tuple, lengths.values())) == {(4.0, 4.0, 1.0)}
    for rung in ladder.rungs:
        joined = taken.joined(rung.name)
        with av.open(str(joined)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (rung.width, rung.height)
            assert stream.codec_context.pix_fmt == "yuv420p"
            edges = [
                float(p.pts * p.time_base)
                for p in container.demux(stream)
                if p.is_keyframe and p.pts is not None
            ]
        assert edges == [0.0, 4.0, 8.0]
        assert times(joined) == pytest.approx([n / 10 for n in range(90)], abs=1e-4)


times = clips.times


@pytest.mark.parametrize(
    ("name", "arguments", "size"),
    [
        ("turned.mp4", ("-display_rotation", "90"), (180, 320)),
        ("upside-down.mp4", ("-display_rotation", "180"), (320, 180)),
    ],
)
async def test_a_turned_source_comes_out_upright(
    make: clips.Make, tmp_path: Path, name: str, arguments: tuple[str, ...], size: tuple[int, int]
) -> None:
    # White on the left: after turning it lies elsewhere, and tells the direction.
    lying = make(
        "half-white.mp4",
        "-f",
        "lavfi",
        "-i",
        "color=black:s=320x180:r=10:d=2,drawbox=w=160:c=white:t=fill",
        *H264,
    )
    path = make(name, *arguments, "-i", lying, "-c", "copy")
    facts, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=1)
    assert (facts.video.width, facts.video.height) == size
    assert not facts.is_browser_playable
    with av.open(str(taken.joined(ladder.rungs[0].name))) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="gray")
    assert frame.shape == (size[1], size[0])
    # ffmpeg's option turns counter-clockwise: the left side goes to the bottom.
    white = frame[-40:, :] if name == "turned.mp4" else frame[:, -40:]
    assert white.mean() > 200


@pytest.mark.parametrize(
    ("name", "source", "codec", "size"),
    [
        ("odd.mkv", "testsrc2=s=319x181:r=10:d=1", ("-c:v", "ffv1"), (318, 180)),
        ("anamorphic.mp4", "testsrc2=s=240x180:r=10:d=1,setsar=4/3", H264, (320, 180)),
        (
            "ten-bit.mp4",
            "testsrc2=s=160x90:r=10:d=1",
            ("-c:v", "libx264", "-pix_fmt", "yuv444p10le"),
            (160, 90),
        ),
        (
            "full-range.mp4",
            "testsrc2=s=160x90:r=10:d=1",
            ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p"),
            (160, 90),
        ),
        (
            "hdr.mkv",
            "testsrc2=s=160x90:r=10:d=1,format=yuv420p10le,"
            "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc:range=tv",
            ("-c:v", "ffv1"),
            (160, 90),
        ),
        (
            "interlaced.mpg",
            "testsrc2=s=160x96:r=25:d=1,interlace",
            ("-c:v", "mpeg2video", "-flags", "+ildct+ilme"),
            (160, 96),
        ),
    ],
)
async def test_unusual_pictures_come_out_as_plain_ones(
    make: clips.Make, tmp_path: Path, name: str, source: str, codec: tuple[str, ...], size: tuple[int, int]
) -> None:
    path = make(name, "-f", "lavfi", "-i", source, *codec)
    facts, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=1)
    assert not facts.is_browser_playable or name == "anamorphic.mp4"
    assert facts.video.hdr == (name == "hdr.mkv")
    assert facts.video.interlaced == (name == "interlaced.mpg")
    with av.open(str(taken.joined(ladder.rungs[0].name))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.pix_fmt) == (*size, "yuv420p")
        assert stream.sample_aspect_ratio in (None, 0, 1)
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == ladder.grid.frame_count


async def test_a_variable_rate_becomes_a_steady_one_at_the_same_times(
    make: clips.Make, tmp_path: Path
) -> None:
    # Sixteen frames a second for four seconds, then one in four of them; each keeps its grey and its time.
    thinned = "select='lt(t,4)+not(mod(n,4))'"
    path = make(
        "variable.mkv", *grey(fps="20", seconds=8), "-vf", thinned, "-fps_mode", "vfr", *H264, *keys(20)
    )
    facts, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=2)
    assert facts.video.variable_fps
    assert ladder.grid.fps == 20
    shown = greys(taken.joined(ladder.rungs[0].name))
    assert len(shown) == ladder.grid.frame_count
    assert all(abs(shown[n] - grey_of(n)) <= 4 for n in range(80))
    assert all(abs(shown[n] - grey_of(n - n % 4)) <= 4 for n in range(80, 156))


def loud_at(path: Path) -> float:
    """When the sound starts, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        for frame in container.decode(stream):
            samples = np.abs(frame.to_ndarray()).max(axis=0)
            loud = np.flatnonzero(samples > 0.05)
            if len(loud):
                return float(frame.time or 0) + float(loud[0]) / stream.rate
    raise AssertionError("silence")


def white_at(path: Path) -> float:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.to_ndarray(format="gray").mean() > 120:
                return float(frame.time or 0)
    raise AssertionError("darkness")


FLASH = ("-f", "lavfi", "-i", "color=black:s=128x72:r=50:d=7,drawbox=c=white:t=fill:enable='gte(t,5)'")
BEEP = ("-f", "lavfi", "-i", "sine=f=1000:r=44100:d=7,volume='gte(t,5)':eval=frame")


@pytest.mark.parametrize(
    "name",
    [
        "a.mp4",
        "a.ts",
        "late.mkv",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("a.mkv", "a.avi", "a.webm")),
    ],
)
async def test_sound_and_picture_stay_together(make: clips.Make, tmp_path: Path, name: str) -> None:
    codecs: tuple[str, ...] = (*H264, *keys(50), "-c:a", "aac")
    if name.endswith("webm"):
        codecs = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")
    if name.endswith("avi"):
        codecs = ("-c:v", "mpeg4", "-c:a", "libmp3lame")
    beep = (
        ("-itsoffset", "2", *BEEP[:-1], BEEP[-1].replace("gte(t,5)", "gte(t,3)"))
        if name == "late.mkv"
        else BEEP
    )
    path = make(f"sync-{name}", *FLASH, *beep, *codecs)
    facts, ladder, taken = await encode_in_pieces(path, tmp_path / "out", pieces=2)
    await encode_audio(clips.tools(), path, facts, ladder, tmp_path / "out", on_segment=taken)
    assert [s.n for s in taken.of("audio-0")] == list(range(ladder.grid.segment_count))
    assert sum(s.duration_s for s in taken.of("audio-0")) == pytest.approx(ladder.grid.duration_s, abs=0.05)
    offset_s = loud_at(taken.joined("audio-0")) - white_at(taken.joined(ladder.rungs[0].name))
    # Transport streams and AVI do not say how much priming a sound begins with: theirs is part of the source.
    assert abs(offset_s - (loud_at(path) - white_at(path))) <= 0.02
    assert abs(offset_s) <= (0.06 if name in ("a.ts", "a.avi") else 0.02)


async def test_every_sound_becomes_a_track_of_its_own_and_none_is_fine(
    make: clips.Make, tmp_path: Path
) -> None:
    path = make(
        "tracks.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=128x72:r=10:d=5", "-f", "lavfi", "-i", "sine=f=300:d=5"),
        *("-f", "lavfi", "-i", "sine=f=900:d=3", "-map", "0", "-map", "1", "-map", "2", *H264),
        *("-c:a", "aac", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"),
        *("-metadata:s:a:1", "title=Kommentar"),
    )
    facts, ladder = await planned(path)
    assert [(t.language, t.label, t.default) for t in ladder.audio] == [
        ("en", "English", True),
        ("de", "Kommentar", False),
    ]
    taken, seen = Taken(tmp_path), list[Progress]()
    await encode_audio(
        clips.tools(), path, facts, ladder, tmp_path, on_segment=taken, on_progress=seen.append
    )
    # The shorter sound is silent to the end: both lists are as long as the picture's.
    assert [len(taken.of(t.name)) for t in ladder.audio] == [2, 2]
    assert seen[-1].percent == 100
    silent_facts, silent = await planned(make("silent.mp4", *grey(seconds=1), *H264))
    assert silent.audio == ()
    await encode_audio(clips.tools(), path, silent_facts, silent, tmp_path)


async def test_progress_rises_to_the_end_and_segments_come_while_it_runs(
    make: clips.Make, tmp_path: Path
) -> None:
    path = make("progress.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=24", *H264, *keys(30))
    facts, ladder = await planned(path)
    seen: list[Progress] = []
    at_first: list[float] = []

    async def taken(segment: object) -> None:
        at_first.append(seen[-1].percent if seen else 0.0)

    chunk = Chunk(0, 0, ladder.grid.segment_count)
    rungs = [early_rung(ladder)]
    await encode_chunk(
        clips.tools(), path, facts, ladder, rungs, chunk, tmp_path, on_segment=taken, on_progress=seen.append
    )
    assert [p.percent for p in seen] == sorted(p.percent for p in seen)
    assert seen[-1].percent == 100
    assert seen[-1].left_s == 0
    assert len(at_first) == 6
    assert at_first[0] < 100


async def test_a_hung_encoder_is_stopped_and_leaves_its_last_lines(tmp_path: Path, plain: Path) -> None:
    facts, ladder = await planned(plain)
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        "#!/bin/sh\necho 'about to hang' >&2\nwhile :; do printf 'frame=3\\nprogress=continue\\n'; sleep 0.05; done\n"
    )
    fake.chmod(0o755)
    hanging = replace(clips.tools(quiet_s=0.5), ffmpeg=fake)
    with pytest.raises(EncodeFailed) as failed:
        await encode_chunk(hanging, plain, facts, ladder, ladder.rungs, Chunk(0, 0, 1), tmp_path / "out")
    assert "hung" in failed.value.sentence
    assert "about to hang" in failed.value.tail


async def test_a_failing_encoder_leaves_its_last_lines(tmp_path: Path, plain: Path) -> None:
    facts, ladder = await planned(plain)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(5000))
    with pytest.raises(EncodeFailed) as failed:
        await encode_chunk(
            clips.tools(), broken, facts, ladder, ladder.rungs, Chunk(0, 0, 1), tmp_path / "out"
        )
    assert "moov" in failed.value.tail or "Invalid" in failed.value.tail


async def test_a_cancelled_chunk_can_be_made_again(plain: Path, tmp_path: Path) -> None:
    facts, ladder = await planned(plain)
    chunk = plan_chunks(ladder, facts)[0]
    running = asyncio.Event()

    async def first(segment: object) -> None:
        running.set()
        await asyncio.sleep(60)  # the encode cannot end before it is cancelled

    task = asyncio.create_task(
        encode_chunk(clips.tools(), plain, facts, ladder, ladder.rungs, chunk, tmp_path, on_segment=first)
    )
    await asyncio.wait_for(running.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    left = [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert len(left) == len(ladder.rungs)
    for path in left:
        path.write_bytes(bytes(64))  # no film at all

    async def late(*arguments: Any, **bounds: Any) -> Ended:
        await asyncio.sleep(0.5)  # what lies there would be read meanwhile
        return await run(*arguments, **bounds)

    tools, taken = replace(clips.tools(), run=late), Taken(tmp_path)
    await encode_chunk(tools, plain, facts, ladder, ladder.rungs, chunk, tmp_path, on_segment=taken)
    assert len(greys(taken.joined(ladder.rungs[0].name))) == ladder.grid.frame_count
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
