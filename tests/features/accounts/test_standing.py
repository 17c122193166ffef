"""Suspended and limited accounts: what they may, how long, and what everybody is told."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.infra.mail.office import Office, opened
from tests.support.factors import Clock
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import LastOwner
from matinee.kernel.actor import Actor

WHY = "Three films that were not yours."


@pytest.fixture
async def boss(house: House) -> Person:
    await house.person("admin", handle="other_boss")
    return await house.person("admin", handle="boss")


@pytest.fixture
async def ann(house: House) -> Person:
    return await house.person(handle="ann")


def path(person: Person) -> str:
    return f"/api/v1/admin/accounts/{person.account_id}/restriction"


async def restrict(boss: Person, person: Person, kind: str, **more: Any) -> dict[str, Any]:
    answer = await boss.client.post(path(person), json={"kind": kind, "reason": WHY} | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_limited_person_looks_and_keeps_the_account_and_does_nothing_else(
    house: House, boss: Person, ann: Person
) -> None:
    program = await house.program(ann)
    until = (house.works.clock() + timedelta(days=3)).isoformat()
    await restrict(boss, ann, "limited", until=until)
    for client in (ann.client, program):
        for good in ("/api/v1/me/videos", "/api/v1/videos", "/api/v1/profiles/boss", "/api/v1/sessions"):
            assert (await client.get(good)).status_code == 200, good
        refused = [
            await client.post("/api/v1/videos", json={"title": "A film"}),
            await client.post("/api/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"}),
            await client.patch("/api/v1/me/profile", json={"bio": "All of it"}),
        ]
        for answer in refused:
            body = answer.json()
            assert (answer.status_code, body["code"], body["reason"]) == (403, "accounts.limited", WHY)
            assert body["until"][:19] == until[:19]
            assert WHY in body["detail"]
    kept = await ann.client.patch("/api/v1/me", json={"theme": "dark"})
    assert kept.status_code == 200
    standing = kept.json()["account"]["standing"]
    assert (standing["kind"], standing["reason"]) == ("limited", WHY)
    assert "note" not in standing
    assert (await ann.client.post("/api/v1/me/copies", json={"films": False})).status_code == 202


async def test_a_limit_ends_by_itself_in_the_same_access_token(
    house: House, boss: Person, ann: Person
) -> None:
    clock = Clock(house)
    await restrict(boss, ann, "limited", until=(clock.now + timedelta(minutes=2)).isoformat())
    clock.go(seconds=1)
    form = {"title": "A film"}
    assert (await ann.client.post("/api/v1/videos", json=form)).status_code == 403
    before = dict(ann.client.cookies)
    clock.go(minutes=2)
    assert (await ann.client.post("/api/v1/videos", json=form)).status_code == 201
    assert dict(ann.client.cookies) == before
    assert (await ann.client.get("/api/v1/me")).json()["account"]["standing"] is None


async def test_what_runs_is_refused_from_its_next_piece_on(house: House, boss: Person, ann: Person) -> None:
    video = (await ann.client.post("/api/v1/videos", json={"title": "A film"})).json()
    begun = await ann.client.post(
        "/api/v1/uploads",
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "9",
            "Upload-Metadata": "purpose dmlkZW8=,subject " + _coded(f"video:{video['id']}"),
        },
    )
    assert begun.status_code == 201, begun.text
    await restrict(boss, ann, "limited")
    headers = {
        "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    piece = await ann.client.patch(begun.headers["location"], headers=headers, content=b"123456789")
    assert (piece.status_code, piece.json()["code"]) == (403, "accounts.limited")
    assert (await boss.client.delete(path(ann))).status_code == 204
    piece = await ann.client.patch(begun.headers["location"], headers=headers, content=b"123456789")
    assert piece.status_code == 204


async def test_a_suspended_person_is_out_until_the_moment_and_then_signs_in_again(
    house: House, boss: Person, ann: Person
) -> None:
    clock, program = Clock(house), await house.program(ann)
    until = clock.now + timedelta(days=2)
    await restrict(boss, ann, "suspended", until=until.isoformat())
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None
    assert (await program.get("/api/v1/me")).status_code == 401
    browser = await house.client()
    wrong = await browser.post("/api/v1/session", json={"login": "ann", "password": "not that one"})
    assert wrong.json()["code"] == "accounts.wrong_credentials"
    assert WHY not in wrong.text
    refused = await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.suspended")
    assert (refused.json()["reason"], refused.json()["until"][:16]) == (WHY, until.isoformat()[:16])
    clock.go(days=2, seconds=1)
    assert (
        await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    ).status_code == 200
    assert (await program.get("/api/v1/me")).status_code == 200
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None


async def test_one_stands_in_the_place_of_the_other_and_all_of_them_are_remembered(
    house: House, boss: Person, ann: Person
) -> None:
    await restrict(boss, ann, "limited", note="Seen before.")
    await restrict(boss, ann, "limited", note="Seen before.")
    await restrict(boss, ann, "suspended")
    shown = await restrict(boss, ann, "limited", note="Came to reason.")
    assert shown["now"]["kind"] == "limited"
    assert [(one["kind"], one["note"], one["lifted_at"] is None) for one in shown["history"]] == [
        ("limited", "Came to reason.", True),
        ("suspended", "", False),
        ("limited", "Seen before.", False),
    ]
    for _ in range(2):
        assert (await boss.client.delete(path(ann))).status_code == 204
    shown = (await boss.client.get(path(ann))).json()
    assert shown["now"] is None
    assert all(one["lifted_at"] for one in shown["history"])
    async with house.works.open() as work:
        acts = (await accounts.acts_of(work, ann.account_id, limit=100)).items[::-1]
    told = [(one.act, one.who, one.words.get("reason")) for one in acts if one.act.startswith("account.")]
    assert told[1:] == [
        ("account.limited", "operator", WHY),
        ("account.suspended", "operator", WHY),
        ("account.limited", "operator", WHY),
        ("account.restored", "operator", None),
    ]


async def test_nobody_decides_about_themselves_about_more_than_they_are_or_about_the_last_one(
    house: House, boss: Person, ann: Person
) -> None:
    own = await boss.client.post(path(boss), json={"kind": "limited", "reason": WHY})
    assert own.json()["code"] == "accounts.not_yourself"
    owner, other = await house.person("owner"), await house.person("owner")
    for act in (
        boss.client.post(path(owner), json={"kind": "limited", "reason": WHY}),
        boss.client.delete(path(owner)),
        boss.client.post(path(owner).replace("restriction", "look"), json={"reason": WHY}),
    ):
        assert (await act).json()["code"] == "roles.above_you"
    async with house.works.open() as work:
        await accounts.restrict(work, other.account_id, "limited", WHY)
        with pytest.raises(LastOwner):
            await accounts.restrict(work, owner.account_id, "limited", WHY)
    assert (await ann.client.post(path(boss), json={"kind": "limited", "reason": WHY})).status_code == 403


async def test_a_restriction_says_why_and_ends_later_than_now(boss: Person, ann: Person) -> None:
    for wrong in (
        {"reason": ""},
        {"reason": " \n "},
        {"reason": "\u200b\ufeff\u3164"},
        {"kind": "banned"},
        {"reason": "x" * 501},
        {"note": "x" * 1001},
        {"until": "2001-01-01T00:00:00Z"},
        {"until": "2091-01-01T00:00:00"},
        {"until": "9999-12-31T23:59:59Z"},
        {"until": "9999-12-31T23:59:59-12:00"},
    ):
        form = {"kind": "limited", "reason": WHY} | wrong
        assert (await boss.client.post(path(ann), json=form)).status_code == 422, wrong


async def test_to_restrict_and_to_lift_need_a_proof_and_a_browser(
    house: House, boss: Person, ann: Person
) -> None:
    program = await house.program(boss)
    form = {"kind": "limited", "reason": WHY}
    assert (await program.post(path(ann), json=form)).json()["code"] == "accounts.browser_only"
    Clock(house).go(minutes=11)
    assert (await boss.client.post(path(ann), json=form)).json()["code"] == "accounts.prove_again"
    assert (await boss.client.delete(path(ann))).json()["code"] == "accounts.prove_again"


async def test_a_limited_operator_runs_nothing(house: House, boss: Person) -> None:
    async with house.works.open() as work:
        await accounts.restrict(work, boss.account_id, "limited", WHY)
    for address in ("/api/v1/admin/overview", "/api/v1/admin/audit", path(boss)):
        refused = await boss.client.get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "accounts.limited")


async def test_an_open_page_hears_that_it_may_less_now(house: House, ann: Person) -> None:
    heard: list[str] = []
    stop = house.parts.bus.hear(heard.append)
    async with house.works.open(ann.actor) as work:
        channel = await accounts.follow(work, None)
        assert await accounts.follow(work, "somebody") is None
    async with house.works.open(Actor()) as work:
        assert await accounts.follow(work, None) is None
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "limited", WHY)
    stop()
    assert channel in heard


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as found:
        yield found


async def test_the_person_is_written_to_and_reads_why(make_house: MakeHouse, office: Office) -> None:
    house = await make_house(mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>")
    ann = await house.person(handle="ann")
    until = house.works.clock() + timedelta(days=2)
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "limited", WHY, until)
    await house.run_jobs()
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", WHY)
    await house.run_jobs()
    async with house.works.open() as work:
        await accounts.lift(work, ann.account_id)
    await house.run_jobs()
    assert [letter["Subject"] for letter in office.letters] == [
        "Your account is limited", "Your account is suspended", "Your account is open again",
    ]  # fmt: skip
    first, second, _ = (letter.get_body(("plain",)).get_content() for letter in office.letters)  # type: ignore[union-attr]
    assert WHY in first
    assert f"{until:%d %B %Y}" in first
    assert WHY in second
    assert "An operator decides when it ends" in second


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
