"""Signing in and out through HTTP, as a browser does it."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support import factors
from tests.support.factors import Clock
from tests.support.house import PASSWORD, House

from matinee.features.accounts import service as accounts
from matinee.features.accounts.service import access
from matinee.kernel.time import utc_now


async def sign_in(client: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/v1/session", json={"login": login, "password": password})


@pytest.mark.parametrize("login", ["ann@example.org", "  ANN@Example.ORG ", "ann", "Ann"])
async def test_one_signs_in_by_email_or_handle_in_any_case(house: House, login: str) -> None:
    await house.person(handle="ann")
    browser = await house.client()
    answer = await sign_in(browser, login)
    assert answer.status_code == 200
    assert answer.json()["profile"]["handle"] == "ann"
    assert "accounts.self" in answer.json()["account"]["permissions"]
    assert (await browser.get("/api/v1/me")).json()["account"]["email"] == "ann@example.org"


async def test_a_wrong_password_and_an_unknown_name_answer_alike(house: House) -> None:
    await house.person(handle="ann")
    answers = [
        await sign_in(await house.client(), login, "not the password")
        for login in ("ann", "ann@example.org", "nobody", "nobody@example.org", "%", "' OR 1=1 --")
    ]
    assert {a.status_code for a in answers} == {401}
    bodies = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert bodies[0]["code"] == "accounts.wrong_credentials"
    assert all(body == bodies[0] for body in bodies)
    assert not any("set-cookie" in a.headers for a in answers)


async def test_guessing_is_slowed_down_and_the_right_password_waits_too(house: House) -> None:
    await house.person(handle="ann")
    browser = await house.client()
    for _ in range(10):
        assert (await sign_in(browser, "ann", "not the password")).status_code == 401
    refused = await sign_in(browser, "ann")
    assert refused.status_code == 429
    assert refused.json()["code"] == "accounts.slow_down"
    assert 0 < int(refused.headers["retry-after"]) <= 300
    house.works.clock = lambda: utc_now() + timedelta(minutes=6)
    assert (await sign_in(browser, "ann")).status_code == 200


async def guess(house: House, login: str, network: int, **headers: str) -> list[int]:
    """What eight wrong passwords from one network are answered."""
    browser = await house.client(address=f"198.51.{network}.7", headers=headers)
    return [(await sign_in(browser, login, "not the password")).status_code for _ in range(8)]


FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def test_one_account_takes_few_wrong_passwords_an_hour_and_its_owner_gets_in_all_the_same(
    house: House,
) -> None:
    clock, ann = Clock(house), await house.person(handle="ann")
    home = await house.client(address="203.0.113.9", headers=FIREFOX)
    assert (await sign_in(home, "ann")).status_code == 200
    device = factors.Device()
    await factors.add_passkey(ann.client, device)
    home.cookies.clear()
    answers = Counter([status for network in range(5) for status in await guess(house, "ann", network)])
    assert answers == {401: 12, 429: 28}
    elsewhere = await house.client(address="198.51.100.77", headers=FIREFOX)
    refused = await sign_in(elsewhere, "ann")
    assert (refused.status_code, refused.json()["code"]) == (429, "accounts.slow_down")
    assert "passkey, choose another password by a link that the operator" in refused.json()["detail"]
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert (await sign_in(home, "ann")).status_code in (200, 202)
    options = (await elsewhere.post("/api/v1/session/passkey/options")).json()
    shown = await elsewhere.post("/api/v1/session/passkey", json={"credential": device.show(options)})
    assert shown.status_code == 200
    clock.go(minutes=61)
    assert (await sign_in(await house.client(address="198.51.100.78"), "ann")).status_code in (200, 202)


async def test_all_that_one_account_takes_in_an_hour_is_a_hundred(house: House) -> None:
    ann = await house.person(handle="ann")
    clock = Clock(house)
    homes = [await house.client(address=f"203.0.{number}.9", headers=FIREFOX) for number in range(3)]
    for home in homes:
        assert (await sign_in(home, "ann")).status_code == 200
    wrong = Counter[int]()
    for _ in range(3):
        for login in ("ann", "ann@example.org"):
            for number in range(3):
                wrong.update(await guess(house, login, number))
                at_home = await house.client(address=f"203.0.{number}.9", headers=FIREFOX)
                for _ in range(3):
                    wrong.update([(await sign_in(at_home, login, "wrong as well")).status_code])
        proof = {"password": "not the password"}
        wrong.update([(await ann.client.post("/api/v1/me/proof", json=proof)).status_code for _ in range(9)])
        clock.go(minutes=19)
    assert wrong.total() - wrong[429] <= 100
    assert set(wrong) <= {401, 403, 422, 429}


async def test_the_turn_of_a_week_gives_no_more_guesses(house: House) -> None:
    await house.person(handle="ann")
    clock = Clock(house)
    days = 7 - clock.now.weekday()
    clock.now = clock.now.replace(hour=0, minute=0, second=0) + timedelta(days=days, minutes=-5)
    before = [status for network in range(2) for status in await guess(house, "ann", network)]
    clock.go(minutes=10)
    after = [status for network in range(2, 4) for status in await guess(house, "ann", network)]
    assert Counter(before + after) == {401: 12, 429: 20}


async def test_a_name_that_nobody_has_is_counted_alike(house: House) -> None:
    await house.person(handle="ann")
    for login in ("ann", "nobody"):
        answers = [status for network in range(4) for status in await guess(house, login, network)]
        assert answers == [401] * 12 + [429] * 20, login
    elsewhere = await house.client(address="198.51.100.77")
    told = [(await sign_in(elsewhere, login)).json() for login in ("ann", "nobody")]
    assert told[0]["detail"] == told[1]["detail"]


async def test_one_network_cannot_try_one_password_on_many_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "TRIES_OF_A_NETWORK", 12)
    browser = await house.client()
    answers = [await sign_in(browser, f"person{n}", "not the password") for n in range(13)]
    assert [a.status_code for a in answers] == [401] * 12 + [429]


async def test_right_passwords_are_never_counted_against_a_network(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "TRIES_OF_A_NETWORK", 12)
    person = await house.person()
    for _ in range(15):
        async with house.works.open() as work:
            await accounts.sign_in(work, person.email, PASSWORD, address="192.0.2.1")


async def test_a_cookie_alone_changes_nothing(house: House) -> None:
    ann = await house.person()
    for value in (b"", b"x" * 43, b"\xe9"):
        headers = {b"X-CSRF-Token": value}
        answer = await ann.client.patch("/api/v1/me", json={"theme": "dark"}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "accounts.csrf"
    assert (await ann.client.get("/api/v1/me")).json()["theme"] == "system"


async def test_a_lost_csrf_cookie_comes_back_with_me(house: House) -> None:
    ann = await house.person()
    ann.client.cookies.delete("__Host-matinee_csrf")
    answer = await ann.client.get("/api/v1/me")
    again = answer.cookies["__Host-matinee_csrf"]
    changed = await ann.client.patch("/api/v1/me", json={"theme": "dark"}, headers={"X-CSRF-Token": again})
    assert changed.json()["theme"] == "dark"


async def test_signing_out_ends_the_session_itself(house: House) -> None:
    ann = await house.person()
    copied = dict(ann.client.cookies)
    left = await ann.client.delete("/api/v1/session")
    assert left.status_code == 204
    assert not dict(ann.client.cookies)
    for kept in (copied, {name: value for name, value in copied.items() if "access" not in name}):
        thief = await house.client(cookies=kept)
        assert (await thief.get("/api/v1/me")).json()["account"] is None
        assert (await thief.get("/api/v1/tokens")).status_code == 401


async def test_signing_in_again_ends_the_session_that_the_browser_held(house: House) -> None:
    ann = await house.person(handle="ann")
    before = dict(ann.client.cookies)
    assert (await sign_in(ann.client, "ann")).status_code == 200
    other = await house.client(cookies=before)
    assert (await other.get("/api/v1/me")).json()["account"] is None


async def test_a_failed_sign_in_leaves_the_present_session_alone(house: House) -> None:
    ann = await house.person(handle="ann")
    assert (await sign_in(ann.client, "ann", "not the password")).status_code == 401
    assert (await ann.client.get("/api/v1/me")).json()["account"] is not None


async def test_a_session_lasts_as_long_as_it_is_used(house: House) -> None:
    ann = await house.person()
    start = utc_now()
    for days in (20, 40, 60):
        house.works.clock = lambda days=days: start + timedelta(days=days)  # type: ignore[misc]
        assert (await ann.client.get("/api/v1/me")).json()["account"] is not None
    house.works.clock = lambda: start + timedelta(days=91)
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None


async def test_what_has_ended_is_removed(house: House) -> None:
    await house.person()
    house.works.clock = lambda: utc_now() + timedelta(days=31)
    async with house.works.open() as work:
        await accounts.prune(work)
        from sqlalchemy import text

        assert await work.session.scalar(text("SELECT count(*) FROM accounts_session")) == 0


async def test_a_suspended_account_is_out_at_once_and_told_so_only_with_the_right_password(
    house: House,
) -> None:
    ann = await house.person(handle="ann")
    program = await house.program(ann)
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None
    assert (await program.get("/api/v1/tokens")).status_code == 401
    browser = await house.client()
    assert (await sign_in(browser, "ann", "not the password")).json()["code"] == "accounts.wrong_credentials"
    assert (await sign_in(browser, "ann")).json()["code"] == "accounts.suspended"
    async with house.works.open() as work:
        await accounts.lift(work, ann.account_id)
    assert (await sign_in(browser, "ann")).status_code == 200


async def test_a_hash_of_old_costs_is_renewed_at_the_next_sign_in(make_house: MakeHouse) -> None:
    from sqlalchemy import text

    async def stored(house: House) -> str:
        async with house.works.open() as work:
            return str(await work.session.scalar(text("SELECT password_hash FROM accounts_account")))

    old = await make_house()
    await old.person(handle="ann")
    assert "m=8,t=1" in await stored(old)
    new = await make_house(argon2_time_cost=2, argon2_memory_kib=16)
    assert (await sign_in(await new.client(), "ann")).status_code == 200
    assert (await stored(new)).startswith("$argon2id$v=19$m=16,t=2")
    assert (await sign_in(await new.client(), "ann")).status_code == 200


async def test_half_a_character_and_nul_are_refused_politely(house: House) -> None:
    browser = await house.client()
    for raw in (b'{"login": "a\\ud800", "password": "x"}', b'{"login": "a\\u0000", "password": "\\ud800"}'):
        answer = await browser.post(
            "/api/v1/session", content=raw, headers={"content-type": "application/json"}
        )
        assert answer.status_code in (401, 422)


async def test_guesses_side_by_side_are_counted_too(house: House) -> None:
    await house.person(handle="ann")
    browser = await house.client()
    answers = await asyncio.gather(*(sign_in(browser, "ann", "not the password") for _ in range(16)))
    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 6}


async def test_a_program_that_signs_in_keeps_its_token(house: House) -> None:
    program = await house.program(await house.person(handle="ann"))
    assert (await sign_in(program, "ann")).status_code == 200
    assert (await program.get("/api/v1/tokens")).status_code == 200


async def test_houses_at_several_ports_of_one_host_leave_each_other_signed_in(make_house: MakeHouse) -> None:
    house = await make_house(port=8311)
    client = await house.client()
    form = {"email": "a@example.org", "password": PASSWORD, "handle": "ann", "display_name": "Ann"}
    assert (await client.post("/api/v1/accounts", json=form)).status_code == 201
    assert set(client.cookies) == {f"__Host-matinee_{kind}_8311" for kind in ("access", "refresh", "csrf")}
    token = client.cookies["__Host-matinee_csrf_8311"]
    assert (await client.get("/api/v1/me")).json()["account"]["email"] == "a@example.org"
    assert (await client.delete("/api/v1/session", headers={"X-CSRF-Token": token})).status_code == 204
    assert not set(client.cookies)
