"""A worker's talk with the queue while the database comes and goes.

Left alone, a lost connection ends the whole worker with all that it runs, and an end that cannot be written down
leaves its job running for ever: its worker lives, so nobody takes it over. Never hides any other failure.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from matinee.infra.db import is_full

log = structlog.get_logger(__name__)
PATIENCE_S = 60.0
_PAUSE_S = 0.5
# What was fetched while the connection broke: taken in the books, and run by nobody.
_GIVE_BACK = (
    "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL"
    " WHERE status = 'doing' AND worker_id = %(worker)s AND NOT id = ANY(%(held)s)"
)
# Whether the end of this very attempt is still to be written: the one that seemed lost may have arrived, and the
# job may run anew since.
_STILL_OPEN = (
    "SELECT count(*) AS open FROM procrastinate_jobs"
    " WHERE id = %(job)s AND status = 'doing' AND attempts = %(attempts)s"
)
# Of a try that says nothing of its job.
_UNCOUNT = (
    "UPDATE procrastinate_jobs SET attempts = attempts - 1"
    " WHERE id = %(job)s AND status = 'todo' AND attempts = %(attempts)s + 1"
)


class Steadfast:
    """Stands before procrastinate's job manager. `on_lost` is told when an end could not be written for
    `PATIENCE_S`: the process has to end then, so that another takes its jobs over. Where the database is only full, no
    other could write more, and it waits for room."""

    def __init__(self, manager: Any, on_lost: Callable[[], None]) -> None:
        self._manager = manager
        self._on_lost = on_lost
        self._held: dict[int, int] = {}  # job → the attempt that runs
        self._doubtful: set[int] = set()
        self._uncounted: set[int] = set()
        self._fetch, self._beat = manager.fetch_job, manager.update_heartbeat
        self._listen, self._defer = manager.listen_for_jobs, manager.defer_periodic_job
        manager.finish_job = self._recorded(manager.finish_job)
        manager.retry_job = self._recorded(manager.retry_job)
        manager.update_heartbeat, manager.listen_for_jobs = self._heartbeat, self._listened
        manager.defer_periodic_job = self._deferred

    async def fetch(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job; None also while the database is away."""
        try:
            if worker_id in self._doubtful:
                held = {"worker": worker_id, "held": sorted(self._held)}
                await self._manager.connector.execute_query_async(_GIVE_BACK, **held)
                self._doubtful.discard(worker_id)
            job: Job | None = await self._fetch(queues=queues, worker_id=worker_id)
        except ConnectorException as error:
            _pass_over(error, "queue.not_fetched")
            self._doubtful.add(worker_id)
            return None
        if job is not None and job.id is not None:
            self._held[job.id] = job.attempts
        return job

    def uncount(self, job_id: int) -> None:
        """The try of this job that ends now is none of its few: it was cut off, or waited for something else."""
        self._uncounted.add(job_id)

    def _recorded(self, record: Any) -> Any:
        async def recorded(*, job: Job, **how: Any) -> None:
            """A job that has ended already, or was taken over, is left alone."""
            deadline = time.monotonic() + PATIENCE_S
            again = False
            while True:
                try:
                    if again and not await self._still_open(job):
                        log.info("queue.end_was_written", job_id=job.id)
                        break
                    await record(job=job, **how)
                except Exception as error:
                    if _away(error) and (time.monotonic() < deadline or is_full(error)):
                        log.warning("queue.end_not_written", job_id=job.id)
                        again = True
                        await asyncio.sleep(_PAUSE_S)
                        continue
                    if not isinstance(_cause(error), psycopg.errors.RaiseException):
                        self._on_lost()
                        raise
                    log.warning("queue.ended_elsewhere", job_id=job.id)
                break
            if self._held.get(job.id or 0) == job.attempts:
                del self._held[job.id or 0]
            if job.id in self._uncounted:
                await self._uncount(job)

        return recorded

    async def _uncount(self, job: Job) -> None:
        self._uncounted.discard(job.id or 0)
        try:
            tried = {"job": job.id, "attempts": job.attempts}
            await self._manager.connector.execute_query_async(_UNCOUNT, **tried)
        except ConnectorException as error:  # then it counts
            _pass_over(error, "queue.try_counted")

    async def _still_open(self, job: Job) -> bool:
        asked = {"job": job.id, "attempts": job.attempts}
        found = await self._manager.connector.execute_query_one_async(_STILL_OPEN, **asked)
        return bool(found["open"])

    async def _heartbeat(self, worker_id: int) -> None:
        try:
            await self._beat(worker_id)
        except ConnectorException as error:
            _pass_over(error, "queue.no_heartbeat")

    async def _listened(self, **how: Any) -> None:
        while True:  # meanwhile the lanes ask every second
            try:
                await self._listen(**how)
            except ConnectorException as error:
                _pass_over(error, "queue.not_heard")
            await asyncio.sleep(_PAUSE_S)

    async def _deferred(self, **how: Any) -> Any:
        try:
            return await self._defer(**how)
        except ConnectorException as error:
            _pass_over(error, "queue.clock_missed")
            return None


def _cause(error: Exception) -> BaseException | None:
    """What psycopg said, of which procrastinate makes an error of its own."""
    return error.__cause__ if isinstance(error, ConnectorException) else None


def _away(error: Exception) -> bool:
    return isinstance(_cause(error), (psycopg.OperationalError, psycopg.InterfaceError))


def _pass_over(error: ConnectorException, event: str) -> None:
    if not _away(error):
        raise error
    log.warning(event, error=type(error.__cause__).__name__)
