"""A film from an address, on the page: its progress, what goes wrong, cancel, and its end as a film that plays."""

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts, clips
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, MakeContext, axe
from tests.support.server import Server

pytestmark = pytest.mark.browser
# Before any fixture takes MATINEE_ variables out of the environment.
SHOTS = os.environ.get("MATINEE_SHOTS")


class Source:
    """Another machine with one film. It gives half of it, and the rest once `go_on` is set."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.go_on = threading.Event()
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if "missing" in self.path:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(source.data)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(source.data[: len(source.data) // 2])
                    source.go_on.wait(60)
                    self.wfile.write(source.data[len(source.data) // 2 :])

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}"


@pytest.fixture
def source(clip_folder: Path) -> Iterator[Source]:
    made = Source(clips.small_bunny_h264(clip_folder, seconds=15).read_bytes())
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.go_on.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def _fetch(page: Page, address: str) -> None:
    page.get_by_label("Or from an address").fill(address)
    page.get_by_role("button", name="Fetch").click()


def _picture(page: Page, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"import-{name}.png")


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
def test_a_film_from_an_address_is_fetched_and_plays(
    make_context: MakeContext, server: Server, source: Source, width: int
) -> None:
    page = make_context(viewport={"width": width, "height": 900}).new_page()
    acts.sign_up(page, server)
    page.goto(f"{server.address}/upload")
    _fetch(page, "http://10.0.0.7/film.mp4")
    expect(page.get_by_text("leads into a private network")).to_be_visible()
    _fetch(page, source.address("missing.mp4"))
    lost = page.get_by_test_id("upload-row").filter(has_text="missing.mp4")
    expect(lost).to_contain_text("Could not be fetched")
    expect(lost).to_contain_text("404")
    _fetch(page, source.address("forty_bowls.mp4"))
    row = page.get_by_test_id("upload-row").filter(has_text="forty_bowls.mp4")
    expect(row).to_contain_text(re.compile(r"Fetching (4\d|50) %"))
    _fetch(page, source.address("another.mp4"))
    other = page.get_by_test_id("upload-row").filter(has_text="another.mp4")
    other.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(other).to_have_count(0)
    _picture(page, str(width))
    assert axe(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    source.go_on.set()
    expect(row).to_have_attribute("data-state", re.compile("playable|ready"), timeout=90_000)
