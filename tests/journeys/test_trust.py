"""What people must be able to trust: a stolen sign-in is noticed, and who leaves may come back until it is too late."""

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.journeys import acts
from tests.support.browser import MakeContext
from tests.support.server import PASSWORD, Server, until

pytestmark = pytest.mark.browser


def written(house: Server, *statements: str) -> None:
    with psycopg.connect(house.environment["MATINEE_DATABASE_URL"].replace("+psycopg", "", 1)) as database:
        for statement in statements:
            database.execute(statement)


def test_a_stolen_sign_in_ends_for_both_and_its_owner_is_told(
    make_context: MakeContext, house: Server
) -> None:
    mine, thief = make_context().new_page(), make_context().new_page()
    handle = acts.join(mine, house)
    stolen = [cookie for cookie in mine.context.cookies() if "_refresh" in cookie["name"]]
    thief.context.add_cookies([{**cookie, "sameSite": "Lax"} for cookie in stolen])  # type: ignore[typeddict-item]
    thief.goto(f"{house.address}/settings")
    expect(thief.get_by_role("button", name=re.compile("You:"))).to_be_visible()

    written(house, "UPDATE accounts_session SET refreshed_at = refreshed_at - interval '1 minute'")
    mine.context.clear_cookies(name=re.compile("matinee_access"))
    mine.goto(f"{house.address}/settings")
    expect(mine).to_have_url(re.compile("/sign-in"))
    thief.goto(f"{house.address}/settings")
    expect(thief).to_have_url(re.compile("/sign-in"))

    acts.sign_in(mine, house, handle)
    mine.goto(f"{house.address}/settings")
    expect(mine.get_by_text("A sign-in of yours was used from two places")).to_be_visible()
    until(lambda: "used from two places" in house.log.read_text(errors="replace"), "a letter says it, too")


def test_who_leaves_may_come_back_and_is_erased_after_leaving_for_good(page: Page, server: Server) -> None:
    handle = acts.sign_up(page, server)

    def leave() -> None:
        page.goto(f"{server.address}/settings")
        page.get_by_role("button", name="Delete account").click()
        page.get_by_role("alertdialog").get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Delete my account").click()
        expect(page.get_by_text("Your account will be erased in 14 days.")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("You:"))).to_have_count(0)

    def profile() -> int:
        with server.client() as guest:
            return guest.get(f"/api/v1/profiles/{handle}").status_code

    leave()
    until(lambda: profile() == 404, "who leaves is hidden")
    acts.sign_in(page, server, handle)
    until(lambda: profile() == 200, "who came back is seen")
    leave()

    def erased() -> bool:
        """Its day has come, for the account and for the order that waits for it."""
        written(
            server,
            f"UPDATE accounts_account SET leaves_at = now() WHERE email = '{handle}@example.org'",
            "UPDATE procrastinate_jobs SET scheduled_at = now()"
            " WHERE status = 'todo' AND task_name LIKE 'house.%' AND scheduled_at > now()",
        )
        with server.client() as guest:
            asked = {"email": f"{handle}@example.org", "password": PASSWORD, "handle": handle}
            return guest.post("/api/v1/accounts", json=asked | {"display_name": "New"}).status_code == 201

    until(erased, "name and address are free again")
