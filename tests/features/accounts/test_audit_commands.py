"""`matinee audit …` in the terminal, over a real house."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from tests.support.house import House
from typer.testing import CliRunner, Result

from matinee.entrypoints.parts import assemble, opened
from matinee.features.accounts import service as accounts
from matinee.features.accounts.commands import commands
from matinee.infra.work import Works


async def test_the_log_is_listed_exported_and_verified_from_the_terminal(house: House) -> None:
    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), obj=open_works)

    ann = await house.person(handle="ann")
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
        await accounts.issue_token(work, ann.account_id, "\x1b[2J[/x]")
        await accounts.audit.record(work, "lane.paused", lane="cpu")
        await accounts.link_audit(work)
    listed = await run("ls", "--act", "account.suspended", "--person", "ann")
    assert "account.suspended" in listed.stdout
    assert "@ann" in listed.stdout
    assert "lane" not in listed.stdout
    made = await run("ls", "--act", "token.made")
    assert "name [2J[/x]" in made.stdout
    assert "\x1b" not in made.stdout
    assert "scopes account+manage+operate+read+upload" in made.stdout, "what goes into a pipe is whole"
    assert "Nothing was written down" in (await run("ls", "--since", "2999-01-01")).stdout
    lines = [json.loads(line) for line in (await run("export")).stdout.splitlines()]
    assert lines[0]["act"] == "lane.paused"
    assert lines[-1]["act"] in ("account.made", "keys.rotated")
    whole = await run("verify")
    assert whole.exit_code == 0, whole.stdout
    noted = whole.stdout.split("--expect ")[1].strip()
    assert (await run("verify", "--expect", noted)).exit_code == 0
    assert (await run("verify", "--expect", "1:0")).exit_code == 2
    async with house.works.open() as work:
        await work.session.execute(text("ALTER TABLE accounts_audit DISABLE TRIGGER USER"))
        await work.session.execute(text("DELETE FROM accounts_audit WHERE seq = 2"))
    broken = await run("verify", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["faults"] == ["Entry 2 is missing."]
