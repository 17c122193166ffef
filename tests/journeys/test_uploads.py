"""An upload that is interrupted: by its person, by a reload, by a server that dies. It goes on from the last byte."""

import hashlib
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.journeys import acts, programs
from tests.support.server import Server, until

pytestmark = pytest.mark.browser

_SIZE_BYTES = 6_000_000
_SLOW_BYTES_PER_S = 700_000


@pytest.fixture
def film(server: Server, tmp_path: Path) -> Iterator[Path]:
    """Bytes on their way. Nobody looks into them before the test is over."""
    path = tmp_path / "long way.avi"
    path.write_bytes(random.Random(7).randbytes(_SIZE_BYTES))
    with server.holding("check"):
        yield path


def _throttle(page: Page, bytes_per_s: int) -> None:
    """Make the network of this page as slow as a bad line; -1 for as fast as it goes."""
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def _begin(page: Page, server: Server, film: Path) -> Locator:
    acts.sign_up(page, server)
    page.goto(f"{server.address}/upload")
    _throttle(page, _SLOW_BYTES_PER_S)
    row = acts.choose_file(page, film)
    _under_way(page, row)
    return row


def _offset(page: Page, id: str) -> int:
    upload = acts.video(page, id)["upload"]
    return upload["offset_bytes"] if upload else 0


def _under_way(page: Page, row: Locator) -> None:
    expect(row).to_have_attribute("data-state", "sending")
    id = acts.video_id(row)
    until(lambda: _offset(page, id) > 0, "the first bytes arrive")


def _arrives_whole(page: Page, server: Server, row: Locator, film: Path) -> None:
    """The rest arrives, and the server holds the same bytes."""
    id = acts.video_id(row)
    _throttle(page, -1)
    expect(row).to_have_attribute("data-state", "checking", timeout=60_000)
    until(lambda: acts.video(page, id)["original"], "the original can be fetched")
    kept = page.request.get(f"{server.address}{acts.video(page, id)['original']}")
    assert hashlib.sha256(kept.body()).digest() == hashlib.sha256(film.read_bytes()).digest()
    with server.client() as guest:
        assert guest.get(f"/api/v1/videos/{id}").status_code == 404


def test_an_upload_pauses_and_goes_on(page: Page, server: Server, film: Path) -> None:
    row = _begin(page, server, film)
    row.get_by_role("button", name=re.compile("^Pause")).click()
    expect(row).to_have_attribute("data-state", "paused")
    expect(row).to_contain_text("Goes on from that byte")
    row.get_by_role("button", name=re.compile("^Go on")).click()
    expect(row).to_have_attribute("data-state", "sending")
    _arrives_whole(page, server, row, film)


@pytest.mark.slow
def test_an_upload_goes_on_after_a_reload_when_its_file_is_chosen_again(
    page: Page, server: Server, film: Path, tmp_path: Path
) -> None:
    row = _begin(page, server, film)
    id = acts.video_id(row)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    row = page.get_by_test_id("upload-row").first
    expect(row).to_contain_text("are safe here")
    expect(row).to_have_attribute("data-video", id)
    safe = _offset(page, id)
    assert 0 < safe < _SIZE_BYTES

    another = tmp_path / "another.avi"
    another.write_bytes(b"x" * 1000)
    with page.expect_file_chooser() as chooser:
        row.get_by_role("button", name=re.compile("^Choose the file")).click()
    chooser.value.set_files(another)
    expect(page.get_by_text("This is not the file that began")).to_be_visible()

    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers.get("upload-offset", "0")))

    page.on("request", note)
    with page.expect_file_chooser() as chooser:
        row.get_by_role("button", name=re.compile("^Choose the file")).click()
    chooser.value.set_files(film)
    _arrives_whole(page, server, row, film)
    assert sent[0] >= safe, "no byte is sent twice"


@pytest.mark.slow
def test_a_file_chosen_like_a_new_one_goes_on_with_the_upload_that_waits_for_it(
    page: Page, server: Server, film: Path
) -> None:
    id = acts.video_id(_begin(page, server, film))
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_test_id("upload-row").first).to_contain_text("are safe here")
    row = acts.choose_file(page, film)
    expect(row).to_have_attribute("data-state", "sending")
    expect(row).to_have_attribute("data-video", id)
    expect(page.get_by_test_id("upload-row")).to_have_count(1)
    _arrives_whole(page, server, row, film)


@pytest.mark.slow
def test_an_upload_outlives_the_death_of_the_server(page: Page, server: Server, film: Path) -> None:
    row = _begin(page, server, film)
    before = server.api_pids
    server.kill(before)
    expect(row).to_contain_text("Connection lost")
    until(lambda: server.api_pids and server.api_pids != before and server.answers(), "the API is back")
    _arrives_whole(page, server, row, film)


@pytest.mark.slow
def test_the_command_uploads_and_waits(server: Server, fast_clip: Path) -> None:
    with server.command("upload", str(fast_clip), "--visibility", "unlisted", "--json") as command:
        out, err = command.communicate(timeout=120)
    assert command.returncode == 0, err
    assert '"state": "playable"' in out or '"state": "ready"' in out
    with server.client(server.cli_token) as client:
        video = client.get("/api/v1/me/videos").json()["items"][0]
        assert video["visibility"] == "unlisted"
        assert video["playable_s"] is not None
        client.post(f"/api/v1/videos/{video['id']}/cancel")
        programs.reaches(client, video["id"], "cancelled", "ready")
