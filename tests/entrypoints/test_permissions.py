"""Every route × every role, from what the routes declare and the rooms grant."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from tests.support.house import PASSWORD, House, Person

from matinee.entrypoints import product
from matinee.features.accounts import service as accounts
from matinee.features.roles import service as roles
from matinee.features.roles.rules.charter import Charter
from matinee.features.roles.schemas import NewRole
from matinee.infra import front, http
from matinee.kernel.actor import ROLES

# Routes that ask nobody who they are, and why.
OPEN = {
    "/health", "/health/live", "/health/ready", "/metrics",  # orchestrators; nothing personal
    "/docs", "/docs/errors", "/docs/style.css",
    "/api/v1/openapi.json", "/.well-known/jwks.json",  # the interface itself
    "/api/v1/socket",  # each subscription is authorised by its topic
    # The client's files and pages; what a page shows of a video or a person goes through the rooms' own checks.
    "/assets/{path:path}", "/embed/{video_id}", "/watch/{video_id}", "/@{handle}", "/", "/upload", "/videos",
    "/videos/{rest:path}", "/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/confirm-address", "/join",
    "/device", "/privacy", "/settings", "/settings/{rest:path}", "/run", "/run/{rest:path}", "/{name:path}",
}  # fmt: skip
PATH_VALUES = {
    "handle": "nobody_here", "user_code": "BCDF-GHJK", "job_id": "987654321", "grant": "open", "rest": "a/b",
    "name": "0.m4s", "number": "0",
}  # fmt: skip


def declared(house: House) -> list[tuple[str, APIRoute]]:
    """(method, route) of all routes that name a permission."""
    return [
        (method, route)
        for route in front.routes_of(house.app)
        if isinstance(route, APIRoute) and http.permission_of(route) is not None
        for method in sorted(route.methods or ())
    ]


def plausible(house: House, schema: dict[str, Any]) -> Any:
    """A value that fits a JSON schema of the OpenAPI document."""
    if "$ref" in schema:
        return plausible(
            house, house.app.openapi()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        )
    if "anyOf" in schema:
        return plausible(house, schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: plausible(house, properties[name]) for name in schema.get("required", ())}
    if kind == "string":
        if schema.get("format") == "uuid":
            return str(uuid4())
        return "plausible"[: schema.get("maxLength", 99)].ljust(schema.get("minLength", 1), "x")
    return {"integer": 1, "number": 1.0, "boolean": True, "array": []}.get(str(kind))


def charter_of(house: House) -> Charter:
    return house.works.held(roles.Book).charter


def body_of(house: House, method: str, route: APIRoute, person: Person | None) -> Any:
    """What a client would send; right credentials where a wrong one would be answered with 401."""
    login = {"login": person.email if person else "nobody", "password": PASSWORD}
    special: dict[tuple[str, str], dict[str, str]] = {
        ("POST", "/api/v1/session"): login,
        ("POST", "/api/v1/tokens"): login | {"name": "a program"},
    }
    if (method, route.path) in special:
        return special[method, route.path]
    operation = house.app.openapi()["paths"].get(route.path_format, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    return plausible(house, content["application/json"]["schema"]) if "application/json" in content else None


def query_of(house: House, method: str, route: APIRoute) -> dict[str, Any]:
    operation = house.app.openapi()["paths"].get(route.path_format, {}).get(method.lower(), {})
    return {
        parameter["name"]: plausible(house, parameter["schema"])
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required")
    }


async def ask(
    house: House, method: str, route: APIRoute, person: Person | None, client: httpx.AsyncClient | None = None
) -> httpx.Response:
    """One request in a session of its own, since some requests end theirs, or by `client`."""
    path = route.path_format
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", PATH_VALUES.get(name, str(uuid4())))
    if client is not None:
        pass
    elif person is None:
        client = await house.client()
    else:
        async with house.works.open() as work:
            client = await house.browser(await accounts.open_session(work, person.account_id))
    body = body_of(house, method, route, person)
    return await client.request(method, path, params=query_of(house, method, route), json=body)


async def test_every_route_declares_a_permission_or_is_on_the_short_list(house: House) -> None:
    for route in front.routes_of(house.app):
        path = getattr(route, "path", "?")
        if isinstance(route, APIWebSocketRoute) or http.permission_of(route) is None:
            assert path in OPEN, f"{path} declares no permission"
        else:
            assert path not in OPEN
            assert http.permission_of(route) in product.PERMISSIONS
    assert {getattr(route, "path", "?") for route in front.routes_of(house.app)} >= OPEN


async def test_the_interface_document_says_what_each_operation_needs(house: House) -> None:
    document = (await (await house.client()).get("/api/v1/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("x-permission") in product.PERMISSIONS, (method, path)


def test_every_permission_is_described_and_held_by_somebody() -> None:
    for name, permission in product.PERMISSIONS.items():
        assert permission.roles
        assert permission.roles <= set(ROLES)
        assert permission.description.endswith(".")
        assert name.split(".")[0] in {room.name for room in product.ROOMS}
    names = [permission.name for room in product.ROOMS for permission in room.permissions]
    assert len(names) == len(set(names))


def test_owners_hold_all_administrators_what_creators_hold_and_advertisers_what_viewers_do() -> None:
    held = {role: {n for n, p in product.PERMISSIONS.items() if role in p.roles} for role in ROLES}
    assert held["owner"] == set(product.PERMISSIONS)
    assert held["creator"] <= held["admin"]
    assert held["viewer"] == held["advertiser"]


@pytest.mark.parametrize("role", [*ROLES, "keeper"])
async def test_a_role_is_refused_exactly_what_it_does_not_hold(house: House, role: str) -> None:
    async with house.works.open() as work:
        made = ["roles.read", "videos.edit"]
        await roles.make(work, NewRole(name="keeper", title="Keeper", permissions=made))
    person = None if role == "guest" else await house.person(role, handle="walker")
    charter = await house.works.held(roles.Book).believed()
    granted = charter.permissions_of({"guest", role})
    assert role != "keeper" or granted == charter.open_to_all | set(made)
    wrong = []
    for method, route in declared(house):
        answer = await ask(house, method, route, person)
        permission = http.permission_of(route)
        status = answer.status_code
        if permission in granted:
            as_guest = role == "guest" and status == 401 and "credentials" in answer.text
            right = as_guest or (status not in (401, 403) and status < 500)
        else:
            right = status == (401 if role == "guest" else 403)
        if not right:
            wrong.append(f"{method} {route.path} ({permission}): {status} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert len(declared(house)) > 40


async def test_a_limited_account_is_refused_all_but_looking_and_keeping_itself(house: House) -> None:
    person = await house.person("admin", handle="walker")
    await house.person("admin")
    async with house.works.open() as work:
        await accounts.restrict(work, person.account_id, "limited", "The walk says so.")
    held, wrong, refused = charter_of(house).permissions_of({"guest", "admin"}), [], 0
    for method, route in declared(house):
        answer = await ask(house, method, route, person)
        status = answer.status_code
        left = charter_of(house).when_limited(held, reading=method in http.SAFE_METHODS)
        if http.permission_of(route) in left:
            right = status not in (401, 403) and status < 500
        else:
            right = status == 403 and (method == "HEAD" or answer.json()["code"] == "accounts.limited")
            refused += 1
        if not right:
            wrong.append(f"{method} {route.path}: {status} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert refused > 20


def test_a_limited_account_may_keep_itself_and_change_nothing_that_others_see() -> None:
    left = Charter(product.PERMISSIONS).when_limited(product.PERMISSIONS, reading=False)
    assert {"accounts.self", "accounts.secure", "privacy.copy"} <= left
    assert left.isdisjoint(
        {"people.self", "admission.invite", "files.upload", "videos.create", "videos.edit", "accounts.manage"}
    )
    assert {product.PERMISSIONS[name].scope for name in left} == {None, "account"}


async def test_a_suspended_account_is_a_guest_everywhere_in_its_browser_and_nobody_as_a_program(
    house: House,
) -> None:
    person = await house.person("admin", handle="walker")
    await house.person("admin")
    program = await house.program(person)
    async with house.works.open() as work:
        await accounts.restrict(work, person.account_id, "suspended", "The walk says so.")
    guests, wrong = charter_of(house).permissions_of({"guest"}), []
    for method, route in declared(house):
        by_browser = await ask(house, method, route, None, person.client)
        by_program = await ask(house, method, route, None, program)
        as_guest = by_browser.status_code != 401 or "credentials" in by_browser.text
        if as_guest != (http.permission_of(route) in guests):
            wrong.append(f"{method} {route.path}: {by_browser.status_code} {by_browser.text[:200]}")
        if not route.path.startswith("/media/") and by_program.status_code != 401:
            wrong.append(f"{method} {route.path} by a program: {by_program.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_who_looks_through_somebodys_eyes_may_look_and_stop(house: House) -> None:
    boss, person = await house.person("owner", handle="boss"), await house.person("admin", handle="walker")
    begun = await boss.client.post(
        f"/api/v1/admin/accounts/{person.account_id}/look", json={"reason": "The walk says so."}
    )
    assert begun.status_code == 201, begun.text
    held = charter_of(house).permissions_of({"guest", "admin"})
    seen, wrong = charter_of(house).within(held, ("read",), reading=True), []
    for method, route in declared(house):
        if http.permission_of(route) == accounts.STOP_LOOKING:
            continue
        answer = await ask(house, method, route, None, boss.client)
        if method in http.SAFE_METHODS and http.permission_of(route) in seen:
            right = answer.status_code not in (401, 403) and answer.status_code < 500
        else:
            right = answer.status_code == 403 and (
                method == "HEAD" or answer.json()["code"] == "accounts.looking"
            )
        if not right:
            wrong.append(f"{method} {route.path}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert (await boss.client.delete("/api/v1/look")).status_code == 204
    assert (await boss.client.get("/api/v1/admin/overview")).status_code == 200


async def test_a_program_holds_what_its_person_holds(house: House) -> None:
    viewer = await house.program(await house.person("viewer"))
    assert (await viewer.get("/api/v1/me")).status_code == 200
    assert (await viewer.post("/api/v1/videos", json={"title": "A film"})).status_code == 403
    assert (await viewer.get("/api/v1/admin/overview")).status_code == 403


async def test_a_taken_away_role_counts_from_the_next_request(house: House) -> None:
    creator = await house.person("creator")
    assert (await creator.client.get("/api/v1/me/videos")).status_code == 200
    async with house.works.open() as work:
        await accounts.set_roles(work, creator.account_id, ["viewer"])
    assert (await creator.client.get("/api/v1/me/videos")).status_code == 403
    assert (await creator.client.get("/api/v1/me")).json()["account"]["roles"] == ["viewer"]
