"""A database that neither answers nor closes, and one whose disk is full: people read why, and jobs go on."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import text
from tests.infra.test_queue import Box, Ears, Happened, eventually
from tests.support.house import House, open_house
from tests.support.line import Line, line_to

from matinee.infra import db
from matinee.infra.bus.memory import MemoryBus
from matinee.infra.db import Database, libpq_url
from matinee.infra.jobs.queue import Queue
from matinee.infra.storage.local import LocalStorage
from matinee.infra.work import Works
from matinee.kernel.ids import new_id
from matinee.kernel.settings import Settings

FULL = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
    " 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
)


async def written(house: House, *sentences: str) -> None:
    async with house.works.open() as work:
        for sentence in sentences:
            await work.session.execute(text(sentence))


def full(table: str) -> str:
    return f"CREATE TRIGGER no_room BEFORE INSERT ON {table} EXECUTE FUNCTION no_room()"


@contextlib.asynccontextmanager
async def afar(database_url: str, folder: Path) -> AsyncIterator[tuple[Box, Line]]:
    """A queue whose every connection goes by a line."""
    async with line_to(database_url) as (url, line):
        ears = Ears()
        database = Database(url, answer_s=1)
        queue = Queue(url, [ears.room], answer_s=1)
        settings = Settings.load(data_dir=folder, stalled_after_s=2, shutdown_s=1)
        works = Works(
            database=database,
            settings=settings,
            storage=LocalStorage(folder / "s"),
            bus=MemoryBus(),
            outbox=queue,
        )
        queue.works = works
        yield Box(ears, queue, works), line
        await database.close()


async def test_a_request_over_a_silent_line_ends_with_503_and_the_next_finds_the_house_well(
    database_url: str, tmp_path: Path
) -> None:
    async with (
        line_to(database_url) as (url, line),
        open_house(url, tmp_path, database_answer_s=1) as house,
    ):
        person = await house.person()
        asked = person.client.get("/api/v1/videos", params={"owner": "me"})
        fine = await asked
        line.drop()
        began = time.monotonic()
        draft = {"title": "A film"}
        answers = await asyncio.gather(
            person.client.post("/api/v1/videos", json=draft), person.client.get("/api/v1/me")
        )
        assert line.lost
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (503, "house.unavailable")
            assert "does not answer" in answer.json()["detail"]
            assert answer.headers["retry-after"]
        assert time.monotonic() - began < 60
        line.mend()
        again = await person.client.post("/api/v1/videos", json=draft)
        assert (fine.status_code < 500, again.status_code) == (True, 201)


async def test_a_server_that_is_slow_is_not_waited_for_and_one_that_listens_is(database_url: str) -> None:
    database = Database(database_url, answer_s=0.5)
    try:
        async with database.session() as session:
            with pytest.raises(Exception, match="no answer within"):
                await session.execute(text("SELECT pg_sleep(20)"))
        await database.ping()
        async with database.listener() as connection:
            await connection.execute("LISTEN here")

            async def speak() -> None:
                await asyncio.sleep(1.5)
                async with await psycopg.AsyncConnection.connect(
                    libpq_url(database_url), autocommit=True
                ) as other:
                    await other.execute("NOTIFY here, 'hello'")

            speaking = asyncio.create_task(speak())
            async with asyncio.timeout(30):
                heard = [notice.payload async for notice in connection.notifies(stop_after=1)]
            await speaking
            assert heard == ["hello"]
            await connection.execute("SELECT 1")
    finally:
        await database.close()


async def test_what_a_lost_client_held_is_freed(database_url: str) -> None:
    """Its transaction would hold its locks for as long as the line stays open."""
    async with line_to(database_url) as (url, line):
        held = await db.Bounded.connect(libpq_url(url), **db.connect_settings(1))
        await held.execute("LOCK TABLE videos_video")
        line.drop()
        async with await psycopg.AsyncConnection.connect(libpq_url(database_url)) as other:
            async with asyncio.timeout(30):
                await other.execute("LOCK TABLE videos_video")
        held.pgconn.finish()


async def test_jobs_go_on_after_a_silence(database_url: str, tmp_path: Path) -> None:
    async with afar(database_url, tmp_path) as (box, line):
        box.ears.gate.clear()
        async with box.works.open() as work:
            work.send(Happened(thing=new_id()))
        async with box.worker():
            await eventually(lambda: box.ears.heard)
            line.drop()
            box.ears.gate.set()
            await asyncio.sleep(4)
            line.mend()

            async def over() -> bool:
                with contextlib.suppress(Exception):
                    return await box.states() == ["done"]
                return False

            async with asyncio.timeout(60):
                while not await over():
                    await asyncio.sleep(0.1)
            async with box.works.open() as work:
                work.send(Happened(thing=new_id()))
            await eventually(lambda: len({message.thing for message in box.ears.heard}) == 2)


@pytest.mark.parametrize("table", ["videos_video", "procrastinate_jobs"])
async def test_a_full_database_is_named(house: House, table: str) -> None:
    person = await house.person()
    draft = {"title": "A film"}
    made = (await person.client.post("/api/v1/videos", json=draft)).json()
    await written(house, FULL, full(table))

    async def asked() -> httpx.Response:
        if table == "videos_video":
            return await person.client.post("/api/v1/videos", json=draft)
        return await person.client.delete(f"/api/v1/videos/{made['id']}")

    answer = await asked()
    assert (answer.status_code, answer.json()["code"]) == (503, "house.unavailable"), answer.text
    assert "disk of the house's database is full" in answer.json()["detail"]
    assert (await person.client.get(f"/api/v1/videos/{made['id']}")).status_code == 200
    await written(house, f"DROP TRIGGER no_room ON {table}")
    assert (await asked()).status_code in (201, 204)
