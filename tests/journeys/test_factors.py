"""Second factors in a real browser: a passkey in place of the password, an app beside it, and the dialog that asks."""

import os
import re
from pathlib import Path

import psycopg
import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.browser import DESK_WIDTH, PHONE_WIDTH, axe
from tests.support.server import PASSWORD, Server, open_server

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("MATINEE_SHOTS")


QUIET = """if (localStorage.getItem('quiet'))
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;"""


def add_authenticator(page: Page) -> None:
    """A device in this browser that knows its holder and says yes to everything."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def looks_right(page: Page, name: str) -> None:
    """What React Aria announces of a pressed button stays a while, and has no name: that is left out."""
    for width in (PHONE_WIDTH, DESK_WIDTH):
        page.set_viewport_size({"width": width, "height": 900})
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        assert [found for found in axe(page) if not found.startswith("role-img-alt")] == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_who_has_proven_an_address_adds_a_passkey_which_signs_in_alone(page: Page, house: Server) -> None:
    handle = acts.join(page, house)
    add_authenticator(page)
    page.add_init_script(QUIET)
    page.goto(f"{house.address}/settings")
    expect(page.get_by_role("region", name="E-mail").get_by_text("confirmed")).to_be_visible()
    part = page.get_by_role("region", name="Second factors")
    expect(part.get_by_text("None yet")).to_be_visible()
    part.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("What do you call it?").fill("My laptop")
    page.get_by_role("button", name="Go on").click()
    codes = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    page.get_by_role("button", name="I have kept them").click()
    expect(part.get_by_text("My laptop")).to_be_visible()
    expect(part.get_by_text("10 left")).to_be_visible()

    # By the button, where the browser offers nothing by itself; then as it offers it in the field for the name.
    for quiet in (True, False):
        page.evaluate("(quiet) => localStorage.setItem('quiet', quiet ? 'yes' : '')", quiet)
        acts.sign_out(page)
        page.goto(f"{house.address}/sign-in")
        if quiet:
            page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()
    profile = page.evaluate(
        "fetch('/api/v1/me').then((answer) => answer.json()).then((me) => me.profile.handle)"
    )
    assert profile == handle


def test_an_app_is_asked_for_after_the_password_and_a_proof_before_it_goes(
    page: Page, server: Server
) -> None:
    handle = acts.sign_up(page, server)
    page.goto(f"{server.address}/settings")
    part = page.get_by_role("region", name="Second factors")
    part.get_by_role("button", name="Add an app").click()
    secret = page.get_by_role("dialog").locator("code").inner_text().replace(" ", "")
    expect(page.get_by_role("img", name="Code to be read by the app")).to_be_visible()
    assert page.evaluate("document.querySelector('.dialog img').naturalWidth") > 0
    looks_right(page, "add-app")
    page.get_by_label("Code that the app shows now").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()
    app = pyotp.TOTP(secret)
    page.get_by_label("Code that the app shows now").fill(app.now())
    page.get_by_role("button", name="Confirm").click()
    shown = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    page.get_by_role("button", name="I have kept them").click()
    expect(part.get_by_text("App that makes codes")).to_be_visible()
    acts.sign_out(page)

    page.goto(f"{server.address}/sign-in")
    page.get_by_label("E-mail or handle").fill(handle)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    looks_right(page, "second-step")
    page.get_by_label("Code of your app").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name=re.compile("You:"))).to_be_visible()

    # The proof of this session is of long ago, and its next access token says so.
    address = server.environment["MATINEE_DATABASE_URL"].replace("+psycopg", "", 1)
    with psycopg.connect(address) as database:
        database.execute("UPDATE accounts_session SET proven_at = proven_at - interval '11 minutes'")
    page.context.clear_cookies(name=re.compile("matinee_access"))
    page.goto(f"{server.address}/settings")
    expect(page.get_by_text("A recovery code was used")).to_be_visible()
    expect(part.get_by_text("9 left")).to_be_visible()
    looks_right(page, "settings-factors")
    part.get_by_role("button", name="Remove: App that makes codes").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    looks_right(page, "prove-again")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="It is me").click()
    expect(page.get_by_text("This is not your present password.")).to_be_visible()
    dialog.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="It is me").click()
    expect(part.get_by_text("None yet")).to_be_visible()


@pytest.mark.slow
def test_a_role_that_needs_a_factor_is_led_to_it(page: Page) -> None:
    with open_server(second_factor_roles="creator") as strict:
        acts.sign_up(page, strict)
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        looks_right(page, "factor-due")
        page.get_by_role("link", name="Set one up").click()
        part = page.get_by_role("region", name="Second factors")
        expect(part.get_by_text("None yet")).to_be_visible()
        expect(page.get_by_role("region", name="Programs and devices")).to_have_count(0)
        part.get_by_role("button", name="Add an app").click()
        secret = page.get_by_role("dialog").locator("code").inner_text().replace(" ", "")
        page.get_by_label("Code that the app shows now").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Confirm").click()
        page.get_by_role("button", name="I have kept them").click()
        expect(page.get_by_role("region", name="Programs and devices")).to_be_visible()
        page.goto(f"{strict.address}/videos")
        expect(page.get_by_role("heading", name="One more step")).to_have_count(0)
