"""The main job: a person signs up, uploads real film, and it plays while the rest is still being encoded."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.server import Server, until

pytestmark = pytest.mark.browser

# 90 s are four chunks.
_LAST_CHUNK = 3
_PATIENCE_S = 240
# Only once there is one element again has the other left.
_SMALL = """(([only, ...others]) => others.length === 0 && document.pictureInPictureElement === only)(
  document.querySelectorAll(".surface video"))"""


def _upload(page: Page, server: Server, path: Path) -> str:
    """Sign up, choose the file, and see the page tell how it goes until the film can be played."""
    acts.sign_up(page, server)
    page.goto(f"{server.address}/upload")
    row = acts.choose_file(page, path)
    expect(row).to_contain_text(path.name)
    expect(row.get_by_role("progressbar").or_(row.get_by_text("Playable now"))).to_be_visible()
    expect(row).to_have_attribute("data-state", "playable", timeout=90_000)
    expect(row).to_contain_text("Playable now")
    return acts.video_id(row)


def _open(page: Page, id: str) -> None:
    page.get_by_test_id("upload-row").get_by_role("link", name="Open").click()
    page.wait_for_url(f"**/watch/{id}")
    acts.plays(page, seconds=1.5)


def _swaps(page: Page) -> int:
    return int(page.get_by_test_id("player").get_attribute("data-swaps") or 0)


def _is_past(page: Page, moment_s: float) -> bool:
    """Also at the end of the film."""
    shown = acts.frames(page)
    return bool(shown and shown["time"] > moment_s and shown["shown"] > 0)


def _seek(page: Page, share: float) -> None:
    """A press on the line of the player."""
    page.get_by_test_id("player").hover(position={"x": 40, "y": 40})
    line = page.get_by_role("slider", name="Seek")
    box = line.bounding_box()
    assert box is not None
    line.click(position={"x": box["width"] * share, "y": box["height"] / 2})


def _gains(page: Page, server: Server, id: str, held: tuple[str, ...], wanted: list[int]) -> None:
    """Once the held steps may go on, the player offers `wanted`, and the film runs on without a jump."""
    # The last chunk waits until the others are done and the film is at its beginning again, and then the film runs
    # slowly: a slow machine would else come to the end of the film before the end of the encode.
    server.release(*(step for step in held if step != held[_LAST_CHUNK]))
    until(
        lambda: all(rung["percent"] > 60 for rung in acts.video(page, id)["ladder"]),
        "all but one chunk",
        _PATIENCE_S,
    )
    _seek(page, 0.02)
    until(lambda: acts.frames(page)["time"] < 8, "the film is at its beginning")
    if acts.frames(page)["paused"]:
        page.keyboard.press("k")
    acts.plays(page)
    acts.speed(page, 0.25)
    page.evaluate(acts.WATCH_FRAMES)
    before, swaps = acts.frames(page)["time"], _swaps(page)
    server.release(*held)
    until(lambda: acts.heights(page) == wanted, "the menu gains the rungs", _PATIENCE_S)
    until(lambda: _swaps(page) > swaps, "the picture moved over")
    acts.speed(page, 1)
    assert acts.plays(page)["time"] > before
    assert acts.menu(page) == ["Auto", *(f"{height}p" for height in reversed(wanted))]
    presented = page.evaluate("window.presented")
    print(f"\nlongest picture around the swap: {acts.longest_gap(presented)}")
    for (wall_a, media_a, *_), (wall_b, media_b, *_) in pairwise(presented):
        moved_s, passed_s = media_b - media_a, (wall_b - wall_a) / 1000
        assert moved_s > -1.5, "the film never jumps back"
        assert moved_s < passed_s + 1.5, "the film never jumps ahead"


def _seek_and_reload(page: Page) -> None:
    """Somewhere else by a press on the line, and after a reload the film goes on where it was."""
    _seek(page, 0.6)
    until(lambda: 50 <= acts.frames(page)["time"] <= 62, "the film is at 54 s of 90")
    place = acts.plays(page, seconds=3)["time"]
    page.reload()
    expect(page.get_by_text(re.compile("where you stopped"))).to_be_visible()
    again = acts.plays(page)["time"]
    assert abs(again - place) < 15, f"stopped at {place:.1f} s, went on at {again:.1f} s"


@pytest.mark.timeout(420)
def test_h264_plays_as_it_is_while_every_rung_waits(page: Page, server: Server, fast_clip: Path) -> None:
    with server.holding(*acts.ALL):
        id = _upload(page, server, fast_clip)
        _open(page, id)
        assert acts.video(page, id)["source_playing"]
        assert {rung["state"] for rung in acts.video(page, id)["ladder"]} <= {"waiting", "running"}
        assert acts.menu(page) == ["Auto", "360p"]
        _gains(page, server, id, acts.ALL, [240, 360])
    expect(page.get_by_test_id("watch")).to_have_attribute("data-video-state", "ready", timeout=120_000)
    _seek_and_reload(page)


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_mpeg4_plays_from_its_first_segments_while_the_rest_waits(
    page: Page, server: Server, slow_clip: Path
) -> None:
    with server.holding(*acts.ALL):
        id = _upload(page, server, slow_clip)
        _open(page, id)
        assert not acts.video(page, id)["source_playing"]
        assert {rung["state"] for rung in acts.video(page, id)["ladder"]} <= {"waiting", "running"}
        assert acts.menu(page) == ["Auto", "360p"]
        ahead = page.context.new_page()
        ahead.goto(f"{server.address}/watch/{id}?t=70")
        expect(ahead.get_by_text("Encoded up to 0:08 so far")).to_be_visible()
        _gains(page, server, id, acts.ALL, [240, 360])
        until(lambda: _is_past(ahead, 70), "who came by a link at a time sees that moment once it is there")
        ahead.close()
    expect(page.get_by_test_id("watch")).to_have_attribute("data-video-state", "ready", timeout=120_000)
    _seek_and_reload(page)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_720p_moves_from_the_source_to_the_low_rungs_and_up_again(
    page: Page, server: Server, big_clip: Path
) -> None:
    with server.holding(*acts.HIGH):
        id = _upload(page, server, big_clip)
        _open(page, id)
        page.get_by_role("button", name="Picture in picture").click()
        until(lambda: page.evaluate(_SMALL), "the film is in the small picture")
        before = _swaps(page)
        until(lambda: acts.heights(page) == [240, 360], "the low rungs take the place of the source", 240)
        until(lambda: _swaps(page) > before and page.evaluate(_SMALL), "what took over is in it, too")
        page.evaluate("document.exitPictureInPicture()")
        acts.plays(page)
        assert {"480p", "720p"}.isdisjoint(
            rung["name"] for rung in acts.video(page, id)["ladder"] if rung["state"] == "done"
        )
        _gains(page, server, id, acts.HIGH, [240, 360, 480, 720])
    expect(page.get_by_test_id("watch")).to_have_attribute("data-video-state", "ready", timeout=240_000)
    _seek_and_reload(page)
