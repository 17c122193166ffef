"""Who may make an account: chosen by operators, at once for everybody; a setting wins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.conftest import MakeHouse
from tests.features.admission.desk import POLICY, choose, join, joined, said
from tests.support.house import House
from typer.testing import CliRunner, Result

from matinee.entrypoints.parts import assemble, opened
from matinee.features.accounts import service as accounts
from matinee.features.admission.commands import commands
from matinee.features.admission.service import policy
from matinee.infra.work import Works


async def test_a_closed_house_takes_nobody_but_whom_the_operator_makes(house: House) -> None:
    operator = await house.person("admin")
    assert (await joined(house, "early")) is not None
    await choose(operator, mode="closed")
    assert said(await join(house, "late")) == (403, "admission.closed")
    guest = await house.client()
    asked = await guest.post("/api/v1/accounts/letters", json={"email": "late@example.org"})
    assert said(asked) == (403, "admission.closed")
    assert (await guest.get("/api/v1/me")).json()["signup"] == "closed"
    async with house.works.open() as work:
        link = await accounts.invite(work, "late@example.org")
    made = await join(house, "late", email=None, token=link.partition("#")[2])
    assert made.status_code == 201
    assert made.json()["account"]["waits"] is False


async def test_what_everybody_may_know_is_on_me(house: House) -> None:
    operator = await house.person("admin")
    guest = await house.client()
    asked = "Who sent you?"
    await choose(operator, mode="approval", work=True, question=f"  {asked} \n")
    me = (await guest.get("/api/v1/me")).json()
    assert (me["signup"], me["signup_work"], me["signup_question"]) == ("approval", True, asked)
    await choose(operator, mode="closed", work=True, question=asked)
    me = (await guest.get("/api/v1/me")).json()
    assert (me["signup"], me["signup_work"], me["signup_question"]) == ("closed", False, "")


async def test_only_operators_choose_and_they_prove_it_is_them(house: House) -> None:
    moderator, operator = await house.person("moderator"), await house.person("admin")
    for method in ("GET", "PUT"):
        answer = await moderator.client.request(method, "/api/v1/admin/admission", json=POLICY)
        assert answer.status_code == 403
    program = await house.program(operator)
    assert said(await program.put("/api/v1/admin/admission", json=POLICY)) == (403, "accounts.browser_only")
    assert (await program.get("/api/v1/admin/admission")).json()["mode"] == "open"
    wrong = await operator.client.put("/api/v1/admin/admission", json=POLICY | {"mode": "ajar"})
    assert wrong.status_code == 422
    await choose(operator, mode="invitation")
    acts = (await operator.client.get("/api/v1/admin/audit")).json()["items"]
    changed = next(act for act in acts if act["act"] == "signup.changed")
    assert changed["facts"]["before"] == "open"
    assert changed["facts"]["after"] == "invitation"


async def test_a_setting_wins_and_the_page_says_so(make_house: MakeHouse) -> None:
    house = await make_house(signup="closed")
    operator = await house.person("admin")
    shown = (await operator.client.get("/api/v1/admin/admission")).json()
    assert (shown["mode"], shown["fixed"]) == ("closed", ["mode"])
    refused = await operator.client.put("/api/v1/admin/admission", json=POLICY)
    assert said(refused) == (409, "admission.setting_wins")
    assert (await choose(operator, mode="closed", question="Who?"))["question"] == "Who?"
    assert said(await join(house, "late")) == (403, "admission.closed")


async def test_another_process_obeys_at_once_and_shows_it_within_two_seconds(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await make_house(), await make_house()
    operator, guest = await here.person("admin"), await there.client()
    assert (await guest.get("/api/v1/me")).json()["signup"] == "open"
    await choose(operator, mode="closed")
    assert said(await join(there, "late")) == (403, "admission.closed")
    assert policy.REMEMBERED_S <= 2
    monkeypatch.setattr(policy, "REMEMBERED_S", 0.0)  # as if they had passed
    assert (await guest.get("/api/v1/me")).json()["signup"] == "closed"


async def test_the_terminal_shows_and_sets_the_doors(house: House) -> None:
    ann = await joined(house, "early")

    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), obj=open_works)

    done = await run("set", "approval", "--question", "Who are you?", "--invitations", "2")
    assert done.exit_code == 0, done.output
    assert "approval" in (await run("show")).output
    assert (await run("set", "ajar")).exit_code == 2
    await joined(house, "ben", answer="Ben [red]from[/red] next door")
    listed = (await run("waiting")).output
    assert "ben@example.org" in listed
    assert "[red]from[/red]" in listed
    assert (await run("approve", "ben")).exit_code == 0
    assert (await run("approve", "ben")).exit_code == 1
    assert "Nobody waits." in (await run("waiting")).output
    await joined(house, "cleo", answer="Cleo")
    assert (await run("refuse", "cleo", "--reason", "We are full.")).exit_code == 0
    secret = (await run("invite", "--note", "For Dana", "--uses", "2")).output.strip().partition("#")[2]
    assert "For Dana" in (await run("invitations")).output
    dana = await joined(house, "dana", invitation=secret)
    assert (await dana.get("/api/v1/me")).json()["account"]["waits"] is False
    id = (await run("invitations")).output.splitlines()[-1].split()[0]
    assert (await run("revoke", id)).exit_code == 0
    assert said(await join(house, "emil", invitation=secret)) == (404, "admission.invitation_over")
    assert (await ann.get("/api/v1/me/invitations")).json()["most"] == 2
