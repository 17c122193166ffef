"""What letters bring, on the pages: joining, a forgotten password, another address. The house shows them on stderr."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, axe
from tests.support.server import OPERATOR_PASSWORD, PASSWORD, Server

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("MATINEE_SHOTS")
NEW = "another long secret"


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


def test_joining_forgetting_and_moving_by_letter(page: Page, house: Server) -> None:
    page.goto(f"{house.address}/sign-up")
    page.get_by_label("E-mail").fill("lena@example.org")
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    page.goto(acts.letter(house, "lena@example.org", "join"))
    page.get_by_label("Name", exact=True).fill("Lena Letter")
    page.get_by_label("Handle").fill("lena")
    page.get_by_label("Password").fill("lena letter lena")
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuetext", re.compile("easy"))
    expect(page.get_by_text("Your own name or address is easy to guess.")).to_be_visible()
    looks_right(page)
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_role("meter")).to_have_attribute("aria-valuetext", "Very good")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()
    expect(page.get_by_role("region", name="Your address")).to_have_count(0)

    page.goto(f"{house.address}/settings")
    part = page.get_by_role("region", name="E-mail")
    expect(part.get_by_text("confirmed")).to_be_visible()
    part.get_by_label("New address").fill("lena@films.example")
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_role("button", name="Change address").click()
    waits = part.get_by_text("lena@films.example waits to be confirmed")
    expect(waits).to_be_visible()
    page.reload()
    expect(waits).to_be_visible()
    looks_right(page)
    page.goto(acts.letter(house, "lena@films.example", "confirm-address"))
    page.get_by_role("button", name="Confirm this address").click()
    expect(page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()

    page.goto(f"{house.address}/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail or handle").fill("lena@films.example")
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    link = acts.letter(house, "lena@films.example", "reset-password")
    page.goto(link)
    page.get_by_label("New password").fill(NEW)
    looks_right(page)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    acts.sign_in(page, house, "lena", NEW)
    page.goto(f"{house.address}/nothing")
    page.goto(link)
    page.get_by_label("New password").fill("yet another long secret")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("This link was used already")


def test_who_has_not_proven_an_address_is_asked_to(page: Page, house: Server) -> None:
    acts.sign_in(page, house, "operator", OPERATOR_PASSWORD)
    page.goto(house.address)
    banner = page.get_by_role("region", name="Your address")
    expect(banner).to_be_visible()
    looks_right(page)
    banner.get_by_role("button", name="Later").click()
    expect(banner).to_have_count(0)


def test_a_house_without_letters_sends_people_to_its_operator(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/forgot-password")
    expect(page.get_by_role("heading", name="Ask the operator")).to_be_visible()
    looks_right(page)
