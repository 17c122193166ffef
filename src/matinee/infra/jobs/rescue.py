"""Work of workers that died: found by missing heartbeats and given to the next one.

A job that kills its worker again and again ends among the dead letters instead of going round for ever.
"""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import delete, func, text
from sqlalchemy.dialects.postgresql import insert

from matinee.infra.jobs.tables import WorkerRow
from matinee.infra.room import Handler
from matinee.infra.work import Works
from matinee.kernel.actor import SYSTEM

log = structlog.get_logger(__name__)
_STALLED = text(
    "SELECT j.id, j.task_name, j.attempts, j.args FROM procrastinate_jobs j"
    " LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
    " WHERE j.status = 'doing'"
    # After a start of the server every worker that lives gets its time to give a sign.
    " AND (w.id IS NULL OR greatest(w.last_heartbeat, pg_postmaster_start_time()) < now() - make_interval(secs => :s))"
    " FOR UPDATE OF j SKIP LOCKED"
)


async def rescue(
    works: Works, stalled_s: float, handlers: Mapping[str, Handler]
) -> list[tuple[str, dict[str, Any]]]:
    """Put stalled jobs back. Returns (kind, message) of those that have used up their tries and lie dead now."""
    dead = []
    async with works.open(SYSTEM) as work:
        for row in (await work.session.execute(_STALLED, {"s": stalled_s})).all():
            handler = handlers.get(row.task_name)
            spent = handler is not None and row.attempts >= handler.retries + 1
            if spent:
                await work.session.execute(
                    text("SELECT procrastinate_finish_job_v1(:i, 'failed', false)"), {"i": row.id}
                )
                args = row.args if isinstance(row.args, dict) else json.loads(row.args)
                dead.append((row.task_name, args["message"]))
            else:
                await work.session.execute(
                    text("SELECT procrastinate_retry_job_v1(:i, now(), NULL, NULL, NULL)"), {"i": row.id}
                )
            log.warning("job.rescued", job_id=row.id, job=row.task_name, dead=spent)
    return dead


async def note_worker(
    works: Works, name: str, lanes: Mapping[str, int], stalled_s: float, *, starving: bool = False
) -> None:
    """This process is alive, and its encoders hardly get a processor; processes that are silent for long are
    forgotten."""
    async with works.open(SYSTEM) as work:
        alive = insert(WorkerRow).values(
            name=name, lanes=dict(lanes), starving_since=func.now() if starving else None
        )
        since = func.coalesce(WorkerRow.starving_since, func.now()) if starving else None
        await work.session.execute(
            alive.on_conflict_do_update(
                index_elements=[WorkerRow.name],
                set_={"heartbeat_at": func.now(), "lanes": alive.excluded.lanes, "starving_since": since},
            )
        )
        await work.session.execute(
            text("DELETE FROM infra_worker WHERE heartbeat_at < now() - make_interval(secs => :s)"),
            {"s": stalled_s * 4},
        )


async def forget_worker(works: Works, name: str) -> None:
    """This process ends in order."""
    async with works.open(SYSTEM) as work:
        await work.session.execute(delete(WorkerRow).where(WorkerRow.name == name))
