"""Sessions: seen with their device and place, ended one by one or all, in every process."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.factors import Clock
from tests.support.house import PASSWORD, House

from matinee.features.accounts import service as accounts
from matinee.features.accounts.rules import places
from matinee.features.accounts.service import sessions
from matinee.infra import remembered
from matinee.kernel.time import utc_now

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ACCESS = "__Host-matinee_access"


async def signed_in(house: House, agent: str = FIREFOX) -> httpx.AsyncClient:
    browser = await house.client(headers={"User-Agent": agent})
    answer = await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    assert answer.status_code == 200
    browser.headers["X-CSRF-Token"] = browser.cookies["__Host-matinee_csrf"]
    return browser


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).json()["account"] is not None


async def test_the_list_shows_every_browser_and_which_one_asks(house: House) -> None:
    ann = await house.person(handle="ann")
    other = await signed_in(house)
    moment = utc_now() + timedelta(minutes=6)
    house.works.clock = lambda: moment
    items = (await other.get("/api/v1/sessions")).json()["items"]
    assert [(one["device"], one["current"]) for one in items] == [
        ("Firefox on Linux", True),
        ("Unknown device", False),
    ]
    assert items[0]["place"] == "The machine of this house"
    assert items[0]["last_used_at"] > items[0]["created_at"]
    for one in (await ann.client.get("/api/v1/sessions")).json()["items"]:
        assert one["current"] == (one["device"] == "Unknown device")


async def test_one_session_is_ended_from_another_and_its_access_token_with_it(house: House) -> None:
    ann = await house.person(handle="ann")
    lost = await signed_in(house)
    (theirs,) = [
        one["id"] for one in (await ann.client.get("/api/v1/sessions")).json()["items"] if not one["current"]
    ]
    assert (await ann.client.delete(f"/api/v1/sessions/{theirs}")).status_code == 204
    assert lost.cookies[ACCESS]
    assert not await is_in(lost)
    assert not dict(lost.cookies)
    assert await is_in(ann.client)
    assert (await ann.client.delete(f"/api/v1/sessions/{theirs}")).json()[
        "code"
    ] == "accounts.session_not_found"


async def test_all_others_are_ended_at_once(house: House) -> None:
    ann = await house.person(handle="ann")
    others = [await signed_in(house) for _ in range(3)]
    assert (await ann.client.delete("/api/v1/sessions")).status_code == 204
    assert [await is_in(one) for one in others] == [False] * 3
    assert await is_in(ann.client)
    program = await house.program(ann)
    assert (await program.delete("/api/v1/sessions")).status_code == 204
    assert not await is_in(ann.client)


async def test_a_session_in_use_ends_a_while_after_its_person_proved_who_they_are(
    make_house: MakeHouse,
) -> None:
    house = await make_house(session_days=5, session_days_most=12)
    clock, ann, idle = Clock(house), await house.person(), await house.person()
    program = await house.program(ann)
    for _ in range(3):
        clock.go(days=3)
        assert await is_in(ann.client)
    assert not await is_in(idle.client)
    assert (await ann.client.post("/api/v1/me/proof", json={"password": PASSWORD})).status_code == 204
    for _ in range(3):  # 18 days after signing in, 9 after the proof
        clock.go(days=3)
        assert await is_in(ann.client)
    clock.go(days=3, seconds=1)
    assert not await is_in(ann.client)
    assert (await program.get("/api/v1/me")).status_code == 200


async def test_a_session_of_before_there_was_a_longest_life_keeps_its_end(make_house: MakeHouse) -> None:
    before = await make_house(session_days_most=0)
    clock, ann = Clock(before), await before.person()
    for _ in range(10):
        clock.go(days=20)
        assert await is_in(ann.client)
    after = await make_house()
    moved = Clock(after)
    moved.now = clock.now
    browser = await after.client()
    for name, value in ann.client.cookies.items():
        browser.cookies.set(name, value, domain="localhost.local")
    for _ in range(2):
        moved.go(days=14)
        assert await is_in(browser)
    moved.go(days=3)
    assert not await is_in(browser)


@pytest.mark.parametrize(
    ("settings", "role", "hours"),
    [
        ({"public_url": "https://localhost"}, "admin", 12),
        ({"public_url": "https://localhost"}, "moderator", 12),
        ({"public_url": "https://localhost"}, "creator", 30 * 24),
        ({"public_url": "https://localhost", "operator_session_hours": 0}, "owner", 30 * 24),
        ({}, "owner", 30 * 24),
        ({"operator_session_hours": 2}, "owner", 2),
    ],
)
async def test_who_runs_a_house_at_an_https_address_signs_in_again_after_half_a_day(
    make_house: MakeHouse, settings: dict[str, Any], role: str, hours: int
) -> None:
    house = await make_house(**settings)
    clock, person = Clock(house), await house.person(role)
    for _ in range(2):
        clock.go(hours=hours, seconds=-1)
        assert await is_in(person.client)
    clock.go(hours=hours)
    assert not await is_in(person.client)


async def test_nobody_sees_or_ends_the_session_of_another(house: House) -> None:
    ann, bob = await house.person(), await house.person()
    (mine,) = (await ann.client.get("/api/v1/sessions")).json()["items"]
    for session_id in (mine["id"], str(uuid4())):
        assert (await bob.client.delete(f"/api/v1/sessions/{session_id}")).status_code == 404
    assert len((await bob.client.get("/api/v1/sessions")).json()["items"]) == 1
    assert await is_in(ann.client)
    assert (await (await house.client()).get("/api/v1/sessions")).status_code == 401


async def test_the_oldest_session_ends_where_an_account_has_too_many(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS_MOST", 5)
    ann = await house.person(handle="ann")
    for _ in range(4):
        async with house.works.open() as work:
            await accounts.open_session(work, ann.account_id)
    assert await is_in(ann.client)
    async with house.works.open() as work:
        await accounts.open_session(work, ann.account_id)
    assert not await is_in(ann.client)


@pytest.mark.parametrize("carried", [True, False])
async def test_what_ends_in_one_process_ends_in_every_other_within_five_seconds(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch, carried: bool
) -> None:
    """By the bus at once; by reading again where the bus carries nothing."""
    monkeypatch.setattr(remembered, "READ_EVERY_S", 3600.0 if carried else 0.05)
    monkeypatch.setattr(remembered, "BELIEVED_S", 3600.0)
    bus = "postgres" if carried else "memory"
    here, there = await make_house(bus=bus), await make_house(bus=bus)
    ann = await here.person(handle="ann")
    copy = await there.client(cookies={ACCESS: ann.client.cookies[ACCESS]})
    assert await is_in(copy)
    async with here.works.open() as work:
        await accounts.end_sessions(work, ann.account_id)
    await _until_out(copy)


async def _until_out(client: httpx.AsyncClient) -> None:
    import asyncio

    async with asyncio.timeout(5):
        while await is_in(client):
            await asyncio.sleep(0.02)


async def test_a_process_that_could_not_read_asks_the_database_itself(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "READ_EVERY_S", 3600.0)
    monkeypatch.setattr(remembered, "BELIEVED_S", 0.0)
    here, there = await make_house(), await make_house()
    ann = await here.person(handle="ann")
    copy = await there.client(cookies={ACCESS: ann.client.cookies[ACCESS]})
    assert await is_in(copy)
    assert (await ann.client.delete("/api/v1/session")).status_code == 204
    assert not await is_in(copy)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
         " Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
         " Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile"
         " Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140"
         " Safari/537.36", "Chrome on macOS"),
        ("curl/8.5.0", "Unknown device"),
        ("", "Unknown device"),
        ("\x00" * 10_000, "Unknown device"),
    ],
)  # fmt: skip
def test_a_device_is_named_as_people_call_it(agent: str, device: str) -> None:
    assert places.device_of(agent) == device


def test_a_place_tells_networks_apart_and_holds_no_address() -> None:
    key, other = b"k" * 32, b"o" * 32
    home = places.place_of("203.0.113.7", key)
    assert home == places.place_of("::ffff:203.0.113.99", key)
    assert home != places.place_of("203.0.114.7", key)
    assert home != places.place_of("203.0.113.7", other)
    assert places.place_of("8.8.8.8", key).startswith("Internet ")
    assert places.place_of("192.168.1.7", key).startswith("Private network ")
    assert places.place_of("2001:4860:1:2::3", key) == places.place_of("2001:4860:1:ffff::9", key)
    assert places.place_of("::1", key) == "The machine of this house"
    assert places.place_of("somewhere", key) == "Unknown network"
