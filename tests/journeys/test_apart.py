"""API and worker on machines of their own: nothing but database and bucket is shared, and one of them dies."""

import signal
from pathlib import Path
from urllib.parse import urljoin

import httpx
import m3u8
import pytest

from tests.journeys import clips, programs
from tests.support.apart import machines
from tests.support.server import PASSWORD, until
from tests.support.stores import Store


def common(store: Store) -> dict[str, str]:
    return {name: str(value) for name, value in store.settings().items()}


@pytest.mark.slow
def test_a_film_goes_from_one_machine_through_two_others_to_the_screen(
    nanio: Store, clip_folder: Path, tmp_path: Path
) -> None:
    source = clips.small_bunny_mpeg4(clip_folder, seconds=20)
    with machines(**common(nanio)) as house:
        front, worker, spare = house.machine(), house.machine(), house.machine()
        house.wait(front.start("api"), front)
        first = worker.start("worker")
        with httpx.Client(base_url=house.address, timeout=30) as client:
            person = {
                "email": "p@example.org",
                "password": PASSWORD,
                "handle": "someone",
                "display_name": "P",
            }
            assert client.post("/api/v1/accounts", json=person).status_code == 201
            client.cookies.clear()  # a program now, not a browser
            said = {"login": "p@example.org", "password": PASSWORD, "name": "a journey"}
            client.headers["Authorization"] = (
                f"Bearer {client.post('/api/v1/tokens', json=said).json()['token']}"
            )
            id = programs.upload(client, source, visibility="private")
            until(
                lambda: any(0 < rung["percent"] < 100 for rung in programs.video(client, id)["ladder"]),
                "a rung is under way",
            )
            first.send_signal(signal.SIGKILL)
            first.wait()
            spare.start("worker")
            video = programs.reaches(client, id, "ready", timeout_s=150)
        master_url = urljoin(house.address, video["playback"]["hls"])
        master = m3u8.loads(httpx.get(master_url).text, uri=master_url)
        counted = {programs.frames(variant.absolute_uri, tmp_path) for variant in master.playlists}
        assert counted == {clips.frames(str(source), "-fps_mode", "cfr")}, (
            "frames that AVI leaves out are shown twice"
        )
        assert not (front.data_dir / "storage").exists()
        assert not (front.data_dir / "cache").exists()
        assert not (spare.data_dir / "storage").exists()
        assert len(list((spare.data_dir / "cache" / "sources").glob("originals+*"))) == 1
        assert any((worker.data_dir / "scratch").iterdir())  # what the kill left, until it works again
        worker.start("worker")
        until(lambda: not any((worker.data_dir / "scratch").iterdir()), "the next worker tidies up")
