"""The way of a program through the API: a film with its bytes, and what became of it."""

import base64
from pathlib import Path
from typing import Any

import httpx
import m3u8

from tests.journeys import clips
from tests.support.server import until

_TUS = {"Tus-Resumable": "1.0.0"}


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def upload(
    client: httpx.Client, path: Path, *, visibility: str = "public", title: str = "Big Buck Bunny"
) -> str:
    """A new video with all its bytes; its id."""
    made = client.post("/api/v1/videos", json={"title": title, "visibility": visibility})
    assert made.status_code == 201, made.text
    id = str(made.json()["id"])
    metadata = f"filename {coded(path.name)},purpose {coded('video')},subject {coded(f'video:{id}')}"
    created = client.post(
        "/api/v1/uploads",
        headers=_TUS | {"Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata},
    )
    assert created.status_code == 201, created.text
    sent = client.patch(
        created.headers["location"],
        headers=_TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
        content=path.read_bytes(),
    )
    assert sent.status_code == 204, sent.text
    return id


def video(client: httpx.Client, id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/videos/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def reaches(client: httpx.Client, id: str, *states: str, timeout_s: float = 120) -> dict[str, Any]:
    """Wait until the video is in one of `states`."""

    def there() -> dict[str, Any]:
        now = video(client, id)
        assert now["state"] in states or now["state"] not in ("failed", "rejected"), now["reason"]
        return now if now["state"] in states else {}

    return until(there, f"the video is {' or '.join(states)}", timeout_s)


def frames(playlist_url: str, folder: Path) -> int:
    """How many frames a whole rendition holds, as a player gets it."""
    playlist = m3u8.loads(httpx.get(playlist_url).text, uri=playlist_url)
    assert playlist.is_endlist
    whole = folder / "whole.mp4"
    with whole.open("wb") as file:
        for address in [
            playlist.segment_map[0].absolute_uri,
            *(one.absolute_uri for one in playlist.segments),
        ]:
            file.write(httpx.get(address).content)
    return clips.frames(str(whole), "-fps_mode", "passthrough")
