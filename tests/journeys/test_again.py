"""The operator looks at a film's steps and lets one chunk be made again."""

import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import m3u8
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts, clips, programs
from tests.support.server import OPERATOR_PASSWORD, Server

pytestmark = pytest.mark.browser

AWAY = {"code": "house.unavailable", "status": 503, "detail": "The database does not answer."}


def _addresses(server: Server, master: str) -> set[str]:
    """Of all segments of the first quality."""
    address = urljoin(server.address, master)
    variant = m3u8.loads(httpx.get(address).text, uri=address).playlists[0].absolute_uri
    return {segment.absolute_uri for segment in m3u8.loads(httpx.get(variant).text, uri=variant).segments}


@pytest.mark.slow
def test_a_chunk_of_a_ready_film_runs_again_from_the_operators_page(
    page: Page, server: Server, clip_folder: Path
) -> None:
    with server.client(server.cli_token) as client:
        film = clips.small_bunny_mpeg4(clip_folder, seconds=5)
        id = programs.upload(client, film, title="A film to look at")
        master = programs.reaches(client, id, "ready")["playback"]["hls"]
    before = _addresses(server, master)
    acts.sign_in(page, server, "operator", OPERATOR_PASSWORD)
    page.goto(f"{server.address}/run")
    article = page.get_by_role("region", name="Done encodes").locator("article", has_text="A film to look at")
    article.locator("summary").click()
    step = article.locator("[data-step=all-0]")
    expect(step).to_have_attribute("data-state", "done")
    expect(article.locator("[data-step=check]")).to_have_attribute("data-state", "done")
    expect(article.locator("[data-step=check]").get_by_role("button")).to_have_count(0)
    step.get_by_role("button", name="Run again").click()
    question = page.get_by_role("alertdialog", name=re.compile("all-0 of “A film to look at” again"))
    expect(question).to_contain_text("The film plays on")
    page.route("**/steps/all-0/retry", lambda route: route.fulfill(status=503, json=AWAY))
    question.get_by_role("button", name="Run it again").click()
    expect(question.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/steps/all-0/retry")
    question.get_by_role("button", name="Leave it").click()
    expect(question).to_be_hidden()
    assert _addresses(server, master) == before

    with server.holding("all-0"):
        step.get_by_role("button", name="Run again").click()
        question.get_by_role("button", name="Run it again").click()
        expect(question).to_be_hidden()
        expect(step).to_have_attribute("data-state", re.compile("waiting|running"))
        expect(step.get_by_role("button")).to_have_count(0)
        expect(article.locator("summary")).to_contain_text("1 not done")
    expect(step).to_have_attribute("data-state", "done", timeout=60_000)
    expect(step.get_by_role("button", name="Run again")).to_be_visible()
    assert not _addresses(server, master) & before

    page.goto(f"{server.address}/watch/{id}")
    acts.plays(page)
