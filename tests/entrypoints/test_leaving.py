"""Leaving has a grace: everything is shut and hidden at once, and erased when it is over."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.videos.film import Film
from tests.support import factors
from tests.support.house import PASSWORD, House, Person
from tests.support.traces import every_value

from matinee.entrypoints.house import FindLeavers
from matinee.features.accounts import service as accounts
from matinee.kernel.time import utc_now


@pytest.fixture
async def grace(make_house: MakeHouse) -> House:
    house = await make_house(leaving_days=14)
    await house.person("admin")
    return house


async def leave(house: House, person: Person) -> None:
    gone = await person.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert gone.status_code == 202
    await house.run_jobs()


async def sees(house: House, film: Film | None = None) -> set[int]:
    guest = await house.client()
    places = ["/api/v1/profiles/ann", *([f"/api/v1/videos/{film.id}"] if film else [])]
    return {(await guest.get(place)).status_code for place in places}


async def due(house: House) -> None:
    """The erasure's day has come, for the clock and for the queue."""
    house.works.clock = lambda: utc_now() + timedelta(days=15)
    async with house.works.open() as work:
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        )
    await house.run_jobs()


async def test_all_is_shut_and_hidden_at_once_and_erased_after_the_grace(grace: House) -> None:
    ann = await grace.person(handle="ann")
    film = await Film.playing(grace, ann, visibility="public")
    program = await grace.program(ann)
    assert await sees(grace, film) == {200}
    await leave(grace, ann)
    assert await sees(grace, film) == {404}
    assert (await ann.client.get("/api/v1/sessions")).status_code == 401
    assert (await program.get("/api/v1/me/videos")).status_code == 401
    async with grace.works.open() as work:
        assert await accounts.get(work, ann.account_id) is not None
    await due(grace)
    async with grace.works.open() as work:
        assert await accounts.get(work, ann.account_id) is None
    for table, row in await every_value(grace):
        for trace in (str(ann.account_id), ann.email):
            assert trace not in row, table
        # The queue remembers for a day what it did with a film that nobody knows any more.
        assert str(film.id) not in row or table.startswith("procrastinate_"), table


async def test_who_signs_in_again_stays(grace: House) -> None:
    ann = await grace.person(handle="ann")
    film = await Film.playing(grace, ann, visibility="public")
    await leave(grace, ann)
    browser = await grace.client()
    wrong = await browser.post("/api/v1/session", json={"login": "ann", "password": "not the password"})
    asked = {"login": "ann", "password": PASSWORD}
    program = await browser.post("/api/v1/tokens", json={**asked, "name": "a tool"})
    assert (wrong.status_code, program.status_code) == (401, 401)
    assert wrong.json()["code"] == program.json()["code"]
    assert (await browser.post("/api/v1/session", json=asked)).status_code == 200
    await grace.run_jobs()
    assert await sees(grace, film) == {200}
    acts = [act["act"] for act in (await browser.get("/api/v1/me/audit")).json()["items"]]
    assert {"account.left", "account.stayed"} <= set(acts)
    await due(grace)
    async with grace.works.open() as work:
        assert await accounts.get(work, ann.account_id) is not None


async def test_a_second_factor_is_asked_for_before_one_stays(grace: House) -> None:
    ann = await grace.person(handle="ann")
    clock = grace.works.clock
    await factors.add_app(ann.client, factors.Clock(grace))
    grace.works.clock = clock
    await leave(grace, ann)
    browser = await grace.client()
    begun = await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    assert begun.status_code == 202
    async with grace.works.open() as work:
        assert await accounts.is_leaving(work, ann.account_id)


async def test_in_the_last_minutes_nobody_gets_in_between_and_a_lost_order_is_found(grace: House) -> None:
    ann = await grace.person(handle="ann")
    await leave(grace, ann)
    browser = await grace.client()
    ends = utc_now() + timedelta(days=14)

    def late() -> datetime:
        return ends - timedelta(minutes=1)

    grace.works.clock = late
    asked = {"login": "ann", "password": PASSWORD}
    assert (await browser.post("/api/v1/session", json=asked)).status_code == 401
    async with grace.works.open() as work:
        await work.session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = 'house.erase'"))
    grace.works.clock = lambda: ends + timedelta(hours=2)
    async with grace.works.open() as work:
        work.send(FindLeavers())
    await grace.run_jobs()
    async with grace.works.open() as work:
        assert await accounts.get(work, ann.account_id) is None
