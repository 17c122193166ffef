"""Operators in a real browser: somebody is signed out, and a service comes and goes."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.acts import sign_in
from tests.support.browser import MakeContext, axe
from tests.support.server import OPERATOR_PASSWORD, Server


@pytest.mark.browser
def test_an_operator_signs_somebody_out_and_gives_a_service_a_token(
    make_context: MakeContext, server: Server
) -> None:
    ann = server.person()
    theirs = make_context().new_page()
    sign_in(theirs, server, ann.handle)
    mine = make_context(bypass_csp=True).new_page()
    sign_in(mine, server, "operator", OPERATOR_PASSWORD)
    mine.goto(f"{server.address}/run/people")
    mine.get_by_label("Find").fill(f"@{ann.handle}")
    mine.get_by_role("button", name="Find").click()
    mine.get_by_role("link", name=re.compile(f"@{ann.handle}")).click()
    signed_in = mine.get_by_role("region", name="Sign-ins")
    expect(signed_in.get_by_role("button", name=re.compile("Sign out: "))).not_to_have_count(0)
    assert axe(mine) == []
    signed_in.get_by_role("button", name="Sign out everywhere").click()
    expect(signed_in.get_by_text("Signed in nowhere.")).to_be_visible()
    theirs.goto(f"{server.address}/settings")
    expect(theirs).to_have_url(re.compile("/sign-in"))

    mine.goto(f"{server.address}/run/people?kind=service")
    mine.get_by_role("button", name="Make a service").click()
    mine.get_by_label("Name").fill("Nightly import")
    mine.get_by_label("Handle").fill(f"n{ann.handle}")
    mine.get_by_role("button", name="Make it").click()
    tokens = mine.get_by_role("region", name="Tokens")
    tokens.get_by_role("button", name="Make a token").click()
    tokens.get_by_label("Name").fill("cron")
    tokens.get_by_text("Upload films and make videos").click()
    tokens.get_by_role("button", name="Make the token").click()
    secret = tokens.locator("code").inner_text()
    tokens.get_by_role("button", name="I have it").click()
    expect(mine.get_by_text(secret)).to_have_count(0)
    with server.client(secret) as program:
        assert program.post("/api/v1/videos", json={"title": "By a program"}).status_code == 201
        tokens.get_by_role("button", name="End access: cron").click()
        expect(tokens.get_by_text("None.")).to_be_visible()
        assert program.get("/api/v1/me/videos").status_code == 401

    mine.context.clear_cookies()
    mine.get_by_label("Another limit, in GB").fill("1")
    mine.get_by_role("button", name="Set the limit").click()
    mine.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(mine).to_have_url(re.compile("/sign-in.next=.*people"))
