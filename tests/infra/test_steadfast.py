"""The queue while the database comes and goes: no worker ends of it, and no job stays in between."""

import asyncio
from typing import Any

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from tests.infra.test_queue import Box, Happened, box, eventually

from matinee.infra.jobs import steadfast
from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import new_id

__all__ = ["box"]


def away() -> ConnectorException:
    error = ConnectorException()
    error.__cause__ = psycopg.OperationalError("the connection is lost")
    return error


class Broken:
    """A call of the queue whose next `times` fail, before or after they have done what was asked."""

    def __init__(self, call: Any, times: int, *, after: bool = False) -> None:
        self.call, self.left, self.after, self.seen = call, times, after, 0

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.seen += 1
        if not self.left:
            return await self.call(*arguments, **named)
        self.left -= 1
        if self.after:
            found = await self.call(*arguments, **named)
            if found is None and self.call.__name__ == "fetch_job":
                self.left += 1
                return None
        raise away()


async def said(box: Box, **how: Any) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id(), **how))


async def settled(box: Box, *states: str) -> None:
    async def as_wanted() -> bool:
        return await box.states() == list(states)

    await eventually(as_wanted)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fails", [False, True], ids=["good", "bad"])
async def test_an_end_is_written_once_the_database_is_back(box: Box, after: bool, fails: bool) -> None:
    connector: Any = box.queue.app.connector
    plain, broken = connector.execute_query_async, 2

    async def ask(query: str, **values: Any) -> None:
        nonlocal broken
        ends = "procrastinate_finish_job" in query or "procrastinate_retry_job" in query
        if ends and broken:
            broken -= 1
            if after and broken:
                await plain(query, **values)
            raise away()
        await plain(query, **values)

    connector.execute_query_async = ask
    await said(box, fail=fails)
    async with box.worker():
        await settled(box, "failed" if fails else "done")
    assert len(box.ears.dead) == fails


async def test_an_end_that_did_arrive_is_not_written_to_the_attempt_that_runs_since(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steadfast, "_PAUSE_S", 2)
    connector: Any = box.queue.app.connector
    plain, broken = connector.execute_query_async, True

    async def ask(query: str, **values: Any) -> None:
        nonlocal broken
        await plain(query, **values)
        if broken and "procrastinate_retry_job" in query:
            broken = False
            box.ears.gate.clear()
            raise away()

    connector.execute_query_async = ask
    await said(box, fail=True)
    async with box.worker():
        await eventually(lambda: len(box.ears.heard) == 2)
        await asyncio.sleep(3)
        assert await box.states() == ["running"], "the second attempt is left alone"
        box.ears.gate.set()
        await settled(box, "failed")
    assert (len(box.ears.heard), len(box.ears.dead)) == (2, 1)


async def test_what_was_fetched_while_the_line_broke_is_given_back(box: Box) -> None:
    fetch = Broken(box.queue._steadfast._fetch, 1, after=True)
    box.queue._steadfast._fetch = fetch
    await said(box)
    async with box.worker():
        await settled(box, "done")
    assert fetch.left == 0
    assert len(box.ears.heard) == 1


async def test_a_job_that_runs_is_not_given_back_with_what_was_lost(box: Box) -> None:
    box.ears.gate.clear()
    await said(box)
    async with box.worker():
        await eventually(lambda: box.ears.heard)
        box.queue._steadfast._fetch = Broken(box.queue._steadfast._fetch, 1)
        await said(box)
        await eventually(lambda: len(box.ears.heard) == 2)
        box.ears.gate.set()
        await settled(box, "done", "done")
    assert len(box.ears.heard) == 2


async def test_neither_heartbeat_nor_ear_nor_clock_ends_a_worker(box: Box) -> None:
    held = box.queue._steadfast
    held._beat, held._listen, held._defer = (Broken(c, 2) for c in (held._beat, held._listen, held._defer))
    async with box.worker():
        await eventually(lambda: held._beat.seen > 3 and held._listen.seen > 2)
        await said(box)
        await eventually(lambda: box.ears.heard)


async def test_a_worker_whose_row_was_pruned_ends_and_does_not_stand_there(box: Box) -> None:
    running = asyncio.create_task(box.queue.work(box.works, {"io": 2}, asyncio.Event()))
    await asyncio.sleep(1)
    async with box.works.open() as work:
        await work.session.execute(text("DELETE FROM procrastinate_workers"))
    await said(box)
    with pytest.raises(ConnectorException):
        await asyncio.wait_for(running, 30)


async def test_an_end_that_cannot_be_written_for_long_ends_the_worker(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steadfast, "PATIENCE_S", 0.5)
    connector: Any = box.queue.app.connector
    plain = connector.execute_query_async

    async def ask(query: str, **values: Any) -> None:
        if "procrastinate_finish_job" in query:
            raise away()
        await plain(query, **values)

    connector.execute_query_async = ask
    await said(box)
    with pytest.raises(Unavailable, match="the record of a job's end"):
        await asyncio.wait_for(box.queue.work(box.works, {"io": 2}, asyncio.Event()), 30)
    assert await box.states() == ["running"], "its worker is gone, so that the next one takes it over"
    connector.execute_query_async = plain
    box.queue._lost.clear()
    async with box.worker():
        await settled(box, "done")
