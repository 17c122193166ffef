"""Joining through HTTP: an account with its profile, signed in."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.house import PASSWORD, House

ANN = {
    "email": "Ann@Example.org",
    "password": "correct horse battery",
    "handle": "Ann_M",
    "display_name": "  Ann   Miller ",
}


async def join(client: httpx.AsyncClient, **other: Any) -> httpx.Response:
    return await client.post("/api/v1/accounts", json=ANN | other)


async def test_who_joins_is_signed_in_with_a_profile(house: House) -> None:
    browser = await house.client()
    answer = await join(browser)
    assert answer.status_code == 201
    me = answer.json()
    assert me["account"]["email"] == "ann@example.org"
    assert me["account"]["roles"] == ["viewer", "creator"]
    assert me["account"]["created_at"].endswith("Z")
    assert (me["profile"]["handle"], me["profile"]["display_name"]) == ("ann_m", "Ann Miller")
    assert me["quota"]["used_bytes"] == 0
    assert me["limits"]["max_upload_bytes"] > 0
    again = (await browser.get("/api/v1/me")).json()
    assert again == me
    csrf = {"X-CSRF-Token": browser.cookies["__Host-matinee_csrf"]}
    assert (await browser.patch("/api/v1/me", json={"theme": "dark"}, headers=csrf)).json()["theme"] == "dark"
    assert (await browser.get("/api/v1/me")).json()["theme"] == "dark"


async def test_a_guest_learns_the_limits_only(house: House) -> None:
    me = (await (await house.client()).get("/api/v1/me")).json()
    assert me["account"] is me["profile"] is me["quota"] is None
    assert me["limits"]["max_duration_s"] > 0
    assert me["signup"] == "open"


@pytest.mark.parametrize(
    ("other", "status", "code", "field"),
    [
        ({"handle": "other", "email": "ANN@example.ORG"}, 409, "accounts.email_taken", "email"),
        ({"handle": "ANN_M", "email": "b@example.org"}, 409, "people.handle_taken", "handle"),
        ({"handle": "Admin", "email": "b@example.org"}, 422, "people.handle_reserved", "handle"),
        ({"handle": "operator", "email": "b@example.org"}, 422, "people.handle_reserved", "handle"),
        ({"handle": "___", "email": "b@example.org"}, 422, "people.handle_reserved", "handle"),
        ({"handle": "ann-m", "email": "b@example.org"}, 422, "people.bad_handle", "handle"),
        ({"handle": "ännä", "email": "b@example.org"}, 422, "people.bad_handle", "handle"),
        ({"handle": "b_b", "email": "nonsense"}, 422, "accounts.bad_email", "email"),
        (
            {"handle": "b_b", "email": "b@example.org", "display_name": " \u202e "},
            *(422, "people.bad_name", "display_name"),
        ),
        (
            {"handle": "b_b", "email": "b@example.org", "password": "password1234"},
            *(422, "accounts.weak_password", "password"),
        ),
        (
            {"handle": "lightning", "email": "b@example.org", "password": "lightning123"},
            *(422, "accounts.weak_password", "password"),
        ),
        ({"handle": "b_b", "email": "b@example.org", "password": "short"}, 422, "house.invalid", "password"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_said_at_its_field(
    house: House, other: dict[str, str], status: int, code: str, field: str
) -> None:
    assert (await join(await house.client())).status_code == 201
    stranger = await house.client()
    answer = await join(stranger, **other)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["errors"][0]["field"]) == (status, code, field)
    assert "set-cookie" not in answer.headers
    assert (other.get("password") or ANN["password"]) not in answer.text


async def test_a_taken_handle_leaves_no_half_made_account(house: House) -> None:
    await join(await house.client())
    await join(await house.client(), email="b@example.org")
    answer = await join(await house.client(), email="b@example.org", handle="b_b")
    assert answer.status_code == 201


async def test_a_closed_house_takes_no_strangers(make_house: MakeHouse) -> None:
    house = await make_house(signup="closed")
    browser = await house.client()
    answer = await join(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, "admission.closed")
    assert (await browser.get("/api/v1/me")).json()["signup"] == "closed"


async def test_one_network_makes_a_bounded_number_of_accounts(make_house: MakeHouse) -> None:
    house = await make_house(signups_per_hour=2)
    statuses = [
        (await join(await house.client(), email=f"p{n}@example.org", handle=f"person_{n}")).status_code
        for n in range(3)
    ]
    assert statuses == [201, 201, 429]


async def test_a_wish_to_leave_needs_the_password_and_shuts_out_at_once(house: House) -> None:
    ann = await house.person(handle="ann")
    program = await house.program(ann)
    wrong = await ann.client.request("DELETE", "/api/v1/me", json={"password": "not the password"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "password")
    left = await ann.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert left.status_code == 202
    assert (await program.get("/api/v1/me")).status_code == 401
    browser = await house.client()
    again = await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    assert again.json()["code"] == "accounts.wrong_credentials"


async def test_the_only_owner_cannot_leave(house: House) -> None:
    owner = await house.person("owner")
    await house.person("admin")
    answer = await owner.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "accounts.last_owner")
    await house.person("owner")
    answer = await owner.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert answer.status_code == 202


async def test_of_many_who_want_the_same_name_at_once_one_gets_it(house: House) -> None:
    browsers = [await house.client() for _ in range(4)]
    answers = await asyncio.gather(
        *(join(browser, email=f"p{n % 3}@example.org") for n, browser in enumerate(browsers))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    async with house.works.open() as work:
        assert await work.session.scalar(text("SELECT count(*) FROM accounts_account")) == 1
