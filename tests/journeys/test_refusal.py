"""A file that is not a film: the person reads why, in words."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.server import Server

pytestmark = pytest.mark.browser


def test_a_text_called_mp4_is_refused_with_a_sentence(page: Page, server: Server, tmp_path: Path) -> None:
    broken = tmp_path / "holiday.mp4"
    broken.write_text("Dear diary, this is no film at all.\n" * 200)
    acts.sign_up(page, server)
    page.goto(f"{server.address}/upload")
    row = acts.choose_file(page, broken)
    expect(row).to_have_attribute("data-state", "rejected", timeout=60_000)
    expect(row).to_contain_text("Cannot be read")
    reason = acts.video(page, acts.video_id(row))["reason"]
    assert re.match(r"[A-Z][^<>{}_]{15,}\.$", reason), reason
    expect(row).to_contain_text(reason)
    expect(row.get_by_role("button", name=re.compile("^Replace"))).to_be_visible()
    page.goto(f"{server.address}/videos")
    expect(page.locator("tr", has_text="holiday")).to_contain_text(reason)
