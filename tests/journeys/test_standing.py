"""A person is limited while their page is open, and an operator looks through their eyes: in real browsers."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import MakeContext, axe
from tests.support.server import OPERATOR_PASSWORD, Person, Server

WHY = "Three films that were not yours."
TO_SEE = "You wrote that your list of films stays empty."


def sent(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What a page of the house would send, with its CSRF header: status and answer."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const csrf = /__Host-matinee_csrf_?\\d*=([^;]+)/.exec(document.cookie)[1];
            const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
            const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
            return [answer.status, await answer.json().catch(() => null)];
        }""",
        [method, path, body],
    )


@pytest.mark.browser
def test_an_operator_limits_a_person_looks_through_their_eyes_and_the_person_reads_it(
    make_context: MakeContext, server: Server
) -> None:
    ann = server.person()
    boss = Person(server, "operator", "operator", OPERATOR_PASSWORD)
    hers, his = (_page(make_context, person) for person in (ann, boss))
    hers.goto(f"{server.address}/settings")
    account = sent(hers, "GET", "/api/v1/me")[1]["account"]["id"]
    his.goto(f"{server.address}/run")
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    form = {"kind": "limited", "reason": WHY, "until": until}
    assert sent(his, "POST", f"/api/v1/admin/accounts/{account}/restriction", form)[0] == 200
    banner = hers.get_by_role("region", name="Your account is limited")
    expect(banner).to_contain_text(WHY)
    expect(banner).to_contain_text("It ends by itself on")
    assert axe(hers) == []

    assert sent(his, "POST", f"/api/v1/admin/accounts/{account}/look", {"reason": TO_SEE})[0] == 201
    his.goto(f"{server.address}/@{ann.handle}")
    bar = his.get_by_role("region", name="Looking through somebody's eyes")
    expect(bar).to_contain_text(re.compile(f"@{ann.handle}.*1[45] min left"))
    refused = sent(his, "PATCH", "/api/v1/me/profile", {"bio": "Not hers"})
    assert (refused[0], refused[1]["code"]) == (403, "accounts.looking")
    assert axe(his) == []
    bar.get_by_role("button", name="Stop").click()
    expect(bar).to_have_count(0)
    expect(his.get_by_role("navigation", name="Rooms", exact=True)).to_contain_text("@operator")

    hers.reload()
    acts = hers.get_by_test_id("acts")
    expect(acts).to_contain_text(TO_SEE)
    expect(acts).to_contain_text(WHY)
    expect(hers.get_by_role("region", name="Where you are signed in")).to_contain_text(TO_SEE)


def _page(make_context: MakeContext, person: Person) -> Page:
    context = make_context()
    context.add_cookies(person.browser_cookies())
    return context.new_page()
