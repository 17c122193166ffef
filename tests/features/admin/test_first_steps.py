"""The first steps in a new house: what is done, what is left out, and that they can be put away for good."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.infra.mail.office import opened
from tests.support.factors import Clock, add_app, carry_csrf
from tests.support.house import House

from matinee.entrypoints.bootstrap import ensure_operator
from matinee.features.accounts import service as accounts
from matinee.features.admin import rules, service
from matinee.features.admin.schemas import StepName, StepState

STEPS = "/api/v1/admin/first-steps"


async def begun(house: House) -> tuple[httpx.AsyncClient, str]:
    """The operator of a house that just started, signed in with the password that it printed."""
    password = await asyncio.to_thread(ensure_operator, house.settings)
    assert password is not None
    browser = await house.client()
    answer = await browser.post("/api/v1/session", json={"login": "operator", "password": password})
    assert answer.status_code == 200
    carry_csrf(browser)
    return browser, password


async def steps(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get(STEPS)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def states(told: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["state"] for step in told["steps"]}


async def test_in_a_new_house_all_is_to_do_and_operators_are_led_there(house: House) -> None:
    browser, _ = await begun(house)
    told = await steps(browser)
    assert told["open"]
    assert states(told) == dict.fromkeys(rules.STEPS, "todo")
    assert told["password_ends_at"] is not None
    assert (told["email_named"], told["mail"], told["backup_at"]) == (False, False, None)
    assert told["disk"]["free_bytes"] > 0


async def test_each_step_is_done_when_it_is_done(house: House) -> None:
    browser, password = await begun(house)
    clock = Clock(house)
    own = {"current": password, "new": "a password of my own choice"}
    assert (await browser.post("/api/v1/me/password", json=own)).status_code == 204
    told = await steps(browser)
    assert (told["password_ends_at"], states(told)["password"]) == (None, "todo")
    moved = {"email": "ann@example.org", "password": own["new"]}
    assert (await browser.post("/api/v1/me/email", json=moved)).is_success
    assert states(await steps(browser))["password"] == "done"
    await add_app(browser, clock)
    assert states(await steps(browser))["factor"] == "done"
    policy = {"mode": "invitation", "work": False, "question": "", "invitations_per_member": 0}
    assert (await browser.put("/api/v1/admin/admission", json=policy)).status_code == 200
    assert states(await steps(browser))["doors"] == "done"
    async with house.works.open() as work:
        await accounts.audit.record(work, "backup.begun")
    told = await steps(browser)
    assert (states(told)["backup"], told["backup_at"] is not None) == ("done", True)
    assert (await browser.post("/api/v1/videos", json={"title": "A film"})).status_code == 201
    left = {name for name, state in states(await steps(browser)).items() if state == "todo"}
    assert left == {"address", "mail"}


async def test_a_house_with_an_address_and_chosen_doors_has_done_these(make_house: MakeHouse) -> None:
    house = await make_house(public_url="https://localhost", signup="closed")
    operator = await house.person("owner")
    refused = await operator.client.get(STEPS)
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.factor_due")
    await add_app(operator.client, Clock(house))
    told = await steps(operator.client)
    assert {name for name, state in states(told).items() if state == "done"} == {
        "password",
        "factor",
        "address",
        "doors",
    }


async def test_what_is_skipped_is_no_longer_to_do_and_can_be_taken_up(house: House) -> None:
    browser, _ = await begun(house)
    for step in rules.STEPS:
        answer = await browser.put(f"{STEPS}/{step}", json={"skipped": True})
        assert answer.status_code == 200, answer.text
    assert states(answer.json()) == dict.fromkeys(rules.STEPS, "skipped")
    assert answer.json()["open"] is False
    again = await browser.put(f"{STEPS}/film", json={"skipped": False})
    assert (states(again.json())["film"], again.json()["open"]) == ("todo", True)
    assert (await browser.put(f"{STEPS}/nothing", json={"skipped": True})).status_code == 422
    log = (await browser.get("/api/v1/admin/audit", params={"act": "steps."})).json()["items"]
    assert [entry["act"] for entry in log] == ["steps.taken_up", *["steps.skipped"] * len(rules.STEPS)]


async def test_put_away_they_lead_nobody_there_and_still_open(house: House) -> None:
    browser, _ = await begun(house)
    assert [(await browser.delete(STEPS)).status_code for _ in range(2)] == [204, 204]
    told = await steps(browser)
    assert (told["open"], told["put_away"]) == (False, True)
    assert states(told)["password"] == "todo"
    await asyncio.to_thread(ensure_operator, house.settings)
    assert (await steps(browser))["open"] is False
    log = (await browser.get("/api/v1/admin/audit", params={"act": "steps.put_away"})).json()["items"]
    assert len(log) == 1


async def test_a_house_that_was_there_before_leads_nobody_to_them(house: House) -> None:
    operator = await house.person("owner")
    await asyncio.to_thread(ensure_operator, house.settings)
    assert (await steps(operator.client))["open"] is False
    skipped = await operator.client.put(f"{STEPS}/film", json={"skipped": True})
    assert skipped.json()["open"] is False


async def test_only_who_runs_the_house_sees_and_changes_them(house: House) -> None:
    creator, guest = await house.person("creator", "moderator"), await house.client()
    for client, status in ((creator.client, 403), (guest, 401)):
        assert (await client.get(STEPS)).status_code == status
        assert (await client.delete(STEPS)).status_code == status
        assert (await client.put(f"{STEPS}/film", json={"skipped": True})).status_code == status
        assert (await client.post("/api/v1/admin/mail/trial")).status_code == status


async def test_the_house_itself_looks_at_its_first_owner(house: House) -> None:
    await begun(house)
    async with house.works.open() as work:
        told = await service.look(work)
    assert told.open
    assert told.password_ends_at is not None


async def test_a_letter_to_oneself_shows_that_mail_leaves(make_house: MakeHouse) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        clock = Clock(house)
        operator = await house.person("owner")
        told = (await operator.client.post("/api/v1/admin/mail/trial")).json()
        assert (states(told)["mail"], told["letter_at"] is not None) == ("done", True)
        (letter,) = office.letters
        assert letter["To"] == operator.email
        tries = [(await operator.client.post("/api/v1/admin/mail/trial")).status_code for _ in range(5)]
        assert tries == [200, 200, 200, 200, 429]
        clock.go(minutes=11)
        refused = await operator.client.post("/api/v1/admin/mail/trial")
        assert refused.json()["code"] == "accounts.prove_again"
        log = (await operator.client.get("/api/v1/admin/audit", params={"act": "mail.tried"})).json()["items"]
        assert len(log) == 5


async def test_no_letter_is_tried_without_mail_or_to_nobodys_address(make_house: MakeHouse) -> None:
    silent = await make_house()
    browser, _ = await begun(silent)
    refused = await browser.post("/api/v1/admin/mail/trial")
    assert (refused.status_code, refused.json()["code"]) == (409, "accounts.no_letters")
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        same = await house.client(headers=browser.headers)
        same.cookies.update(browser.cookies)
        refused = await same.post("/api/v1/admin/mail/trial")
        assert (refused.status_code, refused.json()["code"]) == (409, "accounts.no_address_yet")
        assert office.letters == []


@pytest.mark.parametrize(
    ("begun", "put_away", "state", "led"),
    [
        (True, False, "todo", True),
        (True, False, "skipped", False),
        (True, True, "todo", False),
        (False, False, "todo", False),
    ],
)
def test_operators_are_led_to_what_is_to_do_in_a_new_house(
    begun: bool, put_away: bool, state: StepState, led: bool
) -> None:
    every: dict[StepName, StepState] = {**dict.fromkeys(rules.STEPS, "done"), "film": state}
    assert rules.is_open(every, begun=begun, put_away=put_away) is led
