"""Profiles: a unique handle and what a person says about themselves."""

from uuid import uuid4

import pytest
from tests.support.house import PASSWORD, House

from matinee.features.people import service as people
from matinee.features.people.errors import ProfileNotFound
from matinee.kernel.ids import AccountId


async def test_everybody_may_see_a_profile_and_no_address_in_it(house: House) -> None:
    ann = await house.person(handle="ann")
    guest = await house.client()
    for spelling in ("ann", "ANN", "@ann"):
        answer = await guest.get(f"/api/v1/profiles/{spelling}")
        assert answer.status_code == 200
        assert set(answer.json()) == {"id", "handle", "display_name", "bio", "created_at"}
        assert ann.email not in answer.text
        assert str(ann.account_id) not in answer.text


@pytest.mark.parametrize("handle", ["nobody_here", "a", "x" * 500, "%25", "a%00b"])
async def test_an_unknown_handle_is_not_found(house: House, handle: str) -> None:
    assert (await (await house.client()).get(f"/api/v1/profiles/{handle}")).status_code == 404


async def test_a_person_changes_their_own_profile(house: House) -> None:
    ann = await house.person(handle="ann")
    answer = await ann.client.patch(
        "/api/v1/me/profile", json={"display_name": "Ann\u202e\n M.", "bio": " One\r\ntwo\u0007 👩‍🎓 "}
    )
    assert answer.status_code == 200
    assert (answer.json()["display_name"], answer.json()["bio"]) == ("Ann M.", "One\ntwo  👩‍🎓")
    unchanged = await ann.client.patch("/api/v1/me/profile", json={})
    assert unchanged.json() == answer.json()
    for blank in ("\u200d\u200d", "\u3164", "\u0301"):
        assert (await ann.client.patch("/api/v1/me/profile", json={"display_name": blank})).status_code == 422
    # Marks over marks would lie over the names of others; as many as scripts need stay.
    piled = {"display_name": "x" + "\u035b" * 50 + " שָׁ֖לוֹם"}
    named = (await ann.client.patch("/api/v1/me/profile", json=piled)).json()["display_name"]
    assert named == "x" + "\u035b" * 6 + " שָׁ֖לוֹם"


async def test_a_new_handle_is_also_the_new_name_to_sign_in_with(house: House) -> None:
    ann = await house.person(handle="ann")
    assert (await ann.client.patch("/api/v1/me/profile", json={"handle": "Anna"})).json()["handle"] == "anna"
    browser = await house.client()
    for login, status in (("ann", 401), ("anna", 200)):
        answer = await browser.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == status
    assert (await browser.get("/api/v1/profiles/ann")).status_code == 308


async def test_two_people_never_share_a_handle(house: House) -> None:
    await house.person(handle="ann")
    bob = await house.person(handle="bob")
    taken = await bob.client.patch("/api/v1/me/profile", json={"handle": "ANN", "bio": "not kept"})
    assert (taken.status_code, taken.json()["code"]) == (409, "people.handle_taken")
    assert taken.json()["errors"][0]["field"] == "handle"
    kept = (await bob.client.get("/api/v1/me")).json()["profile"]
    assert (kept["handle"], kept["bio"]) == ("bob", "")
    reserved = await bob.client.patch("/api/v1/me/profile", json={"handle": "watch"})
    assert reserved.json()["code"] == "people.handle_reserved"
    same = await bob.client.patch("/api/v1/me/profile", json={"handle": "BOB"})
    assert same.status_code == 200


async def test_rooms_ask_for_many_profiles_at_once(house: House) -> None:
    ann, bob = await house.person(handle="ann"), await house.person(handle="bob")
    nobody = AccountId(uuid4())
    async with house.works.open() as work:
        found = await people.profiles_of(work, [ann.account_id, bob.account_id, ann.account_id, nobody])
        assert {account: profile.handle for account, profile in found.items()} == {
            ann.account_id: "ann",
            bob.account_id: "bob",
        }
        assert await people.profiles_of(work, []) == {}
        assert await people.account_of(work, "@Ann") == ann.account_id
        with pytest.raises(ProfileNotFound):
            await people.profile_of(work, nobody)
        with pytest.raises(ProfileNotFound):
            await people.account_of(work, "nobody_here")
