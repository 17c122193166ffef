"""Somebody asks to be let in, waits, and comes in when an operator says so."""

import re
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.browser import MakeContext
from tests.support.server import OPERATOR_PASSWORD, PASSWORD, Server

pytestmark = pytest.mark.browser

_OPEN = """() => fetch("/api/v1/admin/admission", {
  method: "PUT",
  headers: {"Content-Type": "application/json", "X-CSRF-Token": /csrf[^=]*=([^;]+)/.exec(document.cookie)[1]},
  body: JSON.stringify({mode: "open", work: false, question: "", invitations_per_member: 0}),
}).then((answer) => answer.status)"""


def test_who_asks_waits_and_comes_in_without_signing_in_anew(
    make_context: MakeContext, server: Server
) -> None:
    operator, person = make_context().new_page(), make_context().new_page()
    acts.sign_in(operator, server, "operator", OPERATOR_PASSWORD)
    try:
        _asks_and_comes_in(operator, person, server)
    finally:
        assert operator.evaluate(_OPEN) == 200  # for the journeys that follow in this house


def _asks_and_comes_in(operator: Page, person: Page, server: Server) -> None:
    operator.goto(f"{server.address}/run/sign-ups")
    operator.get_by_text("Approval", exact=True).click()
    operator.get_by_label("Question to who asks").fill("What would you like to show here?")
    operator.get_by_text("Let their computer work").click()
    operator.get_by_role("button", name="Save").click()
    expect(operator.get_by_text("The doors are as you chose")).to_be_visible()

    handle = f"j{uuid4().hex[:10]}"
    person.goto(f"{server.address}/sign-up")
    person.get_by_label("Name", exact=True).fill("Ann Heron")
    person.get_by_label("Handle").fill(handle)
    person.get_by_label("E-mail").fill(f"{handle}@example.org")
    person.get_by_label("Password").fill(PASSWORD)
    person.get_by_role("button", name="Ask to be let in").click()
    expect(person.get_by_text("somebody will read them")).to_be_visible()
    person.get_by_label("What would you like").fill("Films about herons.")
    person.get_by_role("button", name="Ask to be let in").click()
    waits = person.get_by_role("heading", name="Your request is being looked at")
    expect(waits).to_be_visible(timeout=60_000)
    person.goto(f"{server.address}/settings")
    expect(waits).to_be_visible()
    expect(person.get_by_text("Films about herons.")).to_be_visible()
    assert httpx.get(f"{server.address}/api/v1/profiles/{handle}").status_code == 404

    operator.reload()
    operator.get_by_role("button", name=f"Let in: @{handle}").click()
    expect(operator.get_by_text("Nobody waits to be let in.")).to_be_visible()
    expect(person.get_by_role("heading", name="Settings", level=1)).to_be_visible(timeout=30_000)
    expect(person.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    expect(person.get_by_role("button", name=re.compile("You:")).first).to_be_visible()
