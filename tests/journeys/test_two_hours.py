"""A film of two hours, cut into chunks that a worker and its successor encode: every frame is there, in its place,
and the sound still meets the picture at the end.

Each frame carries its number as blocks of light, and every 20 s a click sounds with the frame that begins then.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import av
import httpx
import m3u8
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.journeys import clips, programs
from tests.support.server import open_server, until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1800)]

SECONDS = 7200
RATE, DIVISOR = 24000, 1001
FRAMES = SECONDS * RATE // DIVISOR
BITS, CELL = 18, 16  # luma 6 × 3 cells, the lowest bit first
WIDTH, HEIGHT = 6 * CELL, 3 * CELL
SOURCE_HZ, HEARD_HZ = 44_100, 48_000
CLICK_EVERY = 20 * RATE // DIVISOR
CLICKS = np.arange(CLICK_EVERY, FRAMES - CLICK_EVERY, CLICK_EVERY)


def _numbered(first: int, count: int) -> NDArray[np.uint8]:
    """Frames `first` … as planar 4:2:0."""
    bits = (np.arange(first, first + count)[:, None] >> np.arange(BITS)) & 1
    cells = np.where(bits, 200, 50).astype(np.uint8).reshape(count, 3, 6)
    luma = cells.repeat(CELL, axis=1).repeat(CELL, axis=2).reshape(count, -1)
    grey = np.full((count, WIDTH * HEIGHT // 2), 128, np.uint8)
    return np.concatenate([luma, grey], axis=1)


def _fed(pieces: Iterator[bytes], *arguments: str) -> None:
    command = [clips.FFMPEG, "-v", "error", "-y", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        for piece in pieces:
            child.stdin.write(piece)
        child.stdin.close()
        assert child.wait() == 0


def _sound() -> Iterator[bytes]:
    begins = np.round(CLICKS * DIVISOR / RATE * SOURCE_HZ).astype(int)
    burst = (np.sin(np.arange(441) * 2 * np.pi * 1000 / SOURCE_HZ) * 30_000).astype(np.int16)
    for second in range(SECONDS):
        piece = np.zeros(SOURCE_HZ, np.int16)
        for begin in begins[(begins >= second * SOURCE_HZ) & (begins < (second + 1) * SOURCE_HZ)]:
            part = piece[begin - second * SOURCE_HZ :][: len(burst)]
            part[:] = burst[: len(part)]
        yield piece.tobytes()


def _make(folder: Path) -> Path:
    sound, film = folder / "sound.m4a", folder / "film.mp4"
    _fed(_sound(), "-f", "s16le", "-ar", str(SOURCE_HZ), "-ac", "1", "-i", "-", "-c:a", "aac", str(sound))
    _fed(
        (_numbered(at, min(2400, FRAMES - at)).tobytes() for at in range(0, FRAMES, 2400)),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", f"{RATE}/{DIVISOR}", "-i", "-"),
        *("-i", str(sound), "-c:a", "copy", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "240"),
        *("-crf", "30", str(film)),
    )  # fmt: skip
    return film


def _whole(playlist_url: str, path: Path) -> Path:
    playlist = m3u8.loads(httpx.get(playlist_url).text, uri=playlist_url)
    assert playlist.is_endlist
    with path.open("wb") as file, httpx.Client() as client:
        for uri in [playlist.segment_map[0].absolute_uri, *(one.absolute_uri for one in playlist.segments)]:
            file.write(client.get(uri).content)
    return path


def _pieces(path: Path, size: int, *arguments: str) -> Iterator[bytes]:
    command = [clips.FFMPEG, "-v", "error", "-i", str(path), *arguments, "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        output: IO[bytes] | None = child.stdout
        assert output is not None
        while piece := output.read(size):
            yield piece
        assert child.wait() == 0


def _numbers(path: Path) -> NDArray[np.int64]:
    found: list[NDArray[np.int64]] = []
    size = WIDTH * HEIGHT
    for piece in _pieces(path, size * 2400, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray"):
        cells = np.frombuffer(piece, np.uint8).reshape(-1, 3, CELL, 6, CELL).mean(axis=(2, 4))
        found.append(((cells.reshape(-1, BITS) > 125) << np.arange(BITS)).sum(axis=1))
    return np.concatenate(found)


def _clicks_s(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        start_s = float(next(container.decode(audio=0)).time or 0)
    found: list[float] = []
    at = 0
    for piece in _pieces(path, 4 * HEARD_HZ * 10, "-f", "f32le", "-ac", "1", "-ar", str(HEARD_HZ)):
        level = np.abs(np.frombuffer(piece, np.float32))
        for moment in (at + np.flatnonzero(level > 0.3)) / HEARD_HZ:
            if not found or moment - found[-1] > 1:
                found.append(float(moment))
        at += len(level)
    return [moment + start_s for moment in found]


def test_two_hours_keep_every_frame_and_the_sound_in_its_place(tmp_path: Path) -> None:
    source = _make(tmp_path)
    with open_server(max_upload_bytes=str(8 << 30)) as server, server.person().client() as client:
        id = programs.upload(client, source)
        until(
            lambda: any(10 < rung["percent"] < 90 for rung in programs.video(client, id)["ladder"]),
            "a rung is under way",
            300,
        )
        server.kill(server.worker_pids)
        video = programs.reaches(client, id, "ready", timeout_s=900)
        master_url = urljoin(server.address, video["playback"]["hls"])
        master = m3u8.loads(httpx.get(master_url).text, uri=master_url)
        (variant,) = master.playlists
        (sound,) = master.media
        film = _whole(variant.absolute_uri, tmp_path / "whole.mp4")
        heard = _whole(sound.absolute_uri, tmp_path / "heard.mp4")
    assert np.array_equal(_numbers(film), np.arange(FRAMES))
    with av.open(str(film)) as container:
        shown = sorted(
            packet.pts * packet.time_base for packet in container.demux(video=0) if packet.pts is not None
        )
    assert shown[0] == 0
    assert abs(shown[-1] - (FRAMES - 1) * DIVISOR / RATE) < 0.001
    clicks, due = np.array(_clicks_s(heard)), CLICKS * DIVISOR / RATE
    assert len(clicks) == len(due)
    assert np.abs(clicks - due).max() <= 0.020, (clicks[-3:], due[-3:])
