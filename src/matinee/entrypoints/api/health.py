"""`/health…` for people and orchestrators, `/metrics` for Prometheus. Never says anything personal."""

import asyncio
import contextlib
import time
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import matinee
from matinee.entrypoints.api.identity import authenticate
from matinee.entrypoints.parts import Parts
from matinee.features.admin import service as admin
from matinee.infra import telemetry
from matinee.infra.front import is_from_here
from matinee.infra.jobs import ledger
from matinee.infra.work import Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import MatineeError

router = APIRouter(include_in_schema=False)
CHECK_S = 5
KEPT_S = 2.0
LEAST_FREE_BYTES = 500_000_000
OLDEST_WAITING_S = 900


@router.get("/health/live")
async def live() -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@router.get("/health")
@router.get("/health/ready")
async def ready(request: Request, response: Response) -> dict[str, Any]:
    """Database, storage, queue age and disk; 503 when one of the first two is away. Strangers read the status alone."""
    works: Works = request.app.state.works
    found = await works.held(_Examiner).found()
    response.status_code = 503 if found["status"] == "down" else 200
    response.headers["Cache-Control"] = "no-store"
    if is_from_here(request.scope) or (found["checks"]["database"]["ok"] and await _operates(request)):
        return found
    return {"status": found["status"]}


class _Examiner:
    """One of each process: looks once at a time, and keeps what it found for a moment, however many ask."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._looking = asyncio.Lock()
        self._found: dict[str, Any] = {}
        self._found_at = float("-inf")

    async def found(self) -> dict[str, Any]:
        async with self._looking:
            if time.monotonic() - self._found_at > KEPT_S:
                self._found = await _examine(self._works)
                self._found_at = time.monotonic()
            return self._found


async def _examine(works: Works) -> dict[str, Any]:
    checks: dict[str, dict[str, Any]] = {}

    async def check(name: str, run: Any) -> None:
        try:
            checks[name] = {"ok": True, **(await asyncio.wait_for(run(), CHECK_S) or {})}
        except TimeoutError:
            checks[name] = {"ok": False, "reason": f"no answer within {CHECK_S} s"}
        except MatineeError as error:
            checks[name] = {"ok": False, "reason": error.detail}
        except Exception as error:
            checks[name] = {"ok": False, "reason": type(error).__name__}

    async def queue() -> dict[str, Any]:
        async with works.database.session() as session:
            lanes = await ledger.lanes(session)
            workers = len(await ledger.workers(session))
        oldest = max((lane.oldest_waiting_s or 0 for lane in lanes), default=0)
        return {
            "ok": oldest < OLDEST_WAITING_S,
            "oldest_waiting_s": round(oldest, 1),
            "failed": sum(lane.failed for lane in lanes),
            "workers": workers,
        }

    async def disk() -> dict[str, Any]:
        space = await works.storage.free_bytes()
        if space is None:
            return {}
        return {"ok": space[0] > LEAST_FREE_BYTES, "free_bytes": space[0], "total_bytes": space[1]}

    await asyncio.gather(
        check("database", works.database.ping),
        check("storage", works.storage.check),
        check("queue", queue),
        check("disk", disk),
    )
    up = checks["database"]["ok"] and checks["storage"]["ok"]
    well = all(check["ok"] for check in checks.values())
    return {
        "status": "ok" if well else "degraded" if up else "down",
        "version": matinee.__version__,
        "checks": dict(sorted(checks.items())),
    }


async def _operates(request: Request) -> bool:
    """Whether an operator asks. Who cannot be known is a stranger here, and no error."""
    works: Works = request.app.state.works
    with contextlib.suppress(MatineeError, SQLAlchemyError):
        async with works.open(Actor(), reading=True) as work:
            return (await authenticate(work, request)).may(admin.OPERATE)
    return False


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures of this process, and of the queue and the rooms as the database has them."""
    parts: Parts = request.app.state.parts
    async with parts.works.open() as work:
        await work.session.execute(text("SET LOCAL statement_timeout = '5s'"))
        telemetry.JOBS.clear()
        for kind, state, number in await ledger.counts(work.session):
            telemetry.JOBS.labels(kind, state).set(number)
        for lane in await ledger.lanes(work.session):
            telemetry.QUEUE_AGE_S.labels(lane.lane).set(lane.oldest_waiting_s or 0)
        for room in parts.rooms:
            if room.metrics is not None:
                await room.metrics(work)
    return Response(generate_latest(telemetry.REGISTRY), media_type=CONTENT_TYPE_LATEST)
