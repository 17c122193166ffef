"""The worker is killed in mid-encode: the next one goes on, and not a frame is lost or doubled."""

from pathlib import Path
from urllib.parse import urljoin

import httpx
import m3u8
import pytest

from tests.journeys import clips, programs
from tests.support.server import Server, until


@pytest.mark.slow
def test_a_killed_worker_loses_no_frame(server: Server, clip_folder: Path, tmp_path: Path) -> None:
    source = clips.small_bunny_mpeg4(clip_folder, seconds=24)
    person = server.person()
    with person.client() as client:
        id = programs.upload(client, source)
        until(
            lambda: any(0 < rung["percent"] < 100 for rung in programs.video(client, id)["ladder"]),
            "a rung is under way",
        )
        before = server.worker_pids
        server.kill(before)
        until(lambda: server.worker_pids and server.worker_pids != before, "the tree starts another worker")
        video = programs.reaches(client, id, "ready", timeout_s=150)
    assert any('"child.died"' in line and "worker" in line for line in server.log.read_text().splitlines())
    master_url = urljoin(server.address, video["playback"]["hls"])
    master = m3u8.loads(httpx.get(master_url).text, uri=master_url)
    assert len(master.playlists) == 2
    counted = {programs.frames(variant.absolute_uri, tmp_path) for variant in master.playlists}
    assert counted == {clips.frames(str(source), "-fps_mode", "cfr")}, (
        "frames that AVI leaves out are shown twice"
    )
