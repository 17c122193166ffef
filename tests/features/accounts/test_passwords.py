"""What a password must be, and changing it."""

import asyncio
import hashlib
import itertools
import threading

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.factors import Clock, notices
from tests.support.house import PASSWORD, House
from tests.support.ranges import ranges

from matinee.features.accounts import rules
from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import BadEmail, WeakPassword
from matinee.features.accounts.service import passwords
from matinee.features.accounts.settings import PasswordSettings
from matinee.kernel.errors import NotSignedIn, Refused
from matinee.kernel.network import network_of

OWN = ("ann.miller", "example.org", "ann_m", "Ann Miller")


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "x" * 201,
        "aaaaaaaaaaaa",
        "121212121212",
        "012345678901",
        "987654321098",
        "qwertyuiop12",
        "Password1234",
        "password1234567890",
        "!!P@ssw0rd!!",
        "Summer2026!!",
        "annmiller123",
        "Ann.Miller2026",
        "matinee20261",
        "example.org1",
        "20260101!!!!",
        "Ann_M Ann_M Ann_M",
        "abcdefghijkl",
        "m@tinee20261",
    ],
)
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(WeakPassword):
        rules.check_password(weak, OWN)


@pytest.mark.parametrize("length", [rules.PASSWORD_LEAST - 1, rules.PASSWORD_MOST + 1])
async def test_a_password_that_is_short_or_long_is_refused_and_one_at_the_limit_taken(
    house: House, length: int
) -> None:
    assert (rules.PASSWORD_LEAST, rules.PASSWORD_MOST) == (12, 128)
    strong = "7f1Q-aZ0p-Lw" * 11
    with pytest.raises(WeakPassword):
        rules.check_password(strong[:length], OWN)
    ann = await house.person()
    change = {"current": PASSWORD, "new": strong[:length]}
    assert (await ann.client.post("/api/v1/me/password", json=change)).status_code == 422
    change["new"] = strong[: min(max(length, rules.PASSWORD_LEAST), rules.PASSWORD_MOST)]
    assert (await ann.client.post("/api/v1/me/password", json=change)).status_code == 204


async def test_who_signs_in_with_a_password_that_has_become_known_is_told_once_and_gets_in(
    house: House,
) -> None:
    ann, ben = await house.person(), await house.person()
    stored = await passwords.hash_password(house.settings.of(PasswordSettings), "password1234")
    async with house.works.open() as work:
        await work.session.execute(
            text("UPDATE accounts_account SET password_hash = :stored WHERE id = :id"),
            {"stored": stored, "id": ann.account_id},
        )
    for person, password in ((ann, "password1234"), (ann, "password1234"), (ben, PASSWORD)):
        answer = await (await house.client()).post(
            "/api/v1/session", json={"login": person.email, "password": password}
        )
        assert answer.status_code == 200
    assert await notices(ann.client) == ["password_known"]
    assert await notices(ben.client) == []


@pytest.mark.parametrize("former", ["ten signs!", "x" * 200])
async def test_a_password_from_before_the_limits_still_signs_in(house: House, former: str) -> None:
    ann = await house.person()
    stored = await passwords.hash_password(house.settings.of(PasswordSettings), former)
    async with house.works.open() as work:
        await work.session.execute(
            text("UPDATE accounts_account SET password_hash = :stored WHERE id = :id"),
            {"stored": stored, "id": ann.account_id},
        )
    answer = await (await house.client()).post(
        "/api/v1/session", json={"login": ann.email, "password": former}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "7f1Q-aZ0p-Lw",
        "пароль у моря зимой",
        "x1 y2 z3 w4 v5",
        "ann likes tea at noon",
    ],
)
def test_a_good_password_is_taken(good: str) -> None:
    rules.check_password(good, OWN)


@pytest.mark.parametrize(
    "text",
    ["", "ann", "@example.org", "ann@", "ann@example", "a b@example.org", "ann@exa mple.org", "ann@@example.org",
     "ann@-example.org", "ann..b@example.org", "ann.@example.org", "a\u0000@example.org", "x" * 250 + "@example.org",
     "a@b.c"],
)  # fmt: skip
def test_what_is_no_email_is_refused(text: str) -> None:
    with pytest.raises(BadEmail):
        rules.normalise_email(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Ann.Miller+films@Example.ORG ", "ann.miller+films@example.org"),
        ("operator@localhost.localdomain", "operator@localhost.localdomain"),
        ("jo\u0308rg@m\u00fcller.de", "j\u00f6rg@m\u00fcller.de"),
    ],
)
def test_an_email_has_one_spelling(text: str, kept: str) -> None:
    assert rules.normalise_email(text) == kept


def test_a_network_is_one_household() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1")
    assert network_of("2001:db8:1:2:3::4") != network_of("2001:db8:1:3::4")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("somewhere") == "unknown"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("aaaaaaaaaaaa", "Repeats"),
        ("abcdefghijkl", "Sequences"),
        ("ann.miller 1", "Your own name or address"),
        ("short", "at least 12"),
    ],
)
def test_a_refusal_says_why(password: str, why: str) -> None:
    with pytest.raises(WeakPassword, match=why):
        rules.check_password(password, OWN)


async def test_a_password_on_the_lists_of_thieves_is_refused(house: House) -> None:
    ann = await house.person()
    listed = {"current": PASSWORD, "new": "correcthorsebatterystaple"}
    answer = await ann.client.post("/api/v1/me/password", json=listed)
    assert (answer.status_code, answer.json()["code"]) == (422, "accounts.leaked_password")
    assert answer.json()["errors"][0]["field"] == "new"


async def test_a_range_service_is_asked_where_there_is_one(make_house: MakeHouse) -> None:
    new = "only the service knows this"
    digest = hashlib.sha1(new.encode()).hexdigest().upper()
    async with ranges(f"{digest[5:]}:7") as (url, heard):
        ann = await (await make_house(breaches_url=url)).person()
        heard.clear()
        answer = await ann.client.post("/api/v1/me/password", json={"current": PASSWORD, "new": new})
        assert answer.json()["code"] == "accounts.leaked_password"
        assert len(heard) == 1


async def test_who_comes_when_too_many_wait_is_sent_away_with_a_time(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house(argon2_at_once=1, argon2_waiting=1)
    browser = await house.client()
    hasher, sent_away = passwords._hasher, threading.Event()

    def slow(*costs: int) -> PasswordHasher:
        """A hash that lasts until all who come have come."""
        assert sent_away.wait(60)
        return hasher(*costs)

    monkeypatch.setattr(passwords, "_hasher", slow)

    async def tried(number: int) -> httpx.Response:
        login = {"login": f"nobody{number}", "password": "x" * 12}
        return await browser.post("/api/v1/session", json=login)

    tries = [asyncio.create_task(tried(number)) for number in range(4)]
    try:
        refused = [await one for one in itertools.islice(asyncio.as_completed(tries), 2)]
    finally:
        sent_away.set()
    assert [answer.status_code for answer in refused] == [503, 503]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert sorted(answer.status_code for answer in await asyncio.gather(*tries)) == [401, 401, 503, 503]


async def test_a_changed_password_ends_the_other_sessions(house: House) -> None:
    ann = await house.person(handle="ann")
    other = await house.client()
    await other.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    answer = await ann.client.post(
        "/api/v1/me/password", json={"current": PASSWORD, "new": "another long secret"}
    )
    assert answer.status_code == 204
    assert (await ann.client.get("/api/v1/me")).json()["account"] is not None
    assert (await other.get("/api/v1/me")).json()["account"] is None
    for password, status in ((PASSWORD, 401), ("another long secret", 200)):
        tried = await other.post("/api/v1/session", json={"login": "ann", "password": password})
        assert tried.status_code == status


async def test_changing_a_password_needs_the_present_one_and_a_good_new_one(house: House) -> None:
    ann = await house.person(handle="ann")
    for current, new, field in (
        ("not the password", "another long secret", "current"),
        (PASSWORD, "password1234", "new"),
        (PASSWORD, "ann ann ann ann", "new"),
    ):
        answer = await ann.client.post("/api/v1/me/password", json={"current": current, "new": new})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
    short = await ann.client.post("/api/v1/me/password", json={"current": PASSWORD, "new": "zyx987"})
    assert short.status_code == 422
    assert "zyx987" not in short.text


async def test_guessing_the_present_password_is_slowed_down(house: House) -> None:
    ann = await house.person()
    body = {"current": "not the password", "new": "another long secret"}
    statuses = [(await ann.client.post("/api/v1/me/password", json=body)).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


async def test_the_same_password_typed_on_another_keyboard_is_the_same(house: House) -> None:
    async with house.works.open() as work:
        await accounts.create(work, "jo@example.org", "se\u0301same ouvre toi")
    async with house.works.open() as work:
        assert await accounts.sign_in(work, "jo@example.org", "s\u00e9same ouvre toi", address="192.0.2.1")


async def test_only_the_house_sets_a_password_without_the_present_one(house: House) -> None:
    ann, bob = await house.person(), await house.person()
    async with house.acting(ann) as work:
        with pytest.raises(Refused):
            await accounts.set_password(work, bob.account_id, "another long secret")
        with pytest.raises(Refused):
            await accounts.restrict(work, bob.account_id, "suspended", "Spam.")
    async with house.works.open() as work:
        await accounts.set_password(work, bob.account_id, "another long secret")
    assert (await bob.client.get("/api/v1/me")).json()["account"] is None


async def test_a_guest_owns_nothing(house: House) -> None:
    from matinee.kernel.actor import Actor

    async with house.works.open(Actor()) as work:
        with pytest.raises(NotSignedIn):
            await accounts.tokens(work)


async def test_a_password_of_long_ago_signs_in_and_need_not_be_changed(house: House) -> None:
    clock = Clock(house)
    ann = await house.person()
    login = {"login": ann.email, "password": PASSWORD}
    for _ in range(4):
        clock.go(days=365 * 5)
        browser = await house.client()
        answer = await browser.post("/api/v1/session", json=login)
        assert answer.status_code == 200, answer.text
        browser.headers["X-CSRF-Token"] = browser.cookies["__Host-matinee_csrf"]
        changed = await browser.patch("/api/v1/me", json={"theme": "dark"})
        assert changed.is_success, "nothing is asked first"
        assert set(await notices(browser)) <= {"new_sign_in", "new_place"}


async def test_a_former_password_may_come_back(house: House) -> None:
    ann = await house.person()
    words = [PASSWORD, "another long secret", PASSWORD, "another long secret", PASSWORD]
    for current, new in itertools.pairwise(words):
        answer = await ann.client.post("/api/v1/me/password", json={"current": current, "new": new})
        assert answer.status_code == 204, answer.text
    browser = await house.client()
    login = {"login": ann.email, "password": PASSWORD}
    assert (await browser.post("/api/v1/session", json=login)).status_code == 200
