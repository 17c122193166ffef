"""A handle that somebody gave up leads to their new one, and is nobody else's for a while."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.house import House, Person

from matinee.features.people import service as people
from matinee.features.people.errors import HandleTaken, ProfileNotFound
from matinee.kernel.time import utc_now


async def rename(person: Person, handle: str) -> httpx.Response:
    return await person.client.patch("/api/v1/me/profile", json={"handle": handle})


async def test_an_old_address_leads_to_the_new_one(house: House) -> None:
    ann = await house.person(handle="ann")
    assert (await rename(ann, "anna")).status_code == 200
    guest = await house.client()
    moved = await guest.get("/api/v1/profiles/ANN")
    assert (moved.status_code, moved.headers["location"]) == (308, "/api/v1/profiles/anna")
    assert moved.headers["cache-control"] == "no-store"
    page = await guest.get("/@ann?tab=films", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (308, "/@anna?tab=films")
    films = await guest.get("/api/v1/videos", params={"handle": "ann"})
    assert films.status_code == 200
    await rename(ann, "anne")
    assert (await guest.get("/api/v1/profiles/ann")).headers["location"] == "/api/v1/profiles/anne"
    acts = (await ann.client.get("/api/v1/me/audit")).json()["items"]
    assert {"before": "anna", "after": "anne"} in [act["words"] for act in acts]


async def test_an_old_handle_is_nobody_elses_until_its_time_is_over(house: House) -> None:
    ann, bob = await house.person(handle="ann"), await house.person(handle="bob")
    await rename(ann, "anna")
    taken = await rename(bob, "ann")
    assert (taken.status_code, taken.json()["code"]) == (409, "people.handle_taken")
    join = {"email": "new@example.org", "password": "a long enough test password"}
    refused = await (await house.client()).post(
        "/api/v1/accounts", json={**join, "handle": "ann", "display_name": "New"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "people.handle_taken")
    house.works.clock = lambda: utc_now() + timedelta(days=91)
    assert (await (await house.client()).get("/api/v1/profiles/ann")).status_code == 404
    async with house.works.open() as work:
        assert (await people.rename(work, bob.account_id, "ann")).handle == "ann"
        await people.free_handles(work)
        with pytest.raises(HandleTaken):
            await people.rename(work, ann.account_id, "ann")
        assert (await people.get_by_handle(work, "ann")).display_name == "Bob"
        assert await people.account_of(work, "bob") == bob.account_id


async def test_its_person_may_have_it_back(house: House) -> None:
    ann = await house.person(handle="ann")
    await rename(ann, "anna")
    assert (await rename(ann, "ann")).json()["handle"] == "ann"
    guest = await house.client()
    assert (await guest.get("/api/v1/profiles/ann")).status_code == 200
    assert (await guest.get("/api/v1/profiles/anna")).headers["location"] == "/api/v1/profiles/ann"


async def test_a_handle_changes_a_few_times_a_month(house: House) -> None:
    ann = await house.person(handle="ann")
    for handle in ("ann1", "ann2", "ann1"):
        assert (await rename(ann, handle)).status_code == 200
    refused = await rename(ann, "ann4")
    assert (refused.status_code, refused.json()["code"]) == (429, "people.handle_changed_often")
    assert 29 * 86400 < int(refused.headers["retry-after"]) <= 30 * 86400
    assert (await ann.client.patch("/api/v1/me/profile", json={"bio": "Still here."})).status_code == 200
    house.works.clock = lambda: utc_now() + timedelta(days=31)
    async with house.works.open(ann.actor) as work:
        assert (await people.change(work, handle="ann4")).handle == "ann4"


async def test_a_house_may_forbid_changes(make_house: MakeHouse) -> None:
    house = await make_house(handle_changes=0, handle_kept_days=0)
    ann = await house.person(handle="ann")
    assert (await rename(ann, "anna")).status_code == 429
    async with house.works.open() as work:
        await people.rename(work, ann.account_id, "anna")
    with pytest.raises(ProfileNotFound):
        async with house.works.open() as work:
            await people.account_of(work, "ann")


async def test_of_two_who_want_one_handle_one_gets_it(house: House) -> None:
    ann, bob = await house.person(handle="ann"), await house.person(handle="bob")
    answers = await asyncio.gather(*(rename(one, "zoe") for one in (ann, bob)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    swapped = await asyncio.gather(rename(ann, "bob"), rename(bob, "ann"))
    assert 409 in {answer.status_code for answer in swapped}
    async with house.works.open() as work:
        held = {(await people.profile_of(work, one.account_id)).handle for one in (ann, bob)}
    assert len(held) == 2


async def test_who_waits_for_a_handle_that_is_just_given_up_does_not_get_it(house: House) -> None:
    ann = await house.person(handle="ann")
    async with house.works.open(ann.actor) as giving, house.works.open() as waiting:
        await people.change(giving, handle="anna")
        account = await house.person(handle="other")
        late = asyncio.create_task(people.rename(waiting, account.account_id, "ann"))
        done, _ = await asyncio.wait([late], timeout=0.2)
        assert not done
        await giving.commit()
        with pytest.raises(HandleTaken):
            await late
        await waiting.session.rollback()
