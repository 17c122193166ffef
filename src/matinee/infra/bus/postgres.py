"""Signals between processes over PostgreSQL's LISTEN and NOTIFY. Never carries more than a channel name."""

import asyncio
import contextlib
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import text

from matinee.infra.bus.ears import Ears
from matinee.infra.bus.port import Hearer, Missed
from matinee.infra.db import Database

NAME = "matinee_signal"
_LOOK_S = 15.0
log = structlog.get_logger(__name__)


class PostgresBus:
    """One listening connection a process; a lost one is opened again with back-off."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ears = Ears()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="bus-listen")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), 5)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._ears.clear()

    async def publish(self, channel: str) -> None:
        try:
            async with self._database.engine.begin() as connection:
                await connection.execute(text("SELECT pg_notify(:n, :c)"), {"n": NAME, "c": channel[:7000]})
        except Exception as error:  # a signal may be lost; the change itself is committed already
            log.warning("bus.signal_lost", error=type(error).__name__)

    def hear(self, hearer: Hearer, missed: Missed | None = None) -> Callable[[], None]:
        return self._ears.add(hearer, missed)

    async def _listen(self) -> None:
        delay_s, lost = 0.1, False
        while True:
            try:
                async with self._database.listener() as connection:
                    await connection.execute(f"LISTEN {NAME}")
                    self._listening.set()
                    if lost:
                        self._ears.say_missed()
                    delay_s, lost = 0.1, False
                    while True:
                        async for notice in connection.notifies(timeout=_LOOK_S):
                            self._ears.tell(notice.payload)
                        await connection.execute("SELECT 1")  # a line that is lost says nothing by itself
            except (psycopg.Error, OSError) as error:
                log.warning("bus.connection_lost", error=type(error).__name__, again_in_s=delay_s)
            self._listening.clear()
            lost = True
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, 5)
