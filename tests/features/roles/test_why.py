"""Why one may or may not: for oneself, for operators about somebody, in a refusal and in the terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
import typer
from tests.features.admission.desk import choose, joined
from tests.support.house import PASSWORD, House, Person
from typer.testing import CliRunner, Result

from matinee.entrypoints import product
from matinee.entrypoints.parts import assemble, opened
from matinee.features.accounts import service as accounts
from matinee.features.people.commands import app
from matinee.features.roles import service as roles
from matinee.features.roles.commands import commands
from matinee.features.roles.schemas import NewRole
from matinee.infra.work import Works

Terminal = Callable[..., "asyncio.Future[Result]"]


async def test_everybody_sees_what_they_may_and_by_what(house: House) -> None:
    async with house.works.open() as work:
        await roles.make(work, NewRole(name="helper", title="Helper", permissions=["accounts.audit"]))
    ann = await house.person("creator")
    found = (await ann.client.get("/api/v1/me/permissions")).json()
    held = set((await ann.client.get("/api/v1/me")).json()["account"]["permissions"])
    assert {one["permission"] for one in found["items"]} == set(product.PERMISSIONS)
    assert {one["permission"] for one in found["items"] if one["may"]} == held
    audit = next(one for one in found["items"] if one["permission"] == "accounts.audit")
    assert [role["name"] for role in audit["held_by"]] == ["admin", "owner", "helper"]
    guest = await house.client()
    found = (await guest.get("/api/v1/me/permissions")).json()
    assert found["signed_in"] is False
    audit = next(one for one in found["items"] if one["permission"] == "accounts.audit")
    assert [role["name"] for role in audit["held_by"]] == [
        "admin",
        "owner",
    ]  # what was made here is for members
    assert audit["sentence"] == "You may not. Nobody is signed in. Sign in first."


async def test_who_is_not_let_in_learns_of_no_role_that_operators_made(house: House) -> None:
    boss = await house.person("owner")
    async with house.works.open() as work:
        await roles.make(work, NewRole(name="helper", title="Helper", permissions=["accounts.audit"]))
    await choose(boss, mode="approval")
    for stranger in (await house.client(), await joined(house, "ben")):
        for path in ("/api/v1/me/permissions", "/api/v1/me/permissions/accounts.audit"):
            answer = await stranger.get(path)
            assert (answer.status_code, "elper" in answer.text) == (200, False), path


async def test_a_refusal_names_the_permission_that_its_explanation_is_about(house: House) -> None:
    ann = await house.person("viewer")
    refused = (await ann.client.post("/api/v1/videos", json={"title": "A film"})).json()
    assert refused["permission"] == "videos.create"
    why = (await ann.client.get(f"/api/v1/me/permissions/{refused['permission']}")).json()
    assert why["may"] is False
    assert why["steps"][-1]["sentence"].startswith("None of your roles holds it. It is held by “Creator”")
    program = await house.client(headers={"Authorization": f"Bearer {await _token(house, ann)}"})
    why = (await program.get("/api/v1/me/permissions/accounts.self")).json()
    assert why["sentence"] == "You may not. This needs the scope “account”; the token's are “read”."
    assert (await ann.client.get("/api/v1/me/permissions/no.such")).json()["code"] == (
        "roles.permission_not_found"
    )


async def _token(house: House, person: Person) -> str:
    async with house.works.open() as work:
        return await accounts.issue_token(work, person.account_id, "x", scopes=["read"])


async def test_operators_ask_about_somebody_and_nobody_else_does(house: House) -> None:
    boss, ann = await house.person("admin"), await house.person("creator")
    path = f"/api/v1/admin/accounts/{ann.account_id}/permissions/videos.create"
    assert (await ann.client.get(path)).status_code == 403
    assert (await boss.client.get(path)).json()["sentence"] == "They may. Their role “Creator” holds it."
    nobody = f"/api/v1/admin/accounts/{uuid4()}/permissions/videos.create"
    assert (await boss.client.get(nobody)).json()["code"] == "accounts.not_found"
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "limited", "A test asks for it.")
    limited = (await boss.client.get(path)).json()
    assert not limited["may"]
    assert "limited until an operator lifts it" in limited["sentence"]
    looks = await boss.client.get(path.replace("videos.create", "videos.watch"))
    assert looks.json()["may"]
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "A test asks for it.")
    shut = (await boss.client.get(path)).json()
    assert (shut["may"], "This account is suspended" in shut["sentence"]) == (False, True)
    async with house.works.open() as work:
        await roles.make(work, NewRole(name="clerk", title="Clerk", permissions=["roles.read"]))
    clerk = await house.person("clerk")
    for kind in ("suspended", "limited"):
        async with house.works.open() as work:
            await accounts.restrict(work, ann.account_id, kind, "A test asks for it.")
        for by, read in ((boss, True), (clerk, False)):  # why is for who manages accounts
            answer = await by.client.get(path)
            assert (kind in answer.text, "A test asks" in answer.text) == (True, read), answer.text
    ben = await house.person()
    await ben.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    path = f"/api/v1/admin/accounts/{ben.account_id}/permissions/videos.create"
    assert "leaving" in (await boss.client.get(path)).json()["sentence"]


# -- terminal


@pytest.fixture
def terminal(house: House) -> Terminal:
    """Runs a command in a thread, over parts of its own as a process of its own would."""

    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    def run(group: typer.Typer, *arguments: str) -> "asyncio.Future[Result]":
        call = asyncio.to_thread(CliRunner().invoke, group, list(arguments), obj=open_works)
        return asyncio.ensure_future(call)

    return run


async def test_the_terminal_makes_roles_and_says_why(house: House, terminal: Terminal) -> None:
    ann = await house.person("viewer", handle="ann")
    made = await terminal(
        commands, "make", "helper", "--like", "moderator", "--permission", "roles.read", "--factor"
    )
    assert made.exit_code == 0, made.output
    assert "helper: Helper, made here" in made.output
    assert "second factor" in made.output
    assert "files.read_own" in made.output
    refused = await terminal(commands, "make", "Bad Name")
    assert refused.exit_code == 1
    assert "name:" in refused.stderr
    changed = await terminal(commands, "change", "helper", "--permission", "roles.read", "--no-factor")
    assert "second factor" not in changed.output
    assert "files.read_own" not in changed.output
    assert (await terminal(app, "may", "ann", "roles.read")).exit_code == 1
    assert (await terminal(app, "roles", "ann", "--role", "helper")).exit_code == 0
    may = await terminal(app, "may", "ann", "roles.read")
    assert may.exit_code == 0
    assert may.output.splitlines()[-1] == "They may. Their role “Helper” holds it."
    await house.works.held(roles.Book).believed()
    assert (await ann.client.get("/api/v1/me")).json()["account"]["roles"] == ["helper"]
    listed = await terminal(commands, "ls")
    assert any(line.startswith("helper") and " 1 " in line for line in listed.output.splitlines())
    assert "videos.oversee" in (await terminal(commands, "permissions")).output
    assert (await terminal(commands, "show", "nobody")).exit_code == 1
    dropped = await terminal(commands, "drop", "helper")
    assert dropped.output.strip() == "Dropped helper, which 1 person held."
    assert (await terminal(commands, "drop", "admin")).exit_code == 1
