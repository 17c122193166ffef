"""Accounts of services: made by operators, used by tokens alone."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.conftest import MakeHouse
from tests.support.factors import SURE
from tests.support.house import House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import LastOwner, NoSuchFactor, ServiceAccount
from matinee.features.people import service as people
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import NewRole
from matinee.kernel.ids import AccountId

SERVICES = "/api/v1/admin/service-accounts"


async def make(admin: Person, handle: str = "robot", *roles: str) -> dict[str, Any]:
    asked = {"handle": handle, "title": "The Importer", "roles": list(roles or ("creator",))}
    answer = await admin.client.post(SERVICES, json=asked)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def token(admin: Person, service: dict[str, Any], *scopes: str, **more: Any) -> httpx.Response:
    asked = {"name": "nightly", "scopes": list(scopes or ("read", "upload"))} | more
    return await admin.client.post(f"/api/v1/admin/accounts/{service['id']}/tokens", json=asked)


async def program(house: House, made: httpx.Response) -> httpx.AsyncClient:
    assert made.status_code == 201, made.text
    return await house.client(headers={"Authorization": f"Bearer {made.json()['token']}"})


async def test_a_service_acts_by_tokens_that_are_shown_once_and_revoked(house: House) -> None:
    admin = await house.person("admin", handle="boss")
    service = await make(admin, "robot", "creator", "creator")
    assert (service["kind"], service["email"], service["display_name"]) == ("service", None, "The Importer")
    assert service["roles"] == ["creator"]  # once, and counted once
    made = await token(admin, service, "read", "upload", days=30)
    robot = await program(house, made)
    me = (await robot.get("/api/v1/me")).json()
    assert (me["account"]["id"], me["profile"]["handle"]) == (service["id"], "robot")
    assert (await robot.post("/api/v1/videos", json={"title": "A film"})).status_code == 201
    assert (await robot.get("/api/v1/admin/overview")).status_code == 403
    place = f"/api/v1/admin/accounts/{service['id']}"
    page = (await admin.client.get(place)).json()
    (held,) = page["tokens"]["items"]
    assert (held["name"], held["scopes"]) == ("nightly", ["read", "upload"])
    assert held["expires_at"] is not None
    assert made.json()["token"] not in str(page)
    assert (await admin.client.delete(f"{place}/tokens/{held['id']}")).status_code == 204
    assert (await robot.get("/api/v1/me")).status_code == 401
    async with house.works.open() as work:
        log = (await accounts.audit_log(work, person="robot")).items
    assert {("account.made", "boss"), ("token.made", "boss"), ("token.revoked", "boss")} <= {
        (one.act, one.by.handle) for one in log if one.by
    }
    assert {one.about.handle for one in log if one.about} == {"robot"}


async def test_nobody_signs_in_as_a_service_and_no_letter_goes_to_one(house: House) -> None:
    admin = await house.person("admin")
    service = await make(admin)
    place = f"/api/v1/admin/accounts/{service['id']}"
    browser = await house.client()
    for word in ("", "!", "None"):
        login = {"login": "robot", "password": word or "a long enough test password"}
        assert (await browser.post("/api/v1/session", json=login)).json()["code"] == (
            "accounts.wrong_credentials"
        )
        asked = await browser.post("/api/v1/tokens", json=login | {"name": "x"})
        assert asked.status_code == 401
    for kind in ("reset", "verify"):
        refused = await admin.client.post(f"{place}/links", json={"kind": kind})
        assert (refused.status_code, refused.json()["code"]) == (409, "accounts.service_account")
    async with house.works.open() as work:
        with pytest.raises(ServiceAccount):
            await accounts.set_password(work, AccountId(UUID(service["id"])), "another long secret")
        with pytest.raises(NoSuchFactor):
            await accounts.reset_factors(work, AccountId(UUID(service["id"])), SURE)


async def test_a_service_cannot_open_further_doors_with_its_token(house: House) -> None:
    admin = await house.person("admin")
    robot = await program(house, await token(admin, await make(admin), "read", "account", "operate"))
    begun = (await robot.post("/api/v1/device", json={"client_name": "another"})).json()
    for method, path, body, codes in (
        ("POST", f"/api/v1/device/{begun['user_code']}/approve", None, {"accounts.browser_only"}),
        ("POST", "/api/v1/me/tokens", {"name": "x", "scopes": ["read"]}, {"accounts.browser_only"}),
        ("POST", "/api/v1/me/factors/app", None, {"accounts.browser_only"}),
        ("POST", "/api/v1/me/factors/passkeys/options", None, {"accounts.browser_only"}),
        ("POST", "/api/v1/me/copies", {"films": False}, {"accounts.browser_only"}),
        (
            "POST",
            "/api/v1/me/password",
            {"current": "!", "new": "another long secret"},
            {"accounts.wrong_password"},
        ),
        (
            "POST",
            "/api/v1/me/email",
            {"email": "x@example.org", "password": "!"},
            {"accounts.wrong_password"},
        ),
        ("DELETE", "/api/v1/me", {"password": "!"}, {"accounts.wrong_password"}),
        ("POST", "/api/v1/me/email/letter", None, {"accounts.service_account", "accounts.no_letters"}),
    ):
        answer = await robot.request(method, path, json=body)
        assert answer.json()["code"] in codes, (path, answer.text)


async def test_making_services_and_their_tokens_is_bounded_and_for_who_manages_accounts(
    house: House,
) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    moderator = await house.person("moderator")
    good = {"handle": "robot", "title": "Robot", "roles": ["creator"]}
    for client, status in ((moderator.client, 403), (ann.client, 403), (await house.program(admin), 403)):
        assert (await client.post(SERVICES, json=good)).status_code == status
    for wrong, code in (
        ({"handle": "ann"}, "people.handle_taken"),
        ({"handle": "admin"}, "people.handle_reserved"),
        ({"handle": "a b"}, "people.bad_handle"),
        ({"roles": ["king"]}, None),
        ({"roles": []}, None),
        ({"roles": ["guest"]}, None),
        ({"title": "\u200b"}, "people.bad_name"),
        ({"title": "\u200d\u3164"}, "people.bad_name"),
    ):
        answer = await admin.client.post(SERVICES, json=good | wrong)
        assert answer.status_code in (409, 422), answer.text
        assert code in (None, answer.json()["code"])
    assert (await admin.client.get("/api/v1/admin/accounts", params={"kind": "service"})).json()[
        "items"
    ] == []
    refused = await admin.client.post(
        f"/api/v1/admin/accounts/{ann.account_id}/tokens", json={"name": "x", "scopes": ["read"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "accounts.not_a_service")


async def test_who_manages_accounts_and_may_not_read_the_list_makes_a_service_too(house: House) -> None:
    async with house.works.open() as work:
        manage = NewRole(name="clerk", title="Clerk", permissions=["accounts.manage"])
        await roles.make(work, manage)
    clerk = await house.person("clerk", "creator", handle="clerk")
    service = await make(clerk)
    assert (service["handle"], service["closed"], service["tokens"]["items"]) == ("robot", None, [])
    assert (await clerk.client.get(f"/api/v1/admin/accounts/{service['id']}")).status_code == 403
    async with house.works.open() as work:
        seen = await accounts.audit_log(work, act="account.seen")
    assert seen.items == []  # who makes one has not looked at somebody


async def test_tokens_of_a_service_end_when_the_house_says(make_house: MakeHouse) -> None:
    house = await make_house(program_days_most=30)
    admin = await house.person("admin")
    service = await make(admin)
    assert (await token(admin, service, days=31)).json()["code"] == "accounts.token_too_long"
    assert (await token(admin, service, days=0)).json()["code"] == "accounts.token_too_long"


async def test_a_service_is_limited_suspended_and_erased_like_others(house: House) -> None:
    admin = await house.person("admin")
    service = await make(admin)
    robot = await program(house, await token(admin, service))
    async with house.works.open() as work:
        await accounts.restrict(work, AccountId(UUID(service["id"])), "limited", "Too loud.")
    assert (await robot.get("/api/v1/me")).status_code == 200
    refused = await robot.post("/api/v1/videos", json={"title": "A film"})
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.limited")
    async with house.works.open() as work:
        await accounts.restrict(work, AccountId(UUID(service["id"])), "suspended", "Far too loud.")
    assert (await robot.get("/api/v1/me")).status_code == 401
    async with house.works.open() as work:
        await accounts.lift(work, AccountId(UUID(service["id"])))
    assert (await robot.get("/api/v1/me")).status_code == 200
    place = f"/api/v1/admin/accounts/{service['id']}"
    assert (await admin.client.post(f"{place}/leaving", json={"handle": "robot"})).status_code == 202
    assert (await robot.get("/api/v1/me")).status_code == 401
    await house.run_jobs()
    assert (await admin.client.get(place)).status_code == 404


async def test_a_service_with_the_role_owner_owns_no_house_alone(make_house: MakeHouse) -> None:
    house = await make_house(second_factor_roles="admin")
    boss = await house.person("owner")
    async with house.works.open() as work:
        service = await people.create_service(work, "robot", "Robot", ["owner"])
        secret = await accounts.issue_token(work, service.id, "operate", scopes=["operate"])
    robot = await house.client(headers={"Authorization": f"Bearer {secret}"})
    assert (await robot.get("/api/v1/admin/overview")).status_code == 200  # no factor is asked of it
    async with house.works.open() as work:
        assert (await roles.explanation_of(work, service.id, "admin.operate")).may
        assert await accounts.first_owner(work) == boss.account_id
        for kind in ("limited", "suspended"):
            with pytest.raises(LastOwner):
                await accounts.restrict(work, boss.account_id, kind, "Gone.")


async def test_a_service_holds_what_its_maker_may_give_and_its_tokens_open_no_more(house: House) -> None:
    admin, owner = await house.person("admin"), await house.person("owner")
    looker = {"name": "looker", "title": "Looker", "permissions": ["accounts.audit", "roles.read"]}
    assert (await owner.client.post("/api/v1/roles", json=looker)).status_code == 201
    keeper = {"name": "keeper", "title": "Keeper", "permissions": ["accounts.manage", "accounts.read"]}
    assert (await owner.client.post("/api/v1/roles", json=keeper)).status_code == 201
    helper = await house.person("creator", "keeper", handle="helper")
    for by, held, status, code in (
        (admin, ["admin"], 403, "roles.owners_only"),
        (admin, ["owner"], 403, "roles.owners_only"),
        (helper, ["looker"], 403, "roles.beyond_yours"),
        (admin, ["nobody_made_it"], 422, "roles.unknown_name"),
        (admin, ["guest"], 422, "house.invalid"),
    ):
        asked = {"handle": "robot", "title": "Robot", "roles": held}
        answer = await by.client.post(SERVICES, json=asked)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (by.handle, held)
    theirs = await make(admin, "watcher", "looker")
    assert theirs["closed"] is None
    assert (await token(helper, await make(helper, "small", "creator"))).status_code == 201
    # Who may manage accounts gets nothing by the token of a service that may what they may not.
    refused = await token(helper, theirs, "operate")
    assert (refused.status_code, refused.json()["code"]) == (403, "roles.above_you")
    robot = await program(house, await token(admin, theirs, "operate"))
    assert (await robot.get("/api/v1/admin/audit")).status_code == 200
    ruler = await make(owner, "ruler", "admin")
    assert (await token(admin, ruler, "operate")).json()["code"] == "roles.above_you"
    assert (await token(owner, ruler, "operate")).status_code == 201


async def test_the_database_itself_keeps_people_and_services_apart(house: House) -> None:
    admin = await house.person("admin")
    service = await make(admin)
    for change in ("email = 'x@example.org'", "password_hash = '!'", "kind = 'person'"):
        with pytest.raises(IntegrityError):
            async with house.works.open() as work:
                await work.session.execute(
                    text(f"UPDATE accounts_account SET {change} WHERE id = :id"), {"id": service["id"]}
                )
