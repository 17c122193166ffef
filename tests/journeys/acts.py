"""What people do on the pages, in their words, and what a player shows."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.support.server import PASSWORD, Server, until

HIGH = tuple(f"high-{n}" for n in range(8))
ALL = tuple(f"all-{n}" for n in range(8))

_FRAMES = """() => {
  const video = document.querySelector('.surface video:last-child');
  if (!video) return null;
  const quality = video.getVideoPlaybackQuality();
  return {time: video.currentTime, width: video.videoWidth, height: video.videoHeight, paused: video.paused,
          shown: quality.totalVideoFrames - quality.droppedVideoFrames, ready: video.readyState};
}"""

# Each frame that the video in front presents: wall clock in ms, moment of the film in s, number of the element.
WATCH_FRAMES = """() => {
  window.presented = [];
  const seen = new Map();
  const follow = (video) => {
    if (seen.has(video)) return;
    seen.set(video, seen.size);
    const on = (now, frame) => {
      if (document.querySelector('.surface video:last-child') === video)
        window.presented.push([performance.now(), frame.mediaTime, seen.get(video), video.readyState]);
      video.requestVideoFrameCallback(on);
    };
    video.requestVideoFrameCallback(on);
  };
  const look = () => document.querySelectorAll('.surface video').forEach(follow);
  look();
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
}"""


def sign_up(page: Page, server: Server) -> str:
    """Through the page; the handle."""
    handle = f"j{uuid4().hex[:10]}"
    page.goto(f"{server.address}/sign-up")
    page.get_by_label("Name", exact=True).fill("Lena Journey")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("E-mail").fill(f"{handle}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()
    return handle


def letter(house: Server, to: str, page: str) -> str:
    """Where the newest letter to that address about `page` leads, once the house with mail wrote it to its log."""
    link = re.compile(rf"\| To: {re.escape(to)}\n(?:  \|.*\n)*?  \| (http://\S+/{page}#\S+)")

    def found() -> list[str]:
        return link.findall(house.log.read_text(errors="replace"))

    until(found, f"a letter that leads to {page}")
    return str(found()[-1])


def join(page: Page, house: Server) -> str:
    """Through the pages of a house with mail, with a proven address; the handle."""
    handle = f"j{uuid4().hex[:10]}"
    page.goto(f"{house.address}/sign-up")
    page.get_by_label("E-mail").fill(f"{handle}@example.org")
    page.get_by_role("button", name="Send the letter").click()
    page.goto(letter(house, f"{handle}@example.org", "join"))
    page.get_by_label("Name", exact=True).fill("Lena Journey")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()
    return handle


def sign_in(page: Page, server: Server, login: str, password: str = PASSWORD) -> None:
    page.goto(f"{server.address}/sign-in")
    page.get_by_label("E-mail or handle").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("You:")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_have_count(0)


def choose_file(page: Page, path: Path) -> Locator:
    """Through the page's own button and the browser's file chooser; the row of the upload."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="choose files").click()
    chooser.value.set_files(path)
    row = page.get_by_test_id("upload-row").first
    expect(row).to_be_visible()
    return row


def video_id(row: Locator) -> str:
    expect(row).to_have_attribute("data-video", re.compile(".+"))
    return str(row.get_attribute("data-video"))


def video(page: Page, id: str) -> dict[str, Any]:
    """The video's JSON, as this browser gets it."""
    answer = page.request.get(f"{page.url.split('/', 3)[0]}//{page.url.split('/', 3)[2]}/api/v1/videos/{id}")
    assert answer.ok, answer.text()
    return dict(answer.json())


def frames(page: Page) -> dict[str, Any]:
    """State of the video element in front."""
    found = page.evaluate(_FRAMES)
    return dict(found) if found else {}


def plays(page: Page, *, seconds: float = 1.0, timeout_s: float = 60) -> dict[str, Any]:
    """Wait until the picture has moved on by `seconds`, with frames that were really decoded."""
    first: dict[str, Any] = {}

    def moved() -> dict[str, Any]:
        now = frames(page)
        if not now or now["width"] == 0 or now["paused"]:
            return {}
        if not first or now["time"] < first["time"] or now["shown"] < first["shown"]:
            first.clear()
            first.update(now)
            return {}
        return now if now["time"] >= first["time"] + seconds and now["shown"] > first["shown"] else {}

    try:
        return until(moved, "the film plays", timeout_s)
    except AssertionError as error:
        error.add_note(f"first {first}, last {frames(page)}")
        raise


def speed(page: Page, rate: float) -> None:
    """How fast the film in front runs, 1 as it was made."""
    page.evaluate("rate => { document.querySelector('.surface video:last-child').playbackRate = rate }", rate)


def heights(page: Page) -> list[int]:
    """Qualities that the player offers now."""
    text = page.get_by_test_id("player").get_attribute("data-heights") or ""
    return [int(one) for one in text.split(",") if one]


def menu(page: Page) -> list[str]:
    """What the quality menu shows; it is closed again."""
    player = page.get_by_test_id("player")
    player.hover(position={"x": 20, "y": 40})
    player.get_by_role("button", name=re.compile("^Quality")).click()
    items = page.get_by_role("menuitemradio")
    expect(items.first).to_be_visible()
    words = [text.strip().splitlines()[0] for text in items.all_inner_texts()]
    page.keyboard.press("Escape")
    expect(items.first).to_be_hidden()
    return words


def longest_gap(presented: list[list[float]]) -> str:
    """How long a picture stood, and whether that was where one element took over from another."""
    pairs = list(pairwise(presented))
    at_swap = [b[0] - a[0] for a, b in pairs if a[2] != b[2]]
    longest = max((b[0] - a[0] for a, b in pairs), default=0.0)
    return f"{', '.join(f'{ms:.0f} ms' for ms in at_swap)} at the swap; {longest:.0f} ms at most"


def api_video(client: httpx.Client, id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/videos/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
