"""`/health`: who reads what, and how often the house really looks."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.house import ADDRESS, House, as_browsers_do

import matinee
from matinee.entrypoints.api import health
from matinee.kernel.errors import Unavailable

STRANGER = "203.0.113.7"
CHECKS = {"database", "disk", "queue", "storage"}


async def test_a_stranger_reads_the_status_alone(house: House) -> None:
    stranger = await house.client(address=STRANGER)
    for path in ("/health", "/health/ready"):
        answer = await stranger.get(path)
        assert answer.json().keys() == {"status"}
        assert answer.headers["cache-control"] == "no-store"
    nonsense = await stranger.get("/health", headers={"Authorization": "Bearer nonsense"})
    assert nonsense.json().keys() == {"status"}


async def test_nothing_tells_a_stranger_which_version_this_is(house: House) -> None:
    stranger = await house.client(address=STRANGER)
    for path in ("/health/live", "/health", "/docs", "/docs/errors", "/api/v1/me", "/nowhere"):
        answer = await stranger.get(path)
        assert matinee.__version__ not in answer.text + repr(answer.headers), path
    document = (await stranger.get("/api/v1/openapi.json")).json()
    assert document["info"]["version"] == "1"


async def test_this_machine_reads_all_of_it(house: House) -> None:
    for here in ("127.0.0.1", "::1"):
        answer = (await (await house.client(address=here)).get("/health")).json()
        assert answer["checks"].keys() == CHECKS
        assert {"status", "version", "checks"} == answer.keys(), "as `matinee doctor` reads it"


async def test_a_house_at_one_address_of_its_machine_is_asked_from_there(house: House) -> None:
    transport = httpx.ASGITransport(app=house.app, client=("10.7.0.9", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.7.0.9:8000") as doctor:
        assert (await doctor.get("/health", headers={"Host": "localhost"})).json()["checks"].keys() == CHECKS


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_a_proxy_on_this_machine_asks_for_strangers(house: House, header: str) -> None:
    proxy = await house.client(headers={header: STRANGER})
    assert (await proxy.get("/health/ready")).json().keys() == {"status"}


async def test_a_trusted_proxy_asks_for_strangers(make_house: MakeHouse) -> None:
    house = await make_house(trusted_proxies="127.0.0.1")
    proxy = await house.client(headers={"X-Forwarded-For": "127.0.0.1"})
    assert (await proxy.get("/health")).json().keys() == {"status"}


async def test_an_operator_reads_all_of_it_from_anywhere(house: House) -> None:
    operator, creator = await house.person("admin"), await house.person()
    for person, all_of_it in ((operator, True), (creator, False)):
        program = await house.program(person)
        transport = httpx.ASGITransport(app=house.app, client=(STRANGER, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as away:
            as_browsers_do(away)
            by_token = await away.get("/health", headers={"Authorization": program.headers["Authorization"]})
            away.cookies = person.client.cookies
            by_session = await away.get("/health")
        for answer in (by_token, by_session):
            assert ("checks" in answer.json()) is all_of_it


async def test_a_flood_makes_one_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []
    storage = house.parts.storage
    check = storage.check

    async def counted() -> None:
        looks.append(None)
        await check()

    monkeypatch.setattr(storage, "check", counted)
    stranger = await house.client(address=STRANGER)
    answers = await asyncio.gather(*(stranger.get("/health/ready") for _ in range(60)))
    assert len({answer.text for answer in answers}) <= 2
    assert 1 <= len(looks) <= 2
    monkeypatch.setattr(health, "KEPT_S", 0.0)
    before = len(looks)
    await stranger.get("/health/ready")
    assert len(looks) == before + 1, "what was found is not believed for ever"


async def test_a_house_that_is_down_tells_strangers_no_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise Unavailable("The store at 10.0.0.9 does not answer.")

    monkeypatch.setattr(house.parts.storage, "check", away)
    monkeypatch.setattr(house.parts.database, "ping", away)
    answer = await (await house.client(address=STRANGER)).get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"status": "down"})
    here = await (await house.client()).get("/health/ready")
    assert "10.0.0.9" in here.json()["checks"]["storage"]["reason"]


async def test_only_liveness_is_asked_without_limit(make_house: MakeHouse) -> None:
    house = await make_house(limit_reads=3, limit_address_factor=1)
    stranger = await house.client(address=STRANGER)
    answers = [(await stranger.get("/health/ready")).status_code for _ in range(4)]
    assert [status == 429 for status in answers] == [False, False, False, True]
    assert [(await stranger.get("/health/live")).status_code for _ in range(9)] == [200] * 9
