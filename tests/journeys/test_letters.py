"""What letters bring, on the pages: joining, a forgotten password, another address. The house shows them on stderr."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, MakeContext, axe
from tests.support.server import OPERATOR_PASSWORD, PASSWORD, Server, open_server, until

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("MATINEE_SHOTS")
NEW = "another long secret"


@pytest.fixture(scope="module")
def house() -> Iterator[Server]:
    with open_server(mail="console") as running:
        yield running


def letter(house: Server, page: str) -> str:
    """The address that the letter about `page` leads to, once it is written."""

    def found() -> list[str]:
        return re.findall(rf"\| (http://\S+/{page}#\S+)", Path(house.log).read_text(errors="replace"))

    until(found, f"a letter that leads to {page}")
    return found()[-1]


@pytest.fixture
def reader(make_context: MakeContext) -> Page:
    """A page that axe may look at."""
    return make_context(bypass_csp=True).new_page()


def looks_right(page: Page) -> None:
    """On a page that was just loaded: what React Aria announces of a pressed button stays a while, and has no name."""
    for width in (PHONE_WIDTH, DESK_WIDTH):
        page.set_viewport_size({"width": width, "height": 800})
        assert axe(page) == []
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            name = page.url.rpartition("/")[2].partition("#")[0] or "home"
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_joining_forgetting_and_moving_by_letter(reader: Page, house: Server) -> None:
    reader.goto(f"{house.address}/sign-up")
    reader.get_by_label("E-mail").fill("lena@example.org")
    reader.get_by_role("button", name="Send the letter").click()
    expect(reader.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    reader.goto(letter(house, "join"))
    reader.get_by_label("Name", exact=True).fill("Lena Letter")
    reader.get_by_label("Handle").fill("lena")
    reader.get_by_label("Password").fill("lena letter")
    expect(reader.get_by_role("meter")).to_have_attribute("aria-valuetext", re.compile("easy"))
    expect(reader.get_by_text("Your own name or address is easy to guess.")).to_be_visible()
    looks_right(reader)
    reader.get_by_label("Password").fill(PASSWORD)
    expect(reader.get_by_role("meter")).to_have_attribute("aria-valuetext", "Very good")
    reader.get_by_role("button", name="Create account").click()
    expect(reader.get_by_role("button", name=re.compile("You:"))).to_be_visible()
    expect(reader.get_by_role("region", name="Your address")).to_have_count(0)

    reader.goto(f"{house.address}/settings")
    part = reader.get_by_role("region", name="E-mail")
    expect(part.get_by_text("confirmed")).to_be_visible()
    part.get_by_label("New address").fill("lena@films.example")
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_role("button", name="Change address").click()
    waits = part.get_by_text("lena@films.example waits to be confirmed")
    expect(waits).to_be_visible()
    reader.reload()
    expect(waits).to_be_visible()
    looks_right(reader)
    reader.goto(letter(house, "confirm-address"))
    reader.get_by_role("button", name="Confirm this address").click()
    expect(reader.get_by_role("heading", name="Your address is confirmed")).to_be_visible()

    reader.goto(f"{house.address}/sign-in")
    reader.get_by_role("link", name="Forgot your password?").click()
    reader.get_by_label("E-mail or handle").fill("lena@films.example")
    reader.get_by_role("button", name="Send the letter").click()
    expect(reader.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    link = letter(house, "reset-password")
    reader.goto(link)
    reader.get_by_label("New password").fill(NEW)
    looks_right(reader)
    reader.get_by_role("button", name="Change password").click()
    expect(reader.get_by_role("heading", name="Your password is changed")).to_be_visible()
    acts.sign_in(reader, house, "lena", NEW)
    reader.goto(f"{house.address}/nothing")
    reader.goto(link)
    reader.get_by_label("New password").fill("yet another long secret")
    reader.get_by_role("button", name="Change password").click()
    expect(reader.get_by_role("alert")).to_contain_text("This link was used already")


def test_who_has_not_proven_an_address_is_asked_to(reader: Page, house: Server) -> None:
    acts.sign_in(reader, house, "operator", OPERATOR_PASSWORD)
    reader.goto(house.address)
    banner = reader.get_by_role("region", name="Your address")
    expect(banner).to_be_visible()
    looks_right(reader)
    banner.get_by_role("button", name="Later").click()
    expect(banner).to_have_count(0)


def test_a_house_without_letters_sends_people_to_its_operator(reader: Page, server: Server) -> None:
    reader.goto(f"{server.address}/forgot-password")
    expect(reader.get_by_role("heading", name="Ask the operator")).to_be_visible()
    looks_right(reader)
