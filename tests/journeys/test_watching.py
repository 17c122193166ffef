"""What a viewer and an uploader do with their hands: choose a sound, fill the screen, drop files on the page."""

import base64
import re
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Locator, Page, Request, expect

from tests.journeys import acts, clips, programs
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, MakeContext
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
    expect(page.get_by_role("menuitemradio")).to_have_text(["English", "Director’s commentary"])
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


def _moment(peek: Locator) -> tuple[int, float]:
    """The time that stands below the picture, and the grey of the picture."""
    expect(peek.locator("img")).to_be_visible()
    minutes, seconds = peek.inner_text().strip().split(":")
    with Image.open(BytesIO(peek.locator(".shot").screenshot())) as image:
        across, down = image.size
        middle = image.convert("L").crop((across // 4, down // 4, across * 3 // 4, down * 3 // 4))
        return int(minutes) * 60 + int(seconds), ImageStat.Stat(middle).mean[0]


def _shows(peek: Locator, due_s: float) -> bool:
    """That time, and the picture of it: text and picture come one after the other."""
    told, grey = _moment(peek)
    return abs(told - due_s) <= 1.5 and abs(grey - clips.dawn_grey(told // 4 * 4)) < 4


def _note(into: list[str], asked: Request) -> None:
    into.append(asked.url.rsplit("/", 1)[1])


def _lies_within(inner: Locator, outer: Locator) -> bool:
    a, b = inner.bounding_box(), outer.bounding_box()
    assert a is not None
    assert b is not None
    across = b["x"] <= a["x"] and a["x"] + a["width"] <= b["x"] + b["width"]
    return across and b["y"] <= a["y"] and a["y"] + a["height"] <= b["y"] + b["height"]


@pytest.mark.timeout(300)
def test_who_seeks_sees_the_picture_of_that_moment(
    make_context: MakeContext, server: Server, clip_folder: Path
) -> None:
    with server.person().client() as client:
        id = programs.upload(client, clips.dawn(clip_folder))
        until(
            lambda: (programs.video(client, id)["playback"] or {}).get("storyboard"), "there is a storyboard"
        )
    for width in (PHONE_WIDTH, DESK_WIDTH):
        context = make_context(viewport={"width": width, "height": 844}, has_touch=width == PHONE_WIDTH)
        page = context.new_page()
        fetched: list[str] = []
        page.on("request", partial(_note, fetched))
        page.goto(f"{server.address}/watch/{id}")
        player, line = page.get_by_test_id("player"), page.get_by_role("slider", name="Seek")
        peek = page.get_by_test_id("peek")
        acts.plays(page, seconds=0.3)
        page.keyboard.press("k")
        assert not {"storyboard.vtt", "100.webp"} & set(fetched)
        across = line.bounding_box()
        assert across is not None
        for share in (0.0, 0.37, 0.99):
            line.hover(position={"x": share * (across["width"] - 1), "y": 10})
            due_s = share * clips.DAWN_S
            until(partial(_shows, peek, due_s), f"the picture of {due_s:.0f} s at {width} px", 10)
            assert _lies_within(peek.locator(".shot"), player), (width, share)
        assert fetched.count("storyboard.vtt") == 1
        page.mouse.down()
        page.mouse.move(across["x"] + across["width"] / 2, across["y"] - 60)
        until(partial(_shows, peek, 30), "the picture has followed the mouse", 10)
        page.mouse.up()
        page.mouse.move(5, 5)
        expect(peek).to_have_count(0)
        if width == PHONE_WIDTH:
            finger = context.new_cdp_session(page)
            for kind, share in (("touchStart", 0.1), ("touchMove", 0.4), ("touchMove", 0.5)):
                point = {"x": across["x"] + share * across["width"], "y": across["y"] + 10}
                finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
            until(partial(_shows, peek, 30), "the picture has followed the finger", 10)
            finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            expect(peek).to_have_count(0)
        line.focus()
        page.keyboard.press("ArrowRight")
        until(partial(_shows, peek, 35), "the picture has followed the key", 10)
        expect(line).to_have_attribute("aria-valuetext", re.compile(r"^3[4-6] seconds of 1 minute"))
        expect(peek).to_have_count(0)


@pytest.mark.timeout(300)
def test_the_controls_go_while_a_film_plays_and_a_finger_only_brings_them_back(
    make_context: MakeContext, server: Server, fast_clip: Path
) -> None:
    with server.person().client() as client:
        id = programs.upload(client, fast_clip)
        programs.reaches(client, id, "playable", "ready")
        idle = re.compile(r"\bidle\b")

        phone = make_context(viewport={"width": PHONE_WIDTH, "height": 844}, has_touch=True, is_mobile=True)
        page = phone.new_page()
        page.goto(f"{server.address}/watch/{id}")
        player = page.get_by_test_id("player")
        acts.plays(page)
        expect(player).to_have_class(idle)
        hidden = page.get_by_role("button", name="Full screen").bounding_box()
        assert hidden is not None
        page.touchscreen.tap(hidden["x"] + hidden["width"] / 2, hidden["y"] + hidden["height"] / 2)
        expect(player).not_to_have_class(idle)
        assert not acts.frames(page)["paused"]
        assert page.evaluate("document.fullscreenElement === null"), "what nobody sees nobody presses"
        page.set_viewport_size({"width": 844, "height": 390})
        expect(player.get_by_role("button", name="Pause")).to_be_in_viewport(ratio=1)
        page.close()

        page = make_context().new_page()
        page.goto(f"{server.address}/watch/{id}")
        player = page.get_by_test_id("player")
        acts.plays(page)
        for name in ("Pause", "Play"):
            player.get_by_role("button", name=name, exact=True).click()
        page.mouse.move(5, 5)
        expect(player).to_have_class(idle)
        expect(player.locator(".chrome")).to_have_css("opacity", "0")
        page.keyboard.press("Tab")
        expect(player.locator(".chrome"), "stays where a key has led").to_have_css("opacity", "1")

        page.set_viewport_size({"width": DESK_WIDTH, "height": 300})
        page.get_by_role("link", name="Home").first.click()
        expect(page.get_by_test_id("mini")).to_be_visible()
        expect(page.locator(f"[data-video='{id}']")).to_be_visible()
        page.keyboard.press("ArrowDown")
        until(lambda: page.evaluate("scrollY") > 0, "beside the small player a page is scrolled by its keys")
        assert page.evaluate("document.querySelector('.surface video').volume") == 1
        client.delete(f"/api/v1/videos/{id}")
