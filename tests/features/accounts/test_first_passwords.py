"""Passwords that the house made up: they end, unless their person chooses another."""

import asyncio

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.factors import Clock, carry_csrf
from tests.support.house import PASSWORD, House

from matinee.entrypoints.bootstrap import ensure_operator
from matinee.features.accounts import service as accounts

OVER = (403, "accounts.first_password_over")


async def made_up(house: House, handle: str = "ann") -> str:
    """The login of a person whose password the house made up; it is the one of all test persons."""
    async with house.works.open() as work:
        await accounts.create(work, f"{handle}@example.org", PASSWORD, made_up=True)
    return f"{handle}@example.org"


async def tried(house: House, login: str, password: str = PASSWORD) -> tuple[int, str | None]:
    answer = await (await house.client()).post("/api/v1/session", json={"login": login, "password": password})
    return answer.status_code, answer.json().get("code")


async def test_a_made_up_password_signs_in_for_its_days_and_then_no_more(house: House) -> None:
    clock, login = Clock(house), await made_up(house)
    clock.go(days=6, hours=23)
    assert (await tried(house, login))[0] == 200
    clock.go(hours=2)
    assert await tried(house, login) == OVER
    assert await tried(house, login, "not the password") == (401, "accounts.wrong_credentials")
    program = {"login": login, "password": PASSWORD, "name": "a program"}
    assert (await (await house.client()).post("/api/v1/tokens", json=program)).json()["code"] == OVER[1]


async def test_how_long_is_for_the_operator_to_say(make_house: MakeHouse) -> None:
    house = await make_house(first_password_days=1)
    clock, login = Clock(house), await made_up(house)
    clock.go(hours=25)
    assert await tried(house, login) == OVER


async def test_one_of_a_persons_own_stays(house: House) -> None:
    clock = Clock(house)
    login = await made_up(house)
    browser = await house.client()
    assert (await browser.post("/api/v1/session", json={"login": login, "password": PASSWORD})).is_success
    carry_csrf(browser)
    own = {"current": PASSWORD, "new": "a password of my own choice"}
    assert (await browser.post("/api/v1/me/password", json=own)).status_code == 204
    clock.go(days=365)
    assert (await tried(house, login, own["new"]))[0] == 200
    bob = await house.person(handle="bob")
    assert (await tried(house, bob.email))[0] == 200


async def test_the_made_up_one_cannot_be_chosen_as_ones_own(house: House) -> None:
    clock, login = Clock(house), await made_up(house)
    browser = await house.client()
    assert (await browser.post("/api/v1/session", json={"login": login, "password": PASSWORD})).is_success
    carry_csrf(browser)
    again = await browser.post("/api/v1/me/password", json={"current": PASSWORD, "new": PASSWORD})
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "new")
    async with house.works.open() as work:
        account = await accounts.find(work, login)
        assert account is not None
        link = await accounts.hand_out(work, account.id, "reset")
    chosen = {"token": link.rpartition("#")[2], "password": PASSWORD}
    reset = await (await house.client()).post("/api/v1/password-resets/finish", json=chosen)
    assert (reset.status_code, reset.json()["code"]) == (422, "accounts.weak_password")
    clock.go(days=8)
    assert await tried(house, login) == OVER


async def test_a_link_opens_an_account_whose_first_password_is_over(house: House) -> None:
    clock, login = Clock(house), await made_up(house)
    clock.go(days=8)
    async with house.works.open() as work:
        account = await accounts.find(work, login)
        assert account is not None
        link = await accounts.hand_out(work, account.id, "reset")
    chosen = {"token": link.rpartition("#")[2], "password": "a password of my own choice"}
    assert (await (await house.client()).post("/api/v1/password-resets/finish", json=chosen)).is_success
    assert (await tried(house, login, chosen["password"]))[0] == 200


async def test_the_machine_makes_the_only_owner_another_one(house: House) -> None:
    clock = Clock(house)
    password = await asyncio.to_thread(ensure_operator, house.settings)
    assert password is not None
    clock.go(days=8)
    assert await tried(house, "operator", password) == OVER
    async with house.works.open() as work:
        account = await accounts.find(work, "operator")
        assert account is not None
        await accounts.set_password(work, account.id, "another made up one", made_up=True)
        assert await accounts.first_password_ends(work, account.id) is not None
    assert (await tried(house, "operator", "another made up one"))[0] == 200


async def test_one_that_the_operator_chose_does_not_end(make_house: MakeHouse) -> None:
    house = await make_house(admin_password="a password of my own choice")
    assert await asyncio.to_thread(ensure_operator, house.settings) is None
    Clock(house).go(days=365)
    assert (await tried(house, "operator", "a password of my own choice"))[0] == 200


@pytest.mark.parametrize("made", [True, False])
async def test_a_refusal_is_written_down_with_its_reason(house: House, made: bool) -> None:
    clock, login = Clock(house), await made_up(house)
    clock.go(days=8)
    await tried(house, login, PASSWORD if made else "not the password")
    await house.pump()
    async with house.works.open() as work:
        reasons = await work.session.scalar(
            text("SELECT facts->'reasons' FROM accounts_audit WHERE act = 'session.refused'")
        )
    assert reasons == ["first password" if made else "credentials"]
