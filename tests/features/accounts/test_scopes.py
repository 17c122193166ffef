"""Tokens of programs: they do no more than their scopes and their owner, and end when they were to end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.entrypoints.test_permissions import ask, declared
from tests.support.house import PASSWORD, House, Person

from matinee.entrypoints import product
from matinee.features.accounts import rules
from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import SCOPES
from matinee.infra import http
from matinee.kernel.actor import GUEST_ROLE
from matinee.kernel.time import utc_now

SAFE = {"GET", "HEAD"}


async def made(person: Person, scopes: list[str], days: int | None = None) -> Any:
    return await person.client.post(
        "/api/v1/me/tokens", json={"name": "a tool", "scopes": scopes, "days": days}
    )


async def test_a_token_made_in_a_browser_is_shown_once_and_listed_with_what_it_may_and_when_it_ends(
    house: House,
) -> None:
    ann = await house.person(handle="ann")
    answer = await made(ann, ["upload", "read"])
    assert answer.status_code == 201
    token = answer.json()
    assert token["scopes"] == ["read", "upload"]
    listed = (await ann.client.get("/api/v1/tokens")).json()
    (seen,) = listed["items"]
    assert (seen["scopes"], seen["name"]) == (["read", "upload"], "a tool")
    assert listed["days"] == 90
    assert timedelta(days=89) < _moment(seen["expires_at"]) - utc_now() < timedelta(days=91)
    assert token["token"] not in str(listed)
    # A token makes none, whatever it may.
    every = (await made(ann, [*SCOPES])).json()["token"]
    program = await house.client(headers={"Authorization": f"Bearer {every}"})
    asked = {"name": "another", "scopes": ["read"]}
    refused = await program.post("/api/v1/me/tokens", json=asked)
    assert refused.json()["code"] == "accounts.browser_only"


def _moment(text: str) -> Any:
    return datetime.fromisoformat(text)


async def test_a_token_ends_on_its_day_and_lives_no_longer_than_the_house_allows(make_house: Any) -> None:
    house = await make_house(program_days_most=30)
    ann = await house.person()
    for days in (31, 0):
        assert (await made(ann, ["read"], days)).json()["code"] == "accounts.token_too_long"
    assert (await made(ann, ["read"], -1)).status_code == 422
    assert (await made(ann, [])).status_code == 422
    assert (await made(ann, ["everything"])).status_code == 422
    token = (await made(ann, ["account"], 2)).json()["token"]
    program = await house.client(headers={"Authorization": f"Bearer {token}"})
    assert (await program.get("/api/v1/tokens")).status_code == 200
    house.works.clock = lambda: utc_now() + timedelta(days=2, seconds=1)
    assert (await program.get("/api/v1/tokens")).status_code == 401
    async with house.works.open() as work:
        await accounts.prune(work)


async def test_every_route_with_every_scope_answers_as_the_scopes_say(house: House) -> None:
    """Of a person who may everything: what the token may is then the scopes alone."""
    await house.person("admin")
    person = await house.person("admin", "creator", handle="walker")
    wrong = []
    for scope in SCOPES:
        async with house.works.open() as work:
            token = await accounts.issue_token(work, person.account_id, "x", scopes=[scope], days=1)
        program = await house.client(headers={"Authorization": f"Bearer {token}"})
        for method, route in declared(house):
            permission = http.permission_of(route)
            assert permission is not None
            needed = product.PERMISSIONS[permission].scope
            looks = scope == "read" and method in SAFE and needed in ("upload", "manage")
            if needed in (None, scope) or looks:
                continue  # what roles grant is walked elsewhere
            answer = await ask(house, method, route, person, client=program)
            if answer.status_code != 403 or (method != "HEAD" and "scopes" not in answer.text):
                wrong.append(f"{scope}: {method} {route.path}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


def test_every_permission_that_guests_lack_has_a_scope() -> None:
    for permission in product.PERMISSIONS.values():
        assert (permission.scope is None) == (GUEST_ROLE in permission.roles), permission.name


async def test_scopes_reach_no_further_than_the_roles_of_the_owner(house: House) -> None:
    viewer = await house.person("viewer")
    token = (await made(viewer, [*SCOPES])).json()["token"]
    program = await house.client(headers={"Authorization": f"Bearer {token}"})
    assert (await program.post("/api/v1/videos", json={"title": "A film"})).status_code == 403
    assert (await program.get("/api/v1/admin/overview")).status_code == 403


async def test_a_reader_looks_at_what_is_its_owners_and_changes_nothing(house: House) -> None:
    ann = await house.person()
    video = (await ann.client.post("/api/v1/videos", json={"title": "A film"})).json()
    token = (await made(ann, ["read"])).json()["token"]
    program = await house.client(headers={"Authorization": f"Bearer {token}"})
    assert len((await program.get("/api/v1/me/videos")).json()["items"]) == 1
    assert (await program.get(f"/api/v1/videos/{video['id']}")).status_code == 200
    assert (await program.delete(f"/api/v1/videos/{video['id']}")).status_code == 403
    for private in ("/api/v1/sessions", "/api/v1/me/copies", "/api/v1/me/audit"):
        assert (await program.get(private)).status_code == 403


async def test_a_token_learns_address_and_roles_where_its_scopes_hold_the_account(house: House) -> None:
    ann = await house.person(handle="ann")
    for scope in SCOPES:
        token = (await made(ann, [scope])).json()["token"]
        program = await house.client(headers={"Authorization": f"Bearer {token}"})
        answer = await program.get("/api/v1/me")
        me, account = answer.json(), answer.json()["account"]
        assert (account["id"], me["profile"]["handle"]) == (str(ann.account_id), "ann")
        assert me["quota"]["limit_bytes"] > 0
        whole = scope == "account"
        assert ("ann@example.org" in answer.text, "creator" in account["roles"]) == (whole, whole)
        assert account["email_verified"] is (False if whole else None)


async def test_a_device_says_what_it_wants_and_gets_no_more(house: House) -> None:
    ann, device = await house.person(), await house.client()
    asked = {"client_name": "a laptop", "scopes": ["upload"]}
    begun = (await device.post("/api/v1/device", json=asked)).json()
    shown = (await ann.client.get(f"/api/v1/device/{begun['user_code']}")).json()
    assert shown["scopes"] == ["upload"]
    await ann.client.post(f"/api/v1/device/{begun['user_code']}/approve")
    got = await device.post("/api/v1/device/token", json={"device_code": begun["device_code"]})
    device.headers["Authorization"] = f"Bearer {got.json()['token']}"
    assert (await device.post("/api/v1/videos", json={"title": "A film"})).status_code == 201
    assert (await device.get("/api/v1/sessions")).status_code == 403
    (seen,) = (await ann.client.get("/api/v1/tokens")).json()["items"]
    assert (seen["via"], seen["scopes"]) == ("device", ["upload"])
    assert seen["expires_at"] is not None


async def test_another_password_ends_the_access_of_programs_where_that_is_wished(house: House) -> None:
    ann = await house.person(handle="ann")
    program = await house.program(ann)
    one, two = "another long enough password", "yet another long password of hers"
    change = {"current": PASSWORD, "new": one}
    assert (await ann.client.post("/api/v1/me/password", json=change)).status_code == 204
    assert (await program.get("/api/v1/tokens")).status_code == 200
    async with house.works.open() as work:
        link = await accounts.hand_out(work, ann.account_id, "reset")
    body = {"token": link.partition("#")[2], "password": two, "end_tokens": True}
    guest = await house.client()
    assert (await guest.post("/api/v1/password-resets/finish", json=body)).status_code == 204
    assert (await program.get("/api/v1/tokens")).status_code == 401


async def test_a_device_that_was_approved_and_not_fetched_yet_ends_with_the_access_of_programs(
    house: House,
) -> None:
    ann, device = await house.person(), await house.client()
    begun = (await device.post("/api/v1/device", json={"client_name": "a laptop"})).json()
    assert (await ann.client.post(f"/api/v1/device/{begun['user_code']}/approve")).status_code == 204
    change = {"current": PASSWORD, "new": "another long enough password", "end_tokens": True}
    assert (await ann.client.post("/api/v1/me/password", json=change)).status_code == 204
    got = await device.post("/api/v1/device/token", json={"device_code": begun["device_code"]})
    assert (got.status_code, got.json()["code"]) == (404, "accounts.device_unknown")


@given(some.text(max_size=80))
def test_rubbish_is_known_without_a_query(text: str) -> None:
    token = rules.new_token()
    assert rules.may_be_token(token)
    assert token.startswith("mat_")
    assert not rules.may_be_token(token[:-1] + ("a" if token[-1] != "a" else "b"))
    assert not rules.may_be_token(text) or len(text) == 47
    assert not rules.may_be_token("mat_" + text.ljust(49, "x")[:49])


async def test_a_changed_token_is_refused_without_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matinee.features.accounts import repository

    async def asked(*_: Any) -> None:
        raise AssertionError("the database was asked")

    token = rules.new_token()
    monkeypatch.setattr(repository, "token_access", asked)
    changed = token[:10] + ("a" if token[10] != "a" else "b") + token[11:]
    client = await house.client(headers={"Authorization": f"Bearer {changed}"})
    assert (await client.get("/api/v1/me")).status_code == 401
