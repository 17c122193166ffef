"""`python -m matinee.entrypoints.worker --lane io --lane cpu`: one worker process."""

import asyncio
import os
import signal
import tempfile
from contextlib import AsyncExitStack, suppress
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError

from matinee.entrypoints import loading
from matinee.entrypoints.agreement import agree, refuse
from matinee.entrypoints.parts import Parts, assemble, load_settings, opened
from matinee.infra import scratch
from matinee.infra.room import Lane
from matinee.infra.telemetry import configure_logging
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import Settings, WorkerSettings

log = structlog.get_logger(__name__)


UPKEEP_S = 600.0


async def keep_up(parts: Parts) -> None:
    """What the rooms do for this machine, again and again. A failure of one is logged, and is no failure of work."""
    while True:
        for room in parts.rooms:
            if room.upkeep is not None:
                try:
                    await room.upkeep(parts.works)
                except Exception as error:
                    log.warning("upkeep.failed", room=room.name, error=type(error).__name__)
        await asyncio.sleep(UPKEEP_S)


async def run(settings: Settings, lanes: list[Lane]) -> None:
    """Work until SIGTERM or SIGINT; running jobs get `shutdown_s` to end, the rest goes back to the queue."""
    parts = assemble(settings)
    knobs = settings.of(WorkerSettings)
    slots: dict[Lane, int] = {"io": knobs.worker_io, "cpu": knobs.worker_cpu, "gpu": knobs.worker_gpu}
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(parts), AsyncExitStack() as stack:
        try:
            await agree(parts)
        except Exception as error:
            refuse(error)
        swept = await asyncio.to_thread(scratch.sweep, settings.house.data_dir)
        with suppress(Unavailable):  # then the system's own, which nobody sweeps
            tempfile.tempdir = str(stack.enter_context(scratch.temporary()))
        log.info("worker.started", lanes=lanes, swept=swept)
        upkeep = asyncio.create_task(keep_up(parts))
        try:
            await parts.queue.work(parts.works, {lane: slots[lane] for lane in lanes}, stop)
        finally:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
        log.info("worker.stopped")


def main(
    lane: Annotated[
        list[str] | None, typer.Option(help="io, cpu or gpu; repeatable. Default: io and cpu.")
    ] = None,
) -> None:
    """Run jobs of the given lanes."""
    wanted = set(lane or ("io", "cpu"))
    lanes: list[Lane] = [name for name in ("io", "cpu", "gpu") if name in wanted]
    if len(lanes) != len(wanted):
        raise typer.BadParameter("lanes are io, cpu and gpu")
    os.umask(0o077)
    try:
        settings = load_settings()
    except ValidationError as error:
        refuse(error)
        return
    configure_logging(form=settings.house.log_format, level=settings.house.log_level)
    loading.done()
    asyncio.run(run(settings, lanes))


if __name__ == "__main__":
    typer.run(main)
