"""The network goes away under an open page: it says so, never leaves, and goes on by itself."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.server import Server

pytestmark = pytest.mark.browser


def test_a_page_not_loaded_before_says_that_it_is_offline_and_opens_by_itself(
    page: Page, server: Server
) -> None:
    acts.sign_up(page, server)
    page.route(re.compile(r"/assets/MyVideosPage"), lambda route: route.abort())
    page.goto(f"{server.address}/")
    videos = page.locator('a[href="/videos"]').first
    expect(videos).to_be_visible()
    page.wait_for_load_state("networkidle")  # else a piece that pages share may be on its way
    page.evaluate("window.stays = true")
    page.context.set_offline(True)
    videos.click()
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    page.unroute_all()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Videos")).to_be_visible()
    assert page.evaluate("window.stays"), "the window was not loaded anew"
