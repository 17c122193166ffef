"""`matinee videos …` on the machine of the house."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from tests.features.videos.film import Film
from tests.support.house import open_house
from typer.testing import CliRunner, Result

from matinee.features.videos.commands import app
from matinee.infra.work import Works


def test_the_operator_sees_and_stops_and_deletes_videos(database_url: str, tmp_path: Path) -> None:
    async def fill() -> Film:
        async with open_house(database_url, tmp_path / "data") as house:
            return await Film.playing(house, await house.person(handle="lena"), title="On the terminal")

    @contextlib.asynccontextmanager
    async def works() -> AsyncIterator[Works]:
        async with open_house(database_url, tmp_path / "data") as house:
            yield house.works

    def run(*words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(app, words, obj=works, input=answer)

    id = str(asyncio.run(fill()).id)
    listed = run("ls", "--state", "playable")
    assert listed.output.split() == [id, "playable", "private", "@lena", "On", "the", "terminal"]
    assert run("ls", "--state", "ready").output == ""
    assert run("ls", "--state", "lost").exit_code == 2
    assert json.loads(run("show", id).output)["title"] == "On the terminal"
    assert run("cancel", id).output == f"{id} is cancelled now.\n"
    assert run("retry", id).output == f"{id} is playable now.\n"
    assert run("retry", id).exit_code == 1
    assert run("delete", id, answer="n\n").exit_code == 1
    assert run("delete", id, "--yes").output == f"Deleted {id}.\n"
    gone = run("show", str(uuid4()))
    assert (gone.exit_code, gone.stderr) == (1, "There is no video here, or it is not yours to see.\n")
