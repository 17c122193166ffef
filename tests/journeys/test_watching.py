"""What a viewer and an uploader do with their hands: choose a sound, fill the screen, drop files on the page."""

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts, clips, programs
from tests.support.server import Server, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_DROP = """([selector, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, {type: 'video/mp4'}));
  files.items.add(new File(['only words'], 'notes.txt', {type: 'text/plain'}));
  const field = document.querySelector(selector);
  for (const kind of ['dragenter', 'dragover', 'drop'])
    field.dispatchEvent(new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
}"""


@pytest.mark.timeout(300)
def test_a_film_in_two_languages_lets_the_viewer_choose(
    page: Page, server: Server, clip_folder: Path
) -> None:
    source = clips.two_sounds(clip_folder)
    with server.person().client() as client:
        id = programs.upload(client, source)
        programs.reaches(client, id, "ready")
    page.goto(f"{server.address}/watch/{id}")
    player = page.get_by_test_id("player")
    acts.plays(page)
    player.hover(position={"x": 20, "y": 40})
    player.get_by_role("button", name="Sound, now English").click()
    assert page.get_by_role("menuitemradio").all_inner_texts() == ["English", "Director’s commentary"]
    page.get_by_role("menuitemradio", name="Director’s commentary").click()
    expect(player.get_by_role("button", name="Sound, now Director’s commentary")).to_be_attached()
    acts.plays(page)
    player.hover(position={"x": 30, "y": 50})
    player.get_by_role("button", name="Full screen").click()
    until(lambda: page.evaluate("document.fullscreenElement !== null"), "the film fills the screen")
    page.keyboard.press("f")
    until(lambda: page.evaluate("document.fullscreenElement === null"), "the page is back")


@pytest.mark.timeout(300)
def test_files_dropped_on_the_page_are_uploaded_and_what_is_no_film_is_said_to_be_none(
    page: Page, server: Server, clip_folder: Path
) -> None:
    source = clips.small_bunny_h264(clip_folder, seconds=6)
    acts.sign_up(page, server)
    page.goto(f"{server.address}/upload")
    expect(page.get_by_role("button", name="choose files")).to_be_visible()
    page.evaluate(_DROP, [".drop", source.name, base64.b64encode(source.read_bytes()).decode()])
    rows = page.get_by_test_id("upload-row")
    film = rows.filter(has_text=source.name)
    expect(film).to_have_attribute("data-state", re.compile("playable|ready"), timeout=90_000)
    expect(rows.filter(has_text="notes.txt").or_(page.get_by_text("notes.txt")).first).to_be_visible()
