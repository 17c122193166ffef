"""A film that its browser sends straight to the bucket, through a reload. No byte of it passes the house's API."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Request, expect

from tests.journeys import acts
from tests.support.server import Server, open_server, until
from tests.support.stores import Store

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_SLOW_BYTES_PER_S = 3_000_000
_SMALL_BYTES = 10_000
"""More than any question to the API has, and less than any part."""


@pytest.fixture
def house(strict_moto: Store) -> Iterator[Server]:
    """A house over a bucket that its own command opened to its pages."""
    told: dict[str, Any] = {
        name: str(value) for name, value in strict_moto.settings(s3_direct_uploads=True).items()
    }
    with open_server(**told) as server:
        with server.command("storage", "cors") as command:
            out, err = command.communicate(timeout=60)
        assert command.returncode == 0, err
        assert f"Pages of {server.address} may send uploads" in out
        yield server


def _throttle(line: CDPSession, bytes_per_s: int) -> None:
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def _parts(requests: list[Request]) -> list[int]:
    return [int(re.findall(r"partNumber=(\d+)", request.url)[0]) for request in requests]


def test_a_film_goes_straight_to_the_bucket_through_a_reload(
    page: Page, house: Server, strict_moto: Store, big_clip: Path
) -> None:
    size_bytes = big_clip.stat().st_size
    to_store: list[Request] = []
    to_house: list[Request] = []

    def note(request: Request) -> None:
        if request.method in ("POST", "PUT", "PATCH"):
            (to_store if request.url.startswith(strict_moto.address) else to_house).append(request)

    acts.sign_up(page, house)
    page.goto(f"{house.address}/upload")
    page.on("requestfinished", note)
    page.on("dialog", lambda dialog: dialog.accept())
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    _throttle(line, _SLOW_BYTES_PER_S)
    row = acts.choose_file(page, big_clip)
    expect(row).to_have_attribute("data-state", "sending")
    id = acts.video_id(row)

    def held() -> int:
        listed = page.request.get(f"{house.address}/api/v1/uploads").json()["items"]
        return int(listed[0]["offset_bytes"]) if listed else 0

    until(lambda: held() > 0, "the first part is in the bucket")
    row.get_by_role("button", name=re.compile("^Pause")).click()
    expect(row).to_contain_text("are safe")
    row.get_by_role("button", name=re.compile("^Go on")).click()
    expect(row).to_have_attribute("data-state", "sending")
    page.reload()

    row = page.get_by_test_id("upload-row").first
    expect(row).to_contain_text("are safe here")
    expect(row).to_have_attribute("data-video", id)
    safe = held()
    assert 0 < safe < size_bytes
    _throttle(line, -1)
    sent_before = _parts(to_store)
    row = acts.choose_file(page, big_clip)
    expect(row).to_have_attribute("data-video", id)
    expect(row).to_contain_text("Playable now", timeout=60_000)
    assert sent_before
    assert sorted(_parts(to_store)) == [1, 2, 3], "each part arrives once"
    assert to_house
    assert max(request.sizes()["requestBodySize"] for request in to_house) < _SMALL_BYTES
    with house.client() as guest:
        assert re.search(r"^matinee_bytes_received_total 0\.0$", guest.get("/metrics").text, re.MULTILINE)
    page.goto(f"{house.address}/watch/{id}")
    acts.plays(page)
