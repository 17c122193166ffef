"""Reading the queue, and retrying or cancelling a job. Never runs one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.infra.jobs.tables import PausedLane
from matinee.infra.room import Lane
from matinee.kernel.errors import Conflict, NotFound

LANES: Final[tuple[str, ...]] = get_args(Lane)
State = Literal["waiting", "running", "done", "failed", "cancelled"]
_STATES: dict[str, tuple[str, ...]] = {
    "waiting": ("todo",),
    "running": ("doing",),
    "done": ("succeeded",),
    "failed": ("failed",),
    "cancelled": ("cancelled", "aborted"),
}
_NAMES = {raw: name for name, raws in _STATES.items() for raw in raws}

_SELECT_JOBS = (
    "SELECT j.id, j.task_name, j.queue_name, j.status::text AS status, j.attempts, j.scheduled_at,"
    " j.args->>'subject' AS subject, n.error, e.queued_at, e.started_at, e.ended_at"
    " FROM procrastinate_jobs j LEFT JOIN infra_job_note n ON n.job_id = j.id"
    " LEFT JOIN LATERAL (SELECT min(at) FILTER (WHERE type = 'deferred') AS queued_at,"
    "   max(at) FILTER (WHERE type = 'started') AS started_at,"
    "   max(at) FILTER (WHERE type IN ('failed', 'succeeded', 'cancelled', 'aborted')) AS ended_at"
    "   FROM procrastinate_events WHERE job_id = j.id) e ON true"
)


async def said_by_waiting(session: AsyncSession, kind: str, field: str) -> set[str]:
    """The values of `field` in the messages of all jobs of `kind` that are still to be done."""
    query = text(
        "SELECT args->'message'->>:field FROM procrastinate_jobs"
        " WHERE task_name = :kind AND status IN ('todo', 'doing')"
    )
    return {row[0] for row in await session.execute(query, {"kind": kind, "field": field}) if row[0]}


async def said_by_open(
    session: AsyncSession, kinds: Sequence[str], subject: str | None = None
) -> list[dict[str, Any]]:
    """The messages of all jobs of `kinds` that wait or run, of one subject or of all."""
    return await _said(session, kinds, ("todo", "doing"), subject)


async def said_by_dead(session: AsyncSession, kinds: Sequence[str], subject: str) -> list[dict[str, Any]]:
    """The messages of jobs about `subject` among the dead letters."""
    return await _said(session, kinds, ("failed",), subject)


async def _said(
    session: AsyncSession, kinds: Sequence[str], states: Sequence[str], subject: str | None
) -> list[dict[str, Any]]:
    query = text(
        "SELECT args->'message' AS message FROM procrastinate_jobs"
        " WHERE task_name = ANY(:kinds) AND status::text = ANY(:states)"
        " AND (CAST(:subject AS text) IS NULL OR args->>'subject' = :subject)"
    )
    values = {"kinds": list(kinds), "states": list(states), "subject": subject}
    return [row.message for row in await session.execute(query, values)]


class JobInfo(BaseModel):
    """One job as people see it. `attempts` counts finished tries."""

    id: int
    kind: str
    lane: str
    state: str
    attempts: int
    subject: str | None
    error: str | None
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    scheduled_at: datetime | None


class LaneInfo(BaseModel):
    """One lane. `waiting` are those that are due; `oldest_waiting_s` counts from when the oldest of them was;
    `paused_at` is set while no worker takes its jobs."""

    lane: str
    waiting: int
    running: int
    failed: int
    oldest_waiting_s: float | None
    paused_at: datetime | None = None


class WorkerInfo(BaseModel):
    """One living worker process. `lanes`: how many jobs of each lane it runs side by side. `starving_since`:
    everything else on its machine leaves hardly any processor to its encoders."""

    name: str
    lanes: dict[str, int]
    heartbeat_at: datetime
    starving_since: datetime | None


async def lanes(session: AsyncSession) -> list[LaneInfo]:
    """All lanes, idle ones too."""
    rows = await session.execute(
        text(
            "SELECT queue_name,"
            " count(*) FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())) AS waiting,"
            " count(*) FILTER (WHERE status = 'doing') AS running,"
            " count(*) FILTER (WHERE status = 'failed') AS failed,"
            " extract(epoch FROM now() - min(COALESCE(scheduled_at, (SELECT max(at) FROM procrastinate_events e"
            "   WHERE e.job_id = j.id AND e.type IN ('deferred', 'deferred_for_retry', 'retried'))))"
            "   FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()))) AS oldest"
            " FROM procrastinate_jobs j WHERE status IN ('todo', 'doing', 'failed') GROUP BY queue_name"
        )
    )
    found = {
        row.queue_name: LaneInfo(
            lane=row.queue_name,
            waiting=row.waiting,
            running=row.running,
            failed=row.failed,
            oldest_waiting_s=None if row.oldest is None else max(0.0, float(row.oldest)),
        )
        for row in rows
    }
    paused = await paused_lanes(session)
    idle = LaneInfo(lane="", waiting=0, running=0, failed=0, oldest_waiting_s=None)
    return [
        found.get(lane, idle).model_copy(update={"lane": lane, "paused_at": paused.get(lane)})
        for lane in sorted({*LANES, *found})
    ]


async def paused_lanes(session: AsyncSession) -> dict[str, datetime]:
    """Since when, by lane."""
    rows = await session.execute(select(PausedLane.lane, PausedLane.paused_at))
    return {row[0]: row[1] for row in rows}


async def pause(session: AsyncSession, lane: str) -> None:
    """What runs goes on; nothing else of `lane` is begun, by any worker. Idempotent. Raises `NotFound`."""
    if lane not in LANES:
        raise NotFound("There is no such lane.")
    await session.execute(insert(PausedLane).values(lane=lane).on_conflict_do_nothing())


async def go_on(session: AsyncSession, lane: str) -> None:
    """Idempotent. Raises `NotFound`."""
    if lane not in LANES:
        raise NotFound("There is no such lane.")
    await session.execute(delete(PausedLane).where(PausedLane.lane == lane))


async def counts(session: AsyncSession) -> list[tuple[str, str, int]]:
    """(kind, state, number) of all jobs still kept."""
    rows = await session.execute(
        text("SELECT task_name, status::text AS status, count(*) AS n FROM procrastinate_jobs GROUP BY 1, 2")
    )
    return [(row.task_name, _NAMES.get(row.status, row.status), row.n) for row in rows]


async def workers(session: AsyncSession) -> list[WorkerInfo]:
    rows = await session.execute(
        text("SELECT name, lanes, heartbeat_at, starving_since FROM infra_worker ORDER BY name")
    )
    return [WorkerInfo(**row._mapping) for row in rows]


async def slots(session: AsyncSession, lane: str) -> int:
    """How many jobs of `lane` all living workers together run side by side."""
    query = text("SELECT COALESCE(sum((lanes->>CAST(:lane AS text))::int), 0) FROM infra_worker")
    return int(await session.scalar(query, {"lane": lane}) or 0)


async def jobs(
    session: AsyncSession,
    *,
    state: State | None = None,
    subject: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[JobInfo]:
    """Newest first, below `before_id`."""
    where: list[str] = []
    values: dict[str, Any] = {"n": limit}
    if state is not None:
        where.append("j.status::text = ANY(:states)")
        values["states"] = list(_STATES[state])
    if subject is not None:
        where.append("j.args->>'subject' = :subject")
        values["subject"] = subject
    if before_id is not None:
        where.append("j.id < :before")
        values["before"] = before_id
    condition = " WHERE " + " AND ".join(where) if where else ""
    rows = await session.execute(text(f"{_SELECT_JOBS}{condition} ORDER BY j.id DESC LIMIT :n"), values)
    return [
        JobInfo(
            id=row.id,
            kind=row.task_name,
            lane=row.queue_name,
            state=_NAMES.get(row.status, row.status),
            attempts=row.attempts,
            subject=row.subject,
            error=row.error,
            queued_at=row.queued_at,
            started_at=row.started_at,
            ended_at=row.ended_at if row.status not in ("todo", "doing") else None,
            scheduled_at=row.scheduled_at,
        )
        for row in rows
    ]


async def retry(session: AsyncSession, job_id: int) -> None:
    """Give a failed job its tries again. Raises `NotFound` or `Conflict`."""
    status = await _status(session, job_id)
    if status != "failed":
        raise Conflict("Only a failed job can be tried again.")
    await session.execute(
        text("SELECT procrastinate_retry_job_v2(:i, now(), NULL, NULL, NULL)"), {"i": job_id}
    )
    await session.execute(text("UPDATE procrastinate_jobs SET attempts = 0 WHERE id = :i"), {"i": job_id})


async def cancel_subject(session: AsyncSession, subject: str, kinds: list[str]) -> int:
    """Cancel all waiting and running jobs of `kinds` about `subject`. Returns how many."""
    rows = await session.execute(
        text(
            "SELECT procrastinate_cancel_job_v1(id, true, false) FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') AND args->>'subject' = :s AND task_name = ANY(:k)"
        ),
        {"s": subject, "k": kinds},
    )
    return len(rows.all())


async def set_priorities(
    session: AsyncSession, kind: str, field: str, given: Sequence[tuple[str, str, int]]
) -> None:
    """Of waiting jobs of `kind`: (subject, value of the message's `field`, new priority)."""
    if not given:
        return
    await session.execute(
        text(
            "UPDATE procrastinate_jobs j SET priority = g.priority"
            " FROM unnest(CAST(:subjects AS text[]), CAST(:values AS text[]), CAST(:priorities AS int[]))"
            " AS g (subject, value, priority)"
            " WHERE j.status = 'todo' AND j.task_name = :kind AND j.args->>'subject' = g.subject"
            " AND j.args->'message'->>CAST(:field AS text) = g.value"
        ),
        {
            "kind": kind,
            "field": field,
            "subjects": [subject for subject, _, _ in given],
            "values": [value for _, value, _ in given],
            "priorities": [priority for _, _, priority in given],
        },
    )


async def _status(session: AsyncSession, job_id: int) -> str:
    status = await session.scalar(
        text("SELECT status::text FROM procrastinate_jobs WHERE id = :i FOR UPDATE"), {"i": job_id}
    )
    if status is None:
        raise NotFound("There is no such job.")
    return str(status)
