"""Small films made on the spot, and the way of an uploader and of a viewer through HTTP."""

import base64
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import av
import httpx
import imageio_ffmpeg
import m3u8

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
TUS = {"Tus-Resumable": "1.0.0"}


@cache
def film(
    folder: Path,
    *,
    seconds: float = 6,
    size: str = "320x180",
    fps: int = 25,
    codec: str = "h264",
    key_every_s: float = 2,
    audio: bool = True,
) -> Path:
    """A test picture with a running clock and a beep every second."""
    suffix = "mp4" if codec == "h264" else "avi"
    path = folder / f"{seconds}-{size}-{fps}-{codec}-{key_every_s}-{audio}.{suffix}"
    if path.exists():
        return path
    keys = str(round(key_every_s * fps))
    picture = {
        "h264": ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-sc_threshold", "0",
                 "-g", keys, "-keyint_min", keys],
        "mpeg4": ["-c:v", "mpeg4", "-q:v", "5", "-g", keys],
    }[codec]  # fmt: skip
    sound = ["-f", "lavfi", "-i", f"sine=beep_factor=2:duration={seconds}"] if audio else []
    coded = ["-c:a", "aac" if codec == "h264" else "libmp3lame"] if audio else []
    subprocess.run(
        [FFMPEG, "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={fps}:duration={seconds}",
         *sound, *picture, *coded, "-shortest", str(path)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return path


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def upload(
    client: httpx.AsyncClient, path: Path, *, visibility: str = "public", title: str = "A film"
) -> dict[str, Any]:
    """Draft and bytes of a new video; its JSON as it was at creation."""
    made = await client.post("/api/v1/videos", json={"title": title, "visibility": visibility})
    assert made.status_code == 201, made.text
    video: dict[str, Any] = made.json()
    await send(client, path, purpose="video", subject=f"video:{video['id']}")
    return video


async def send(client: httpx.AsyncClient, path: Path, *, purpose: str, subject: str) -> None:
    metadata = f"filename {coded(path.name)},purpose {coded(purpose)},subject {coded(subject)}"
    created = await client.post(
        "/api/v1/uploads",
        headers={**TUS, "Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata},
    )
    assert created.status_code == 201, created.text
    sent = await client.patch(
        created.headers["location"],
        headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=path.read_bytes(),
    )
    assert sent.status_code == 204, sent.text


async def get(client: httpx.AsyncClient, video_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/videos/{video_id}")
    assert answer.status_code == 200, answer.text
    video: dict[str, Any] = answer.json()
    return video


async def master(client: httpx.AsyncClient, video: dict[str, Any]) -> m3u8.M3U8:
    address = video["playback"]["hls"]
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return m3u8.loads(answer.text, uri=address)


async def stream(client: httpx.AsyncClient, playlist_url: str) -> bytes:
    """Header and all segments of one media playlist, in their order: a whole file."""
    answer = await client.get(playlist_url)
    assert answer.status_code == 200, answer.text
    playlist = m3u8.loads(answer.text)
    addresses = [playlist.segment_map[0].uri, *(segment.uri for segment in playlist.segments)]
    parts = [await client.get(urljoin(playlist_url, address)) for address in addresses]
    assert all(part.status_code == 200 for part in parts)
    return b"".join(part.content for part in parts)


def frames(data: bytes, folder: Path) -> list[float]:
    """Times of all decoded pictures, in seconds."""
    path = folder / "stream.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        return [float(frame.time or 0) for frame in container.decode(video=0)]
