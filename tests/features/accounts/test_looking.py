"""Looking through somebody's eyes: what an operator sees, what stays shut, how it ends, and what the person is told."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog
from tests.conftest import MakeHouse
from tests.infra.mail.office import opened
from tests.support.factors import Clock
from tests.support.house import PASSWORD, House, Person
from tests.support.traces import every_value

from matinee.features.accounts import service as accounts

WHY = "You wrote that your list of films stays empty."


@pytest.fixture
async def boss(house: House) -> Person:
    await house.person("admin", handle="other_boss")
    return await house.person("admin", handle="boss")


@pytest.fixture
async def ann(house: House) -> Person:
    return await house.person(handle="ann")


def path(person: Person) -> str:
    return f"/api/v1/admin/accounts/{person.account_id}/look"


async def look(boss: Person, person: Person) -> None:
    answer = await boss.client.post(path(person), json={"reason": WHY})
    assert answer.status_code == 201, answer.text


async def who(client: httpx.AsyncClient) -> str | None:
    profile = (await client.get("/api/v1/me")).json()["profile"]
    return None if profile is None else str(profile["handle"])


async def test_an_operator_sees_what_that_person_sees_and_only_in_this_browser(
    house: House, boss: Person, ann: Person
) -> None:
    video = (await ann.client.post("/api/v1/videos", json={"title": "Nobody else sees this"})).json()
    program = await house.program(boss)
    await look(boss, ann)
    me = (await boss.client.get("/api/v1/me")).json()
    assert (me["profile"]["handle"], me["account"]["email"], me["account"]["roles"]) == ("ann", None, [])
    assert me["looking"]["until"]
    (shown,) = (await boss.client.get("/api/v1/me/videos")).json()["items"]
    assert shown["id"] == video["id"]
    assert await who(program) == "boss"
    assert (await ann.client.get("/api/v1/me")).json()["looking"] is None


async def test_what_keeps_the_account_safe_and_what_operators_do_stays_shut(
    house: House, boss: Person, ann: Person
) -> None:
    await look(boss, ann)
    for shut in (
        "/api/v1/sessions", "/api/v1/tokens", "/api/v1/me/factors", "/api/v1/me/audit", "/api/v1/me/copies",
        "/api/v1/admin/overview", "/api/v1/admin/audit", "/api/v1/device/BCDF-GHJK", path(ann)[:-5] + "/restriction",
    ):  # fmt: skip
        refused = await boss.client.get(shut)
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.looking"), shut


async def test_nothing_of_the_person_changes(house: House, boss: Person, ann: Person) -> None:
    async def state() -> list[tuple[str, str]]:
        kept = await every_value(house)
        return [(table, row) for table, row in kept if table.split("_")[0] in ("videos", "people", "files")]

    video = (await ann.client.post("/api/v1/videos", json={"title": "A film"})).json()
    await look(boss, ann)
    before = await state()
    beat = {"position_s": 1, "watched_s": 1, "visit": str(uuid4())}
    for method, address, body in (
        ("POST", f"/api/v1/videos/{video['id']}/watch", beat),
        ("PATCH", f"/api/v1/videos/{video['id']}", {"title": "Mine"}),
        ("DELETE", f"/api/v1/videos/{video['id']}", None),
        ("PATCH", "/api/v1/me", {"theme": "dark"}),
        ("PATCH", "/api/v1/me/profile", {"bio": "Mine"}),
        ("POST", "/api/v1/me/proof", {"password": PASSWORD}),
        ("DELETE", "/api/v1/session", None),
        ("POST", "/api/v1/session", {"login": "boss", "password": PASSWORD}),
    ):
        refused = await boss.client.request(method, address, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.looking"), address
    for address in ("/api/v1/me", "/api/v1/me/videos", f"/api/v1/videos/{video['id']}/resume"):
        assert (await boss.client.get(address)).status_code == 200
    assert await state() == before


async def test_it_ends_by_a_button_and_by_time(house: House, boss: Person, ann: Person) -> None:
    clock = Clock(house)
    await look(boss, ann)
    clock.go(seconds=1)
    assert await who(boss.client) == "ann"
    assert (await boss.client.delete("/api/v1/look")).status_code == 204
    clock.go(seconds=1)
    assert await who(boss.client) == "boss"
    assert (await boss.client.delete("/api/v1/look")).status_code == 204
    await look(boss, ann)
    clock.go(minutes=14, seconds=59)
    assert await who(boss.client) == "ann"
    clock.go(seconds=2)
    assert await who(boss.client) == "boss"


async def test_it_ends_with_the_session_and_with_what_happens_to_either_of_them(house: House) -> None:
    for event in ("session", "suspended", "limited", "leaves", "roles", "operator"):
        boss = await house.person("admin", handle=f"boss_{event}")
        ann = await house.person(handle=f"ann_{event}")
        await look(boss, ann)
        assert await who(boss.client) == ann.handle
        if event == "leaves":
            await ann.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
        async with house.works.open() as work:
            if event == "session":
                await accounts.end_sessions(work, boss.account_id)
            elif event in ("suspended", "limited"):
                await accounts.restrict(work, ann.account_id, event, "Spam.")  # type: ignore[arg-type]
            elif event == "roles":
                await accounts.set_roles(work, ann.account_id, ["viewer"])
            elif event == "operator":
                await accounts.set_roles(work, boss.account_id, ["viewer"])
        assert await who(boss.client) == (None if event == "session" else boss.handle), event


async def test_nobody_looks_through_their_own_eyes_through_shut_ones_or_without_a_reason(
    house: House, boss: Person, ann: Person
) -> None:
    async def refused(client: httpx.AsyncClient, person: Person, reason: str = WHY) -> Any:
        answer = await client.post(path(person), json={"reason": reason})
        return answer.status_code, answer.json()["code"]

    assert await refused(boss.client, boss) == (409, "accounts.not_yourself")
    assert await refused(boss.client, ann, "Too short") == (422, "house.invalid")
    short = (await boss.client.post(path(ann), json={"reason": "Too short"})).json()
    assert short["detail"] == "reason: String should have at least 10 characters."
    assert await refused(boss.client, ann, "x" * 501) == (422, "house.invalid")
    assert await refused(await house.program(boss), ann) == (403, "accounts.browser_only")
    assert (await refused((await house.person("moderator")).client, ann))[0] == 403
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
    assert await refused(boss.client, ann) == (404, "accounts.not_found")
    later = house.works.clock() + timedelta(minutes=11)
    house.works.clock = lambda: later
    assert await refused(boss.client, ann) == (403, "accounts.prove_again")


async def test_an_operator_may_look_as_whoever_is_not_above_them(house: House, boss: Person) -> None:
    for role in ("admin", "owner"):
        above = await house.person(role)
        answer = await boss.client.post(path(above), json={"reason": WHY})
        assert (answer.status_code, answer.json()["code"]) == (403, "roles.above_you")
    for role in ("viewer", "moderator"):
        await look(boss, await house.person(role, handle=f"seen_{role}"))
        assert await who(boss.client) == f"seen_{role}"
        assert (await boss.client.get("/api/v1/admin/overview")).status_code == 403
        assert (await boss.client.delete("/api/v1/look")).status_code == 204


async def test_what_the_operator_asks_is_counted_as_theirs(make_house: MakeHouse) -> None:
    house = await make_house(limit_reads=5)
    boss, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    await look(boss, ann)
    answers = [(await boss.client.get("/api/v1/me")).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert (await ann.client.get("/api/v1/me")).status_code == 200


async def test_what_the_operator_is_refused_is_noted_as_theirs(
    house: House, boss: Person, ann: Person
) -> None:
    await look(boss, ann)
    with structlog.testing.capture_logs() as lines:
        await boss.client.get("/api/v1/sessions")
    who = [line.get("who") for line in lines if line["event"] == "request"]
    assert who == [accounts.alias(house.settings, boss.account_id)]


async def test_both_find_it_in_the_log_and_the_person_reads_why(
    house: House, boss: Person, ann: Person
) -> None:
    await look(boss, ann)
    await boss.client.delete("/api/v1/look")
    hers = (await ann.client.get("/api/v1/me/audit")).json()["items"]
    assert [(one["act"], one["who"], one["words"]) for one in hers[:2]] == [
        ("look.ended", "operator", {}),
        ("look.begun", "operator", {"reason": WHY}),
    ]
    his = [one["act"] for one in (await boss.client.get("/api/v1/me/audit")).json()["items"]]
    assert his[:2] == ["look.ended", "look.begun"]
    (notice,) = (await ann.client.get("/api/v1/sessions")).json()["notices"]
    assert (notice["kind"], notice["reason"]) == ("looked_at", WHY)


async def test_the_person_gets_a_letter_that_says_why(make_house: MakeHouse) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        boss, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
        await look(boss, ann)
        await house.run_jobs()
        (letter,) = office.letters
        assert letter["To"] == ann.email
        assert WHY in str(letter.get_body(("plain",)))
