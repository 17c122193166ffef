"""Messages become jobs with their change, run at least once, and end among the dead letters when they cannot."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.house import settled

from matinee.infra import tally
from matinee.infra.bus.memory import MemoryBus
from matinee.infra.db import Database
from matinee.infra.jobs import ledger
from matinee.infra.jobs.queue import Queue
from matinee.infra.room import Handler, Listener, Room
from matinee.infra.storage.local import LocalStorage
from matinee.infra.tally import Tally
from matinee.infra.work import Work, Works
from matinee.kernel.errors import Conflict, NotFound, NotNow
from matinee.kernel.ids import new_id
from matinee.kernel.message import Fact
from matinee.kernel.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Fact):
    thing: UUID
    fail: bool = False


class Ears:
    """A room with one handler and one listener, and what they heard."""

    def __init__(self) -> None:
        self.heard: list[Happened] = []
        self.tallies: list[Tally] = []
        self.dead: list[Happened] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.room = Room(
            name="test",
            handlers=(
                Handler(
                    message=Happened,
                    run=self.on_happened,
                    retries=1,
                    backoff_s=0,
                    subject=lambda message: f"thing:{message.thing}",
                    on_dead=self.on_dead,
                ),
            ),
            listeners=(Listener(kind="test.seen", run=self.on_tally, batch=2),),
        )

    async def on_happened(self, work: Work, message: Happened) -> None:
        self.heard.append(message)
        async with work.outside():
            await self.gate.wait()
        if self.away:
            raise NotNow
        if message.fail:
            raise RuntimeError("cannot be done")
        work.tally("test.seen", message.thing, n=1)

    async def on_tally(self, work: Work, rows: Sequence[Tally]) -> None:
        self.tallies += rows

    async def on_dead(self, work: Work, message: Happened, reason: str) -> None:
        self.dead.append(message)


@dataclass
class Box:
    ears: Ears
    queue: Queue
    works: Works

    @contextlib.asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.queue.work(self.works, {"io": 2}, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def states(self) -> list[str]:
        async with self.works.open() as work:
            return [job.state for job in await ledger.jobs(work.session)]


@pytest.fixture
async def box(database_url: str, tmp_path: Path) -> AsyncIterator[Box]:
    ears = Ears()
    database = Database(database_url)
    queue = Queue(database_url, [ears.room])
    settings = Settings.load(data_dir=tmp_path, stalled_after_s=2, shutdown_s=1)
    works = Works(
        database=database,
        settings=settings,
        storage=LocalStorage(tmp_path / "s"),
        bus=MemoryBus(),
        outbox=queue,
    )
    queue.works = works
    yield Box(ears, queue, works)
    await database.close()


async def eventually(wanted: object) -> None:
    async with asyncio.timeout(20):
        while not (await wanted() if asyncio.iscoroutinefunction(wanted) else wanted()):  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_a_message_is_heard_once_its_change_is_committed(box: Box) -> None:
    thing = new_id()
    async with box.works.open() as work:
        work.send(Happened(thing=thing))
    await box.queue.drain(box.works)
    assert [message.thing for message in box.ears.heard] == [thing]


async def test_a_message_of_a_change_that_failed_is_never_heard(box: Box) -> None:
    async def change_that_fails() -> None:
        async with box.works.open() as work:
            work.send(Happened(thing=new_id()))
            work.tally("test.seen", new_id())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_that_fails()
    await box.queue.drain(box.works)
    assert (box.ears.heard, box.ears.tallies) == ([], [])


async def test_a_job_that_fails_for_the_last_time_waits_among_the_dead_letters(box: Box) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id(), fail=True))
    async with box.worker():
        await eventually(lambda: box.ears.dead)
    assert len(box.ears.heard) == 2
    async with box.works.open() as work:
        (job,) = await ledger.jobs(work.session, state="failed")
        assert job.error is not None
        assert "cannot be done" in job.error
        await ledger.retry(work.session, job.id)
    assert await box.states() == ["waiting"]


async def test_only_failed_jobs_can_be_retried(box: Box) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id()))
    async with box.works.open() as work:
        (job,) = await ledger.jobs(work.session)
        with pytest.raises(Conflict):
            await ledger.retry(work.session, job.id)
        with pytest.raises(NotFound):
            await ledger.retry(work.session, job.id + 999)
    await box.queue.drain(box.works)
    assert len(box.ears.heard) == 1


async def test_a_running_job_stops_when_its_subject_is_cancelled(box: Box) -> None:
    box.ears.gate.clear()
    thing = new_id()
    async with box.works.open() as work:
        work.send(Happened(thing=thing))
    async with box.worker():
        await eventually(lambda: box.ears.heard)
        async with box.works.open() as work:
            assert await ledger.cancel_subject(work.session, f"thing:{thing}", ["test.on_happened"]) == 1

        async def ended() -> bool:
            return await box.states() == ["cancelled"]

        await eventually(ended)
    assert box.ears.tallies == []


async def test_the_job_of_a_worker_that_died_is_taken_over(box: Box) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id()))
    async with box.works.open() as work:
        await work.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"))
    async with box.worker():
        await eventually(lambda: box.ears.heard)


async def test_a_job_that_kills_its_worker_each_time_ends_among_the_dead_letters(box: Box) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id()))
    async with box.works.open() as work:
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = 2")
        )
    async with box.worker():
        await eventually(lambda: box.ears.dead)
    assert box.ears.heard == []
    assert await box.states() == ["failed"]


async def test_a_worker_that_is_told_to_stop_gives_unfinished_work_back(box: Box) -> None:
    box.ears.gate.clear()
    async with box.works.open() as work:
        work.send(Happened(thing=new_id()))
    async with box.worker():
        await eventually(lambda: box.ears.heard)
    assert await box.states() == ["waiting"]
    assert await tries(box) == [0]


async def tries(box: Box) -> list[int]:
    async with box.works.open() as work:
        return [job.attempts for job in await ledger.jobs(work.session)]


async def test_who_waited_for_what_is_away_has_all_tries_left_afterwards(box: Box) -> None:
    async with box.works.open() as work:
        work.send(Happened(thing=new_id(), fail=True))
    box.ears.away = True
    for times in range(1, 5):
        await box.queue.drain(box.works)
        assert len(box.ears.heard) == times
        assert (await box.states(), await tries(box)) == (["waiting"], [0])
        async with box.works.open() as work:
            await work.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
    box.ears.away = False
    await box.queue.drain(box.works)
    assert len(box.ears.heard) == 6, "as often as what failed at once"
    assert await box.states() == ["failed"]


async def test_tallies_are_read_in_batches_each_row_once(box: Box) -> None:
    async with box.works.open() as work:
        for _ in range(5):
            work.tally("test.seen", new_id(), n=1)
    await settled(box.works)
    assert [await box.queue.pump() for _ in range(4)] == [2, 2, 1, 0]
    assert len({row.id for row in box.ears.tallies}) == 5
    async with box.works.open() as work:
        assert await tally.prune(work.session) == 5


async def test_a_tally_that_commits_late_is_not_passed_over(box: Box) -> None:
    late, early = new_id(), new_id()
    async with box.works.open() as slow:
        slow.tally("test.seen", late)
        from sqlalchemy import insert

        from matinee.infra.tally import TallyRow

        await slow.session.execute(insert(TallyRow), [{"kind": "test.seen", "subject_id": late, "data": {}}])
        slow._tallies.clear()
        async with box.works.open() as quick:
            quick.tally("test.seen", early)
        assert await box.queue.pump() == 0
    await settled(box.works)
    assert await box.queue.pump() == 2
    assert {row.subject_id for row in box.ears.tallies} == {late, early}


async def test_who_watches_the_queue_hears_of_it_once_the_end_of_a_job_can_be_seen(box: Box) -> None:
    looks: set[asyncio.Task[list[str]]] = set()
    seen: list[str] = []

    def hear(channel: str) -> None:
        looks.add(look := asyncio.create_task(box.states()))
        look.add_done_callback(lambda done: seen.extend(done.result()))

    stop = box.works.bus.hear(hear)
    async with box.works.open() as work:
        work.send(Happened(thing=new_id()))
    async with box.worker():
        await eventually(lambda: "done" in seen)
    stop()
    await asyncio.gather(*looks)


async def test_a_living_worker_is_listed_and_forgotten_when_it_ends(box: Box) -> None:
    async def listed() -> bool:
        async with box.works.open() as work:
            return bool(await ledger.workers(work.session))

    async with box.worker():
        await eventually(listed)
    assert not await listed()
