"""Every page at two widths, dark and light: axe finds nothing, nothing sticks out sideways, no script throws.

With MATINEE_SHOTS set to a folder, each page is also pictured there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts, clips, programs
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, MakeContext, axe
from tests.support.server import OPERATOR_PASSWORD, Server

pytestmark = pytest.mark.browser

# Before any fixture takes MATINEE_ variables out of the environment.
SHOTS = os.environ.get("MATINEE_SHOTS")
# As long as people may choose them, and without a place to break.
LONG_TITLE, LONG_NAME = "ü" * 200, "Ö" * 60
# What pages say to whom a letter's link leads there, be it a true one or not.
UNCHECKED = "is checked when you press the button"
GUEST = {
    "home": "/",
    "watch": "/watch/{film}",
    "watch-encoding": "/watch/{encoding}",
    "embed": "/embed/{film}",
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "privacy": "/privacy",
    "forgot-password": "/forgot-password",
    "reset-password": "/reset-password#secret",
    "confirm-address": "/confirm-address#secret",
    "join": "/join#secret",
    "nowhere": "/nothing-here",
}
OPERATOR = {
    "upload": "/upload",
    "videos": "/videos",
    "edit": "/videos/{film}",
    "settings": "/settings",
    "permissions": "/settings/permissions?why=accounts.audit",
    "profile": "/@operator",
    "run": "/run",
    "jobs": "/run/jobs",
    "sign-ups": "/run/sign-ups",
    "people": "/run/people",
    "welcome": "/run/welcome",
    "roles": "/run/roles",
    "audit": "/run/audit",
    "device": "/device",
}


@pytest.fixture(scope="module")
def film(server: Server, clip_folder: Path) -> str:
    """A public film of the operator with the longest names, and one that could not be read."""
    with server.client(server.cli_token) as client:
        renamed = client.patch("/api/v1/me/profile", json={"display_name": LONG_NAME})
        assert renamed.status_code == 200, renamed.text
        id = programs.upload(client, clips.small_bunny_h264(clip_folder, seconds=5), title=LONG_TITLE)
        programs.reaches(client, id, "ready")
        broken = clip_folder / "broken.mp4"
        broken.write_text("no film " * 500)
        refused = programs.upload(client, broken, title="A text called .mp4", visibility="private")
        programs.reaches(client, refused, "rejected")
    return id


@pytest.fixture(scope="module")
def encoding(server: Server, clip_folder: Path, film: str) -> Iterator[str]:
    """A film whose encode does not come to an end."""
    with server.client(server.cli_token) as client, server.holding(*acts.ALL):
        id = programs.upload(client, clips.small_bunny_h264(clip_folder, seconds=5), title=LONG_TITLE)
        programs.reaches(client, id, "playable")
        yield id
        assert client.delete(f"/api/v1/videos/{id}").status_code == 204


# Words that nobody can read because they end beyond the edge, unless three dots say so.
_BEYOND = """() => {
  const ended = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.textOverflow === "ellipsis" || style.clipPath !== "none" || style.overflowX === "auto") return true;
    }
    return false;
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (box.width && box.right > innerWidth + 1 && !ended(text.parentElement))
      found.push(`${text.parentElement.tagName} ends at ${Math.round(box.right)} px: ${text.data.slice(0, 20)}`);
  }
  return found;
}"""


# Buttons at the end of a row that do not stand below, or beside, the values, which end on the right.
_ASTRAY = """() => [...document.querySelectorAll("table.table td:last-child button:last-of-type")].flatMap((button) => {
  const cell = button.closest("td");
  const edge = cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingRight);
  const short = Math.round(edge - button.getBoundingClientRect().right);
  return Math.abs(short) > 1 ? [`${button.textContent} ends ${short} px before its row`] : [];
})"""


# The room that one is in, among those that a line shows as far as it is wide.
_OUT_OF_SIGHT = """() => [...document.querySelectorAll(".phone-rooms [data-selected]")].flatMap((chip) => {
  const box = chip.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > innerWidth) ? [`${chip.textContent} is out of sight`] : [];
})"""


def _look(page: Page, server: Server, name: str, path: str, faults: list[str], note: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    if name == "embed":  # as it is before it knows its sizes
        page.route("**/*.m3u8*", lambda asked: asked.abort())
    page.goto(server.address + path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    if name == "watch":
        acts.plays(page, seconds=0.3)
        page.keyboard.press("k")
        page.get_by_test_id("player").hover(position={"x": 30, "y": 30})
    if name == "embed":
        expect(page.get_by_role("button", name=re.compile("^Quality"))).to_have_text("Auto")
        page.unroute("**/*.m3u8*")
    if path.endswith("#secret") and UNCHECKED not in page.get_by_role("main").inner_text():
        faults.append(f"{name} {note}: claims to know a link that nobody has checked")
    if name == "run":
        expect(page.get_by_role("region", name="Encodes", exact=True)).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    if name == "jobs":
        expect(page.get_by_text("Cancel the encode").first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => true)")
    faults += [f"{name} {note}: {fault}" for fault in axe(page)]
    faults += [f"{name} {note}: threw {error}" for error in errors]
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        faults.append(f"{name} {note}: sticks out by {too_wide} px")
    faults += [f"{name} {note}: {words}" for words in page.evaluate(_BEYOND)]
    faults += [f"{name} {note}: {words}" for words in page.evaluate(_ASTRAY)]
    faults += [f"{name} {note}: {words}" for words in page.evaluate(_OUT_OF_SIGHT)]
    if SHOTS:
        folder = Path(SHOTS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}-{re.sub(' ', '-', note)}.png", full_page=True)


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("dark", PHONE_WIDTH),
        pytest.param("light", DESK_WIDTH, marks=pytest.mark.slow),
        pytest.param("light", PHONE_WIDTH, marks=pytest.mark.slow),
        pytest.param("dark", DESK_WIDTH, marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_on_any_page(
    scheme: str, width: int, make_context: MakeContext, server: Server, film: str, encoding: str
) -> None:
    context = make_context(
        color_scheme=scheme, viewport={"width": width, "height": 900 if width > 600 else 844}
    )
    page = context.new_page()
    faults: list[str] = []
    for name, path in GUEST.items():
        _look(page, server, name, path.format(film=film, encoding=encoding), faults, f"{width} {scheme}")
    acts.sign_in(page, server, "operator", OPERATOR_PASSWORD)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    for name, path in OPERATOR.items():
        _look(page, server, name, path.format(film=film, encoding=encoding), faults, f"{width} {scheme}")
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE_WIDTH, DESK_WIDTH])
def test_every_choice_of_the_player_can_be_seen_and_pressed(
    width: int, make_context: MakeContext, server: Server, film: str
) -> None:
    page = make_context(viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{server.address}/watch/{film}")
    acts.plays(page, seconds=0.3)
    page.keyboard.press("k")
    for name in ("Speed", "Quality"):
        page.get_by_test_id("player").hover(position={"x": 20, "y": 40})
        page.get_by_role("button", name=re.compile(f"^{name}")).click()
        choices = page.get_by_role("menuitemradio")
        expect(choices.first).to_be_visible()
        unseen = choices.evaluate_all(
            """all => all.filter(one => {
              const box = one.getBoundingClientRect();
              const met = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return !one.contains(met);
            }).map(one => one.textContent)"""
        )
        assert not unseen, name
        page.keyboard.press("Escape")
        expect(choices.first).to_be_hidden()


def test_a_film_that_is_not_there_offers_a_guest_to_sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/watch/01a200a4-bbc6-7b35-a8e0-4196642f0346")
    expect(page.get_by_role("heading", name="There is no film at this address")).to_be_in_viewport()
    expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_in_viewport()
    acts.sign_in(page, server, "operator", OPERATOR_PASSWORD)
    page.goto(f"{server.address}/watch/01a200a4-bbc6-7b35-a8e0-4196642f0346")
    expect(page.get_by_role("heading", name="There is no film at this address")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_have_count(0)


def test_the_reference_is_laid_out_by_a_style_of_its_own(page: Page, server: Server) -> None:
    for path in ("/docs", "/docs/errors"):
        page.goto(server.address + path)
        assert page.evaluate("getComputedStyle(document.body).maxWidth") == "960px"


def test_originals_count_and_what_is_made_of_them_does_not(page: Page, server: Server, film: str) -> None:
    acts.sign_in(page, server, "operator", OPERATOR_PASSWORD)
    page.goto(f"{server.address}/videos")
    storage = page.get_by_role("region", name="Storage")
    expect(storage).to_contain_text(re.compile(r"originals .*Made of them and not counted: .*qualities"))
