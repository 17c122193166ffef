"""`matinee encode …` on the machine of the house."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from tests.support import films as f
from tests.support.house import House
from typer.testing import CliRunner, Result

from matinee.entrypoints.parts import assemble, opened
from matinee.features.encoding.commands import commands
from matinee.infra.work import Works

LONG_NAME = "a-machine-whose-name-is-as-long-as-those-that-clouds-give.eu-central-1.compute.internal-4711"


async def terminal(house: House, words: str) -> Result:
    """As a process of its own."""

    @contextlib.asynccontextmanager
    async def works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    return await asyncio.to_thread(CliRunner().invoke, commands, shlex.split(words), obj=works)


async def test_an_operator_looks_at_an_encode_cancels_it_and_takes_it_up(house: House, films: Path) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    id = made["id"]
    await house.run_jobs("io")
    listed = await terminal(house, "ls")
    assert listed.output.splitlines()[1].split()[:2] == [id, "encoding"]
    async with house.works.open() as work:
        said = {"worker": LONG_NAME, "log": "the last line\x1b[2J of an encoder"}
        query = "UPDATE encoding_step SET worker = :worker, log = :log WHERE name = 'check'"
        await work.session.execute(text(query), said)
    shown = (await terminal(house, f"show {id}")).output.splitlines()
    assert shown[0].split()[:2] == ["check", "done"]
    assert shown[0].endswith(f"  {LONG_NAME}"), "one line for each step"
    assert shown[1] == "the last line[2J of an encoder", "a terminal obeys nothing of it"

    assert (await terminal(house, f"retry {id}")).exit_code == 1, "it has not stopped"
    cancelled = await terminal(house, f"cancel {id}")
    assert cancelled.output == f"The encode of {id} is cancelled; its source is kept.\n"
    assert (await f.get(person.client, id))["state"] == "cancelled"
    assert id not in (await terminal(house, "ls")).output
    assert f"{id} " in (await terminal(house, "ls --all")).output
    assert (await terminal(house, f"retry {id}")).output == f"The encode of {id} is taken up again.\n"
    await house.run_jobs()
    assert (await f.get(person.client, id))["state"] == "ready"
    refused = await terminal(house, f"cancel {id}")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1), "it is at its end"
    assert (
        f"Step all-0 of {id} is taken up again." in (await terminal(house, f"retry {id} --step all-0")).output
    )
    assert (await terminal(house, f"retry {id} --step none")).exit_code == 1
    for verb in ("show", "retry", "cancel"):
        refused = await terminal(house, f"{verb} {uuid4()}")
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1), verb
