"""Roles that operators make, change, give and drop, over HTTP."""

import asyncio
from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.features.admission.desk import choose, joined
from tests.support.factors import Clock, add_app
from tests.support.house import PASSWORD, House, Person, somebody_waits_for

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import LastOwner
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import ROLES_MOST, NewRole, RoleChange
from matinee.infra import remembered

LOOKER = {"name": "looker", "title": "Looker", "about": "Looks.", "permissions": ["accounts.audit"]}


async def codes(asked: Any) -> tuple[int, str]:
    answer = await asked
    return answer.status_code, answer.json().get("code", "")


async def give(giver: Person, to: Person, *held: str) -> Any:
    path = f"/api/v1/admin/accounts/{to.account_id}/roles"
    return await giver.client.put(path, json={"roles": held})


async def test_a_role_counts_when_it_is_given_when_it_changes_and_no_more_when_it_is_dropped(
    house: House,
) -> None:
    boss, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    program = await house.program(ann)
    made = await boss.client.post("/api/v1/roles", json=LOOKER)
    assert (made.status_code, made.json()["holders"], made.json()["changeable"]) == (201, 0, True)
    assert (await ann.client.get("/api/v1/admin/audit")).status_code == 403
    given = await give(boss, ann, "creator", "looker")
    assert (given.status_code, given.json()) == (200, {"roles": ["creator", "looker"]})
    for client in (ann.client, program):
        assert (await client.get("/api/v1/admin/audit")).status_code == 200
        assert (await client.get("/api/v1/roles")).status_code == 403
    wanted = {"permissions": ["roles.read", "videos.watch"]}
    changed = await boss.client.patch("/api/v1/roles/looker", json=wanted)
    assert changed.json()["permissions"] == ["roles.read"]  # the other is everybody's
    assert (changed.json()["title"], changed.json()["holders"]) == ("Looker", 1)
    for client in (ann.client, program):
        assert (await client.get("/api/v1/admin/audit")).status_code == 403
        assert (await client.get("/api/v1/roles")).status_code == 200
    assert (await boss.client.delete("/api/v1/roles/looker")).status_code == 204
    for client in (ann.client, program):
        assert (await client.get("/api/v1/roles")).status_code == 403
        assert (await client.get("/api/v1/me")).json()["account"]["roles"] == ["creator"]
    acts = (await boss.client.get("/api/v1/admin/audit", params={"act": "role."})).json()["items"]
    assert [act["act"] for act in acts] == ["role.dropped", "role.changed", "role.made"]
    assert acts[0]["facts"]["holders"] == 1
    assert (acts[1]["facts"]["added"], acts[1]["facts"]["removed"]) == (["roles.read"], ["accounts.audit"])
    own = [act for act in (await ann.client.get("/api/v1/me/audit")).json()["items"] if "roles" in act["act"]]
    assert [act["facts"]["after"] for act in own] == [["creator"], ["creator", "looker"]]


async def test_a_role_of_an_old_name_is_not_held_by_who_held_the_one_before(house: House) -> None:
    boss, ann = await house.person("admin"), await house.person()
    await boss.client.post("/api/v1/roles", json=LOOKER)
    await give(boss, ann, "looker")
    assert (await ann.client.get("/api/v1/admin/audit")).status_code == 200
    await boss.client.delete("/api/v1/roles/looker")
    await boss.client.post("/api/v1/roles", json=LOOKER)
    assert (await ann.client.get("/api/v1/admin/audit")).status_code == 403


async def test_what_cannot_be_made_is_refused_with_its_reason(house: House) -> None:
    boss = await house.person("admin", handle="boss")
    await boss.client.post("/api/v1/roles", json=LOOKER)
    asked: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({}, (409, "roles.taken")),
        ({"name": "admin"}, (409, "roles.taken")),
        ({"name": "guest"}, (409, "roles.taken")),
        ({"name": "Looker"}, (422, "house.invalid")),
        ({"name": "x" * 21}, (422, "house.invalid")),
        ({"name": "other", "title": " "}, (422, "house.invalid")),
        ({"name": "other", "about": "x" * 301}, (422, "house.invalid")),
        ({"name": "other", "title": "Owner"}, (409, "roles.taken")),
        ({"name": "other", "title": "ｏＷ\u200bner"}, (409, "roles.taken")),
        ({"name": "other", "permissions": ["no.such_thing"]}, (422, "roles.unknown_name")),
        ({"name": "other", "permissions": ["roles.give"]}, (403, "roles.owners_only")),
    ]
    for change, answer in asked:
        assert await codes(boss.client.post("/api/v1/roles", json=LOOKER | change)) == answer, change
    renamed = boss.client.patch("/api/v1/roles/looker", json={"title": "ADMIN"})
    assert await codes(renamed) == (409, "roles.taken")
    for name in ("admin", "owner", "viewer"):
        assert await codes(boss.client.patch(f"/api/v1/roles/{name}", json={})) == (409, "roles.built_in")
        assert await codes(boss.client.delete(f"/api/v1/roles/{name}")) == (409, "roles.built_in")
    for name in ("nobody", "guest", "a'b"):
        assert await codes(boss.client.patch(f"/api/v1/roles/{name}", json={})) == (404, "roles.not_found")
    async with house.works.open() as work:
        for n in range(ROLES_MOST - 1):
            await roles.make(work, NewRole(name=f"role{n}", title="x", permissions=[]))
    full = LOOKER | {"name": "one_more"}
    assert await codes(boss.client.post("/api/v1/roles", json=full)) == (409, "roles.too_many")


async def test_nobody_decides_on_more_than_they_hold(house: House) -> None:
    owner, boss = await house.person("owner"), await house.person("admin")
    ann = await house.person("viewer")
    power = {"name": "chief", "title": "Chief", "permissions": ["roles.give", "roles.manage", "roles.read"]}
    assert (await owner.client.post("/api/v1/roles", json=power)).status_code == 201
    assert await codes(give(boss, ann, "chief")) == (403, "roles.owners_only")
    assert (await give(owner, ann, "chief")).status_code == 200
    ben = await house.person("creator")
    assert await codes(give(ann, ben, "creator", "viewer")) == (403, "roles.above_you")
    assert await codes(ann.client.post("/api/v1/roles", json=LOOKER)) == (403, "roles.beyond_yours")
    assert await codes(ann.client.patch("/api/v1/roles/chief", json={})) == (403, "roles.owners_only")
    assert await codes(give(boss, owner, "owner", "king")) == (422, "roles.unknown_name")
    assert await codes(give(boss, owner, "viewer")) == (403, "roles.owners_only")
    assert await codes(give(boss, boss, "admin", "owner")) == (403, "roles.owners_only")
    assert await codes(give(boss, ben, *["creator"] * 21)) == (422, "house.invalid")
    gone = boss.client.put(f"/api/v1/admin/accounts/{owner.account_id.hex[::-1]}/roles", json={"roles": []})
    assert await codes(gone) == (404, "accounts.not_found")
    shown = (await boss.client.get("/api/v1/roles")).json()
    assert {one["name"] for one in shown["items"] if not one["givable"]} == {"owner", "admin", "chief"}
    assert shown["items"][0]["name"] == "viewer"


async def test_a_proof_is_asked_before_anything_changes(house: House) -> None:
    clock = Clock(house)
    boss, ann = await house.person("owner"), await house.person()
    clock.go(minutes=11)
    prove = (403, "accounts.prove_again")
    assert await codes(boss.client.post("/api/v1/roles", json=LOOKER)) == prove
    assert await codes(boss.client.patch("/api/v1/roles/looker", json={})) == prove
    assert await codes(boss.client.delete("/api/v1/roles/looker")) == prove
    assert await codes(give(boss, ann, "viewer")) == prove
    program = await house.program(boss)
    refused = program.post("/api/v1/roles", json=LOOKER)
    assert await codes(refused) == (403, "accounts.browser_only")


async def test_what_another_operator_changed_meanwhile_is_not_turned_back(house: House) -> None:
    boss, ann = await house.person("owner"), await house.person("creator", "moderator")
    path = f"/api/v1/admin/accounts/{ann.account_id}/roles"
    assert (await give(boss, ann, "creator")).status_code == 200
    late = {"roles": ["creator", "moderator", "viewer"], "before": ["moderator", "creator"]}
    assert await codes(boss.client.put(path, json=late)) == (409, "roles.changed_meanwhile")
    seen = late | {"before": ["creator"]}
    assert (await boss.client.put(path, json=seen)).status_code == 200


async def test_a_link_that_was_handed_out_does_not_open_what_the_account_is_given_later(house: House) -> None:
    owner, boss = await house.person("owner"), await house.person("admin")
    ann = await house.person(handle="ann")
    asked = await boss.client.post(f"/api/v1/admin/accounts/{ann.account_id}/links", json={"kind": "reset"})
    assert (await give(owner, ann, "creator", "owner")).status_code == 200
    chosen = {"token": asked.json()["link"].rpartition("#")[2], "password": "chosen by somebody else"}
    finish = (await house.client()).post("/api/v1/password-resets/finish", json=chosen)
    assert await codes(finish) == (404, "accounts.link_over")


async def test_nor_does_it_open_what_a_role_of_the_account_allows_later(house: House) -> None:
    boss, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    assert (await boss.client.post("/api/v1/roles", json=LOOKER)).status_code == 201
    assert (await give(boss, ann, "creator", "looker")).status_code == 200
    place = f"/api/v1/admin/accounts/{ann.account_id}/links"
    for wanted, opens in (
        ({"title": "Onlooker"}, 204),
        ({"permissions": ["accounts.audit", "roles.read"]}, 404),
    ):
        link = (await boss.client.post(place, json={"kind": "reset"})).json()["link"]
        assert (await boss.client.patch("/api/v1/roles/looker", json=wanted)).status_code == 200
        chosen = {"token": link.rpartition("#")[2], "password": "chosen by somebody else"}
        finish = await (await house.client()).post("/api/v1/password-resets/finish", json=chosen)
        assert finish.status_code == opens


# -- owners


async def test_the_last_owner_stays_one(house: House) -> None:
    owner = await house.person("owner")
    assert await codes(give(owner, owner, "admin")) == (409, "accounts.last_owner")
    other = await house.person()
    assert (await give(owner, other, "owner")).status_code == 200
    assert (await give(owner, owner, "admin")).status_code == 200
    async with house.works.open() as work:
        with pytest.raises(LastOwner):
            await accounts.restrict(work, other.account_id, "limited", "A test asks for it.")


async def test_an_owner_who_waits_to_be_let_in_is_none_that_the_house_could_be_left_to(house: House) -> None:
    owner = await house.person("owner")
    await choose(owner, mode="approval")
    waits = (await (await joined(house, "ben")).get("/api/v1/me")).json()["account"]["id"]
    given = await owner.client.put(f"/api/v1/admin/accounts/{waits}/roles", json={"roles": ["owner"]})
    assert given.status_code == 200
    assert await codes(give(owner, owner, "admin")) == (409, "accounts.last_owner")
    leaving = owner.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    assert await codes(leaving) == (409, "accounts.last_owner")
    let_in = await owner.client.post(f"/api/v1/admin/applications/{waits}/approve")
    assert let_in.status_code == 204
    assert (await give(owner, owner, "admin")).status_code == 200


async def test_of_two_owners_who_step_down_at_once_one_stays(house: House) -> None:
    two = [await house.person("owner") for _ in range(2)]
    answers = await asyncio.gather(*(give(one, one, "viewer") for one in two))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_who_is_lifted_above_an_operator_at_the_same_moment_is_above_them(house: House) -> None:
    boss, ann = await house.person("admin"), await house.person(handle="ann")
    about = f"/api/v1/admin/accounts/{ann.account_id}"
    for act in (
        boss.client.post(f"{about}/restriction", json={"kind": "suspended", "reason": "A test asks for it."}),
        boss.client.post(f"{about}/look", json={"reason": "A test asks for it."}),
        boss.client.delete(f"{about}/restriction"),
    ):
        async with house.works.open() as work:
            await roles.set_roles(work, ann.account_id, ["creator"])
        async with house.works.open() as work:
            await roles.set_roles(work, ann.account_id, ["admin"])
            waiting = asyncio.ensure_future(act)
            await somebody_waits_for(work)
        assert await codes(waiting) == (403, "roles.above_you")


# -- second factors


async def test_a_role_asks_for_a_second_factor_from_the_next_request_on(house: House) -> None:
    clock = Clock(house)
    boss, ann = await house.person("owner"), await house.person()
    await boss.client.post("/api/v1/roles", json=LOOKER)
    await give(boss, ann, "creator", "looker")
    program = await house.program(ann)
    assert (await ann.client.get("/api/v1/me/videos")).status_code == 200
    await boss.client.patch("/api/v1/roles/looker", json={"factor_needed": True})
    for client in (ann.client, program):
        assert await codes(client.get("/api/v1/me/videos")) == (403, "accounts.factor_due")
    why = (await ann.client.get("/api/v1/me/permissions/videos.edit")).json()
    assert [step["name"] for step in why["steps"] if not step["passed"]] == ["factor"]
    await add_app(ann.client, clock)
    assert (await ann.client.get("/api/v1/me/videos")).status_code == 200
    last = await ann.client.delete("/api/v1/me/factors/app")
    assert last.json()["code"] == "accounts.last_factor"
    await boss.client.delete("/api/v1/roles/looker")
    assert (await ann.client.delete("/api/v1/me/factors/app")).status_code == 204


async def test_settings_may_ask_one_of_a_role_that_was_made_and_of_owners_where_of_admins(
    make_house: MakeHouse,
) -> None:
    strict = await make_house(second_factor_roles="admin, looker")
    async with strict.works.open() as work:
        await roles.make(work, NewRole(**LOOKER))
        shown = {one.name: one.factor_by_settings for one in (await roles.all_roles(work)).items}
    assert {name for name, asked in shown.items() if asked} == {"admin", "owner", "looker"}
    for role in ("looker", "owner"):
        person = await strict.person(role)
        assert (await person.client.get("/api/v1/me")).json()["account"]["factor_due"] is True


# -- processes


@pytest.mark.parametrize("carried", [True, False])
async def test_a_change_counts_in_every_process_within_five_seconds(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch, carried: bool
) -> None:
    """By the bus at once; by reading again where the bus carries nothing."""
    monkeypatch.setattr(remembered, "READ_EVERY_S", 3600.0 if carried else 0.05)
    monkeypatch.setattr(remembered, "BELIEVED_S", 3600.0)
    bus = "postgres" if carried else "memory"
    here, there = await make_house(bus=bus), await make_house(bus=bus)
    async with here.works.open() as work:
        await roles.make(work, NewRole(**LOOKER))
    ann = await here.person("looker")
    copy = await there.client(cookies=ann.client.cookies)
    heard: set[str] = set()
    there.works.held(roles.Book).hear(heard.update)
    for change, status in ((["roles.read"], 403), (["accounts.audit"], 200)):
        async with here.works.open() as work:
            await roles.change(work, "looker", RoleChange(permissions=change))
        async with asyncio.timeout(5):
            while (await copy.get("/api/v1/admin/audit")).status_code != status:
                await asyncio.sleep(0.02)
    assert heard == {"looker"}
