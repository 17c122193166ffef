"""The first run of a house: its operator is led through the first steps, and puts them away."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys import acts
from tests.support.server import open_server, until

pytestmark = pytest.mark.browser

OWN = "a password of my own choice"


def step(page: Page, name: str) -> Locator:
    return page.locator(f'[data-step="{name}"]')


def test_a_new_operator_is_led_to_the_first_steps_until_they_are_put_away(page: Page) -> None:
    with open_server(admin_password=None) as server:
        until(lambda: "one-time password" in server.log.read_text(), "the password is printed")
        first = server.log.read_text().partition("one-time password: ")[2].split()[0]
        acts.sign_in(page, server, "operator", first)
        expect(page.get_by_role("heading", name="First steps", level=1)).to_be_visible()
        expect(page).to_have_url(re.compile("/run/welcome$"))

        page.get_by_label("Password now").fill(first)
        page.get_by_label("New password").fill(OWN)
        page.get_by_role("button", name="Change password").click()
        expect(step(page, "password").get_by_text("Your password is your own.")).to_be_visible()
        page.get_by_label("New address").fill("ann@example.org")
        page.get_by_label("Your password").fill(OWN)
        page.get_by_role("button", name="Change address").click()
        expect(step(page, "password")).to_have_attribute("data-state", "done")

        step(page, "address").get_by_role("button").first.click()
        page.get_by_role("button", name="Skip this step: The address of this house").click()
        expect(step(page, "address")).to_have_attribute("data-state", "skipped")
        expect(step(page, "mail").get_by_role("button", name="Letters", exact=True)).to_be_focused()
        page.goto(f"{server.address}/run")
        expect(page.get_by_role("link", name="5 first steps are left")).to_be_visible()
        page.get_by_role("link", name="5 first steps are left").click()
        page.get_by_role("button", name="Put this page away").click()
        expect(page).to_have_url(f"{server.address}/")

        acts.sign_out(page)
        page.goto(f"{server.address}/sign-in?next=/%5Celsewhere.example")
        login, password = page.get_by_label("E-mail or handle"), page.get_by_label("Password")
        login.fill(OWN)
        for field, keys in ((login, "ControlOrMeta+x"), (password, "ControlOrMeta+v")):
            field.select_text()
            field.press(keys)
        expect(password, "what a password manager copied is taken").to_have_value(OWN)
        login.fill("ann@example.org")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page).to_have_url(f"{server.address}/")
        page.goto(f"{server.address}/run")
        expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        expect(page.get_by_text("first steps")).to_have_count(0)
