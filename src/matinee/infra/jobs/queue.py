"""The queue: writes messages as jobs inside a transaction, and runs them lane by lane in a worker.

Never decides what a message means: the rooms' handlers do.
"""

import asyncio
import contextlib
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.job_context import AbortReason
from procrastinate.job_context import JobContext as RawContext
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.infra import tally, telemetry
from matinee.infra.db import (
    ANSWER_S,
    Bounded,
    connect_settings,
    is_full,
    libpq_url,
    raw_connection,
    unavailable,
)
from matinee.infra.jobs import ledger
from matinee.infra.jobs.rescue import forget_worker, note_worker, rescue
from matinee.infra.jobs.steadfast import Steadfast
from matinee.infra.jobs.tables import JobNote
from matinee.infra.limits import shared as buckets
from matinee.infra.room import Handler, Lane, Listener, Periodic, Room
from matinee.infra.scratch import process_name
from matinee.infra.starving import Starving
from matinee.infra.work import Works
from matinee.kernel.actor import SYSTEM
from matinee.kernel.errors import NotNow, Unavailable
from matinee.kernel.message import Message
from matinee.kernel.settings import HouseSettings, WorkerSettings

log = structlog.get_logger(__name__)
MAX_BACKOFF_S = 300
ROOM_S = 30
ERROR_CHARACTERS = 8_000
SIGNAL_S = 1.0
CHANNEL = "jobs"


class _Backoff(BaseRetryStrategy):
    """Waits backoff·2ⁿ seconds after the n-th failure; work that a shutdown cut off goes on at once. A database without
    room, or something else that is away, is no failure of the job: it is tried until there is some."""

    def __init__(self, retries: int, backoff_s: int) -> None:
        self.retries = retries
        self.backoff_s = backoff_s

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if _must_wait(exception):
            return RetryDecision(retry_in={"seconds": ROOM_S})
        if job.attempts >= self.retries:
            return None
        return RetryDecision(retry_in={"seconds": min(MAX_BACKOFF_S, self.backoff_s * 2**job.attempts)})


def _must_wait(error: BaseException | None) -> bool:
    if is_full(error):
        return True
    while error is not None and not isinstance(error, NotNow):
        error = error.__cause__
    return error is not None


class _Context:
    """The face of a running job that a handler sees."""

    def __init__(self, raw: RawContext, retries: int) -> None:
        self._raw = raw
        self._retries = retries

    @property
    def id(self) -> int:
        return int(self._raw.job.id or 0)

    @property
    def attempt(self) -> int:
        return int(self._raw.job.attempts) + 1

    @property
    def attempts_left(self) -> int:
        return max(0, self._retries - int(self._raw.job.attempts))

    def should_stop(self) -> bool:
        return bool(self._raw.should_abort())


class Queue:
    """The jobs of one process. Usable as a `Work`'s outbox without being opened; a worker opens it."""

    def __init__(self, database_url: str, rooms: Sequence[Room], *, answer_s: float = ANSWER_S) -> None:
        async def bound(connection: Any) -> None:
            connection.answer_s = answer_s

        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=libpq_url(database_url),
                kwargs=connect_settings(answer_s),
                connection_class=Bounded,
                configure=bound,
                min_size=1,
                max_size=6,
            )
        )
        self.rooms = rooms
        self.works: Works | None = None
        self._paused: frozenset[str] = frozenset()
        self._lost = asyncio.Event()
        self._steadfast = Steadfast(self.app.job_manager, self._lost.set)
        self.app.job_manager.fetch_job = self._fetch_unless_paused  # type: ignore[method-assign]
        self._signalled_at = 0.0
        self._ended_at = float("-inf")
        self._handlers: dict[type[Message], list[tuple[str, Handler]]] = defaultdict(list)
        self._by_name: dict[str, Handler] = {}
        self._listeners: list[tuple[str, Listener]] = []
        for room in rooms:
            for handler in room.handlers:
                self._register(room, handler)
            self._listeners += [(listener.name(room.name), listener) for listener in room.listeners]
            for number, periodic in enumerate(room.periodic):
                self._register_periodic(room, number, periodic)

    @property
    def handlers(self) -> dict[str, Handler]:
        """By job kind, `room.function`."""
        return dict(self._by_name)

    def _register(self, room: Room, handler: Handler) -> None:
        name = handler.name(room.name)
        if name in self._by_name:
            raise ValueError(f"two handlers are called {name}")
        self._by_name[name] = handler
        self._handlers[handler.message].append((name, handler))

        async def run(context: RawContext, *, message: dict[str, Any], subject: str | None = None) -> None:
            await self._run(name, handler, context, message)

        self.app.task(
            name=name,
            queue=handler.lane,
            pass_context=True,
            retry=_Backoff(handler.retries, handler.backoff_s),
        )(run)

    def _register_periodic(self, room: Room, number: int, periodic: Periodic) -> None:
        order = periodic.order()
        name = f"{room.name}.periodic.{type(order).__name__}"

        async def give(timestamp: int) -> None:
            async with self._opened().open(SYSTEM) as work:
                work.send(periodic.order())

        task = self.app.task(name=name, queue="io", queueing_lock=name)(give)
        self.app.periodic(cron=periodic.cron, periodic_id=str(number))(task)

    def _opened(self) -> Works:
        if self.works is None:
            raise Unavailable("The queue of this process runs no jobs.")
        return self.works

    async def _fetch_unless_paused(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        if queues is not None and self._paused.intersection(queues):
            return None
        return await self._steadfast.fetch(queues, worker_id)

    async def _look_for_pauses(self, works: Works) -> None:
        async with works.open(SYSTEM, reading=True) as work:
            self._paused = frozenset(await ledger.paused_lanes(work.session))

    async def write(self, session: AsyncSession, messages: list[tuple[Message, datetime | None]]) -> None:
        """Enqueue each message for each of its handlers, inside the transaction of `session`. Raises `Unavailable`."""
        try:
            await self._write(session, messages)
        except ConnectorException as error:
            if isinstance(error.__cause__, (psycopg.OperationalError, psycopg.InterfaceError)):
                raise unavailable(error) from error
            raise

    async def _write(self, session: AsyncSession, messages: list[tuple[Message, datetime | None]]) -> None:
        connection = await raw_connection(session)
        for message, at in messages:
            for name, handler in self._handlers.get(type(message), ()):
                priority = handler.priority(message) if callable(handler.priority) else handler.priority
                options: dict[str, Any] = {"connection": connection, "priority": priority}
                if handler.lock is not None:
                    options["lock"] = handler.lock(message)
                if at is not None:
                    options["schedule_at"] = at
                arguments: dict[str, Any] = {"message": message.to_json()}
                if handler.subject is not None:
                    arguments["subject"] = handler.subject(message)
                await self.app.configure_task(name, **options, queue=handler.lane).defer_async(**arguments)

    async def _run(self, name: str, handler: Handler, raw: RawContext, data: dict[str, Any]) -> None:
        context = _Context(raw, handler.retries)
        started = time.monotonic()
        outcome = "done"
        await self._signal()
        with structlog.contextvars.bound_contextvars(job_id=context.id, job=name, attempt=context.attempt):
            message = handler.message.from_json(data)
            try:
                async with self._opened().open(SYSTEM, context) as work:
                    await handler.run(work, message)
            except asyncio.CancelledError:
                outcome = "cancelled"
                if raw.abort_reason() is AbortReason.USER_REQUEST:
                    raise JobAborted from None
                self._steadfast.uncount(context.id)
                raise
            except Exception as error:
                outcome = "failed"
                log.warning("job.failed", error=type(error).__name__, left=context.attempts_left)
                if _must_wait(error):
                    self._steadfast.uncount(context.id)
                try:
                    await self._note(context, error)
                except Exception as lost:  # the note is a courtesy; what follows is not
                    log.warning("job.note_lost", error=type(lost).__name__)
                if context.attempts_left == 0 and not _must_wait(error):
                    await self._bury(handler, message, error)
                raise
            finally:
                telemetry.JOBS_DONE.labels(kind=name, outcome=outcome).inc()
                telemetry.JOB_SECONDS.labels(kind=name).observe(time.monotonic() - started)
                self._ended_at = time.monotonic()  # and is written down after this: see `_chores`
                await self._signal()

    async def _signal(self) -> None:
        """Wake those who watch the queue, at most once a second."""
        now = time.monotonic()
        if now - self._signalled_at >= SIGNAL_S:
            self._signalled_at = now
            await self._opened().bus.publish(CHANNEL)

    async def _note(self, context: _Context, error: BaseException) -> None:
        lines = "".join(traceback.format_exception(error))[-ERROR_CHARACTERS:]
        async with self._opened().open(SYSTEM) as work:
            note = insert(JobNote).values(job_id=context.id, error=lines.replace("\x00", ""))
            await work.session.execute(
                note.on_conflict_do_update(
                    index_elements=[JobNote.job_id], set_={"error": note.excluded.error, "at": func.now()}
                )
            )

    async def _bury(self, handler: Handler, message: Message, error: BaseException) -> None:
        """Tell the room that its job waits among the dead letters now."""
        if handler.on_dead is None:
            return
        try:
            async with self._opened().open(SYSTEM) as work:
                await handler.on_dead(work, message, str(error))
        except Exception:
            log.exception("job.on_dead_failed")

    async def bury_stalled(self, kind: str, data: dict[str, Any]) -> None:
        """The same for a job whose workers died again and again."""
        handler = self._by_name.get(kind)
        if handler is not None:
            reason = RuntimeError("Its worker died each time that it ran.")
            await self._bury(handler, handler.message.from_json(data), reason)

    async def work(self, works: Works, lanes: dict[Lane, int], stop: asyncio.Event) -> None:
        """Run jobs of `lanes` (lane → how many side by side) until `stop` is set, then let running ones end."""
        self.works = works
        settings = works.settings
        stalled_s = settings.of(WorkerSettings).stalled_after_s
        name = process_name()
        await self._look_for_pauses(works)
        async with self.app.open_async():
            workers = [
                asyncio.create_task(
                    self.app.run_worker_async(
                        queues=[lane],
                        name=f"{name}-{lane}",
                        concurrency=count,
                        fetch_job_polling_interval=1.0,
                        abort_job_polling_interval=1.0,
                        shutdown_graceful_timeout=settings.of(HouseSettings).shutdown_s,
                        install_signal_handlers=False,
                        update_heartbeat_interval=stalled_s / 5,
                        stalled_worker_timeout=stalled_s,
                    ),
                    name=f"lane-{lane}",
                )
                for lane, count in lanes.items()
            ]
            chores = asyncio.create_task(self._chores(works, name, lanes, stalled_s), name="chores")
            stopping = asyncio.create_task(stop.wait())
            lost = asyncio.create_task(self._lost.wait(), name="the record of a job's end")
            try:
                done, _ = await asyncio.wait(
                    {*workers, chores, stopping, lost}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done - {stopping}:
                    task.result()
                    raise Unavailable(f"{task.get_name()} ended by itself.")
            finally:
                for task in (stopping, lost, chores, *workers):
                    task.cancel()
                await asyncio.gather(stopping, lost, chores, *workers, return_exceptions=True)
                with contextlib.suppress(Exception):
                    await forget_worker(works, name)

    async def _chores(self, works: Works, name: str, lanes: dict[Lane, int], stalled_s: float) -> None:
        """Heartbeat of this process, rescue of stalled jobs, tallies, pruning."""
        turn = 0
        pause_s = min(1.0, stalled_s / 5)
        starving = Starving()
        while True:
            try:
                sizes = {str(lane): n for lane, n in lanes.items()}
                await note_worker(works, name, sizes, stalled_s, starving=starving.look())
                await self._look_for_pauses(works)
                for kind, data in await rescue(works, stalled_s, self._by_name):
                    await self.bury_stalled(kind, data)
                if self._signalled_at < self._ended_at + SIGNAL_S / 2:
                    await self._signal()
                if "io" in lanes:
                    await self.pump()
                    if turn % 600 == 0:
                        await self._prune(works)
            except Exception as error:  # the database may be away for a moment; the next turn tries again
                log.warning("worker.chores_failed", error=type(error).__name__)
            turn += 1
            await asyncio.sleep(pause_s)

    async def pump(self) -> int:
        """Hand waiting tallies to their listeners, one batch each. Returns the number of rows handed over."""
        total = 0
        for name, listener in self._listeners:
            async with self._opened().open(SYSTEM) as work:
                rows = await tally.take(work.session, name, listener.kind, listener.batch)
                if rows:
                    await listener.run(work, rows)
                    total += len(rows)
        return total

    async def _prune(self, works: Works) -> None:
        async with works.open(SYSTEM) as work:
            await tally.prune(work.session)
            await buckets.prune(work.session)
            await work.session.execute(
                text(
                    "DELETE FROM procrastinate_jobs WHERE id IN (SELECT j.id FROM procrastinate_jobs j"
                    " JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events e WHERE e.job_id = j.id) e"
                    " ON true WHERE j.status IN ('succeeded', 'cancelled', 'aborted')"
                    " AND e.at < now() - interval '1 day' LIMIT 50000)"
                )
            )
            await work.session.execute(
                text(
                    "DELETE FROM infra_job_note n WHERE at < now() - interval '1 day'"
                    " AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.id = n.job_id)"
                )
            )

    async def drain(self, works: Works, lanes: Iterable[Lane] = ("io", "cpu", "gpu")) -> None:
        """Run all that is due, tallies too, until nothing is left; for programs that do one thing and end. What the
        clock orders is left to workers: else what is done depended on the minute."""
        self.works = works
        by_clock = self.app.periodic_registry.periodic_tasks
        aside = dict(by_clock)
        by_clock.clear()
        try:
            async with self.app.open_async():
                while True:
                    await self.app.run_worker_async(
                        queues=list(lanes),
                        wait=False,
                        concurrency=4,
                        install_signal_handlers=False,
                        listen_notify=False,
                    )
                    if not await self.pump() and not await self._due(works, lanes):
                        return
        finally:
            by_clock.update(aside)

    async def _due(self, works: Works, lanes: Iterable[Lane]) -> bool:
        """Whether a job waits whose moment has come: running ones may have left it."""
        async with works.open(SYSTEM) as work:
            return bool(
                await work.session.scalar(
                    text(
                        "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'"
                        " AND queue_name = ANY(:lanes) AND (scheduled_at IS NULL OR scheduled_at <= now()))"
                    ),
                    {"lanes": list(lanes)},
                )
            )
