"""What strangers send: nothing is followed, everything wrong is refused with a sentence."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.engines import clips

from matinee.engines.media import ProbeLimits, Rejected, probe, sniff
from matinee.engines.media.boxes import walk
from matinee.engines.media.probe import ask_child


class Canary:
    """A real video and a listening port: whoever follows a reference finds something that works."""

    def __init__(self, folder: Path, port: int, callers: list[str]) -> None:
        self.folder = folder
        self.video = folder / "canary.mp4"
        self.url = f"http://127.0.0.1:{port}/canary.mp4"
        self.callers = callers
        self.read_at = self.video.stat().st_atime_ns


@pytest.fixture
async def canary(tmp_path: Path, plain: Path) -> AsyncIterator[Canary]:
    callers: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append("called")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    video = tmp_path / "canary.mp4"
    video.write_bytes(plain.read_bytes())
    # With the time of reading before the time of change, even a lazy file system notes the first reading.
    os.utime(video, (1_000_000_000, 1_500_000_000))
    yield Canary(tmp_path, server.sockets[0].getsockname()[1], callers)
    server.close()
    await server.wait_closed()


PLAYLISTS = {
    "ffconcat-relative": "ffconcat version 1.0\nfile canary.mp4\n",
    "ffconcat-absolute": "ffconcat version 1.0\nfile {path}\n",
    "hls-relative": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\ncanary.mp4\n#EXT-X-ENDLIST\n",
    "hls-http": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
    "hls-data": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\ndata:video/mp4;base64,AAAA\n#EXT-X-ENDLIST\n",
    "hls-after-bom": "\ufeff \n#EXTM3U\n#EXTINF:10,\n{url}\n",
    "dash": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}</BaseURL></MPD>\n',
    "image-pattern": "canary%03d.png\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n",
    "asx": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>\n',
}


def write_playlist(canary: Canary, text: str) -> Path:
    port = canary.url.split(":")[2].split("/")[0]
    path = canary.folder / "holiday.mp4"
    path.write_text(text.format(path=canary.video, url=canary.url, port=port) + "\n" * 64)
    return path


@pytest.mark.parametrize("kind", PLAYLISTS)
async def test_a_text_that_names_other_files_is_refused_and_nothing_it_names_is_touched(
    canary: Canary, kind: str
) -> None:
    path = write_playlist(canary, PLAYLISTS[kind])
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "names_other_files"
    assert "point" in refused.value.sentence
    assert canary.video.stat().st_atime_ns == canary.read_at
    assert canary.callers == []


@pytest.mark.parametrize("kind", ["ffconcat-relative", "ffconcat-absolute", "hls-http", "dash"])
async def test_even_past_the_first_check_a_named_reader_follows_nothing(canary: Canary, kind: str) -> None:
    path = write_playlist(canary, PLAYLISTS[kind])
    order = {"container": "Matroska", "demuxer": "matroska", "max_duration_s": 60, "max_side_px": 8192}
    order |= {"max_pixels": 10**8, "scan_s": 2}
    with pytest.raises(Rejected) as refused:
        await ask_child(
            clips.tools(), "matinee.engines.media.probe_child", path, order, memory_bytes=2**31, cpu_s=20
        )
    assert refused.value.code == "not_a_video"
    assert canary.video.stat().st_atime_ns == canary.read_at
    assert canary.callers == []


async def test_a_disk_that_gives_no_bytes_is_no_fault_of_the_file_on_it() -> None:
    order = {"container": "Matroska", "demuxer": "matroska", "max_duration_s": 60, "max_side_px": 8192}
    order |= {"max_pixels": 10**8, "scan_s": 2}
    unread = Path("/proc/self/mem")  # nothing is mapped at its beginning: an error of input and output
    with pytest.raises(OSError, match="Input/output error"):
        await ask_child(
            clips.tools(), "matinee.engines.media.probe_child", unread, order, memory_bytes=2**31, cpu_s=20
        )


async def test_a_movie_whose_picture_lies_in_another_file_is_refused(
    canary: Canary, make: clips.Make
) -> None:
    movie = make("tail-moov.mov", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2", *clips.H264).read_bytes()
    name = b"canary.mp4"
    alis = struct.pack(">I4sI", 12 + 150 + 4 + 2 + len(name), b"alis", 0) + bytes(150)
    alis += struct.pack(">HH", 2, len(name)) + name + struct.pack(">h", -1)
    outside = struct.pack(">II", 0, 1) + struct.pack(">I", len(alis)) + alis[4:]
    path = canary.folder / "outside.mov"
    path.write_bytes(with_body(movie, (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"), outside))
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "names_other_files"
    assert canary.video.stat().st_atime_ns == canary.read_at


def with_body(data: bytes, path: tuple[bytes, ...], body: bytes) -> bytes:
    parts = []
    for kind, start, end in walk(data):
        inside = data[start:end]
        if kind == path[0]:
            inside = body if len(path) == 1 else with_body(inside, path[1:], body)
        parts.append(struct.pack(">I4s", 8 + len(inside), kind) + inside)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_video"),
        (bytes(5000), "not_a_video"),
        (b"hello, this is a letter\n" * 40, "not_a_video"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not_a_video"),
        (b"%PDF-1.7\n" + bytes(200), "not_a_video"),
        (b"PK\x03\x04" + bytes(200), "not_a_video"),
        (b"RIFF\x00\x10\x00\x00WAVEfmt " + bytes(200), "not_a_video"),
        (b"\x00\x00\x00\x18ftypavif" + bytes(200), "not_a_video"),
        (b"\x1aE\xdf\xa3" + os.urandom(4000), "not_a_video"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(12) + b"\x00\x00\x10\x00free" + bytes(4088), "truncated"),
    ],
    ids=["empty", "zeros", "text", "png", "pdf", "zip", "wav", "avif", "broken-mkv", "no-moov"],
)
async def test_what_is_not_a_video_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize("share", [0.3, 0.8])
async def test_a_file_cut_off_in_the_middle_is_refused_as_truncated(
    plain: Path, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(plain.read_bytes()[: int(plain.stat().st_size * share)])
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "truncated"


async def test_a_file_without_its_table_of_contents_is_refused_as_truncated(
    tmp_path: Path, make: clips.Make
) -> None:
    whole = make("tail-moov.mov", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2", *clips.H264).read_bytes()
    path = tmp_path / "cut.mov"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "truncated"


async def test_a_cut_off_matroska_file_is_refused_as_truncated(tmp_path: Path, make: clips.Make) -> None:
    whole = make("long.mkv", *clips.grey(seconds=20), *clips.H264, *clips.keys(30)).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "truncated"


async def test_a_few_lost_bytes_at_the_end_are_forgiven(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "nearly.mp4"
    path.write_bytes(plain.read_bytes()[:-700])
    assert (await probe(clips.tools(), path)).duration_s == pytest.approx(10, abs=0.1)


async def test_sound_alone_is_refused(make: clips.Make) -> None:
    path = make("sound.m4a", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "-f", "mp4")
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "no_picture"


async def test_absurd_dimensions_and_too_long_videos_are_refused(plain: Path, make: clips.Make) -> None:
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), plain, ProbeLimits(max_side_px=256))
    assert refused.value.code == "absurd_dimensions"
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), plain, ProbeLimits(max_duration_s=5))
    assert refused.value.code == "too_long"
    sliver = make("sliver.mkv", "-f", "lavfi", "-i", "color=s=400x8:r=10:d=1", "-c:v", "ffv1")
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), sliver)
    assert refused.value.code == "absurd_dimensions"


async def test_a_picture_that_cannot_be_decoded_is_refused(plain: Path, tmp_path: Path) -> None:
    data = bytearray(plain.read_bytes())
    for kind, start, end in walk(bytes(data)):
        if kind == b"mdat":
            data[start:end] = b"\xff" * (end - start)
    path = tmp_path / "noise.mp4"
    path.write_bytes(data)
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), path)
    assert refused.value.code == "unsupported"


async def test_a_reader_that_runs_out_of_memory_refuses_the_file_and_nothing_else_breaks(plain: Path) -> None:
    with pytest.raises(Rejected) as refused:
        await probe(clips.tools(), plain, ProbeLimits(memory_bytes=60 * 1024 * 1024))
    assert refused.value.code == "unsupported"


@pytest.mark.parametrize(
    ("name", "arguments", "demuxer"),
    [
        ("a.mp4", (), "mov"),
        ("a.mov", (), "mov"),
        ("a.mkv", (), "matroska"),
        ("a.avi", ("-c:v", "mpeg4"), "avi"),
        ("a.ts", (), "mpegts"),
        ("a.mpg", ("-c:v", "mpeg2video", "-r", "25"), "mpeg"),
        ("a.flv", (), "flv"),
        ("a.wmv", ("-c:v", "wmv2"), "asf"),
        ("a.ogv", ("-c:v", "libtheora"), "ogg"),
        ("a.mxf", ("-c:v", "mpeg2video", "-r", "25"), "mxf"),
        ("a.y4m", ("-pix_fmt", "yuv420p"), "yuv4mpegpipe"),
    ],
)
async def test_every_known_container_is_recognised_and_read(
    make: clips.Make, name: str, arguments: tuple[str, ...], demuxer: str
) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=2", "-pix_fmt", "yuv420p")
    path = make(f"known-{name}", *source, *arguments)
    assert sniff(path).demuxer == demuxer
    facts = await probe(clips.tools(), path)
    assert (facts.video.width, facts.video.height) == (128, 96)
    assert facts.duration_s == pytest.approx(2, abs=0.15)
    assert facts.video.fps == 25
