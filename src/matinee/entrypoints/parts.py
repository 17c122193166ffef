"""Puts the parts of one process together from its settings: database, storage, bus, queue, units of work.

Never runs anything: api, worker and the command do.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from matinee.entrypoints import house, product
from matinee.features.roles import service as roles
from matinee.infra.bus.memory import MemoryBus
from matinee.infra.bus.port import Bus
from matinee.infra.bus.postgres import PostgresBus
from matinee.infra.db import Database
from matinee.infra.jobs.queue import Queue
from matinee.infra.limits import LimitSettings
from matinee.infra.mail.opening import open_mailer
from matinee.infra.postgres import running_url
from matinee.infra.room import Room
from matinee.infra.storage.opening import open_store
from matinee.infra.storage.port import Storage
from matinee.infra.work import Works
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import BusSettings, DatabaseSettings, MailSettings, Settings
from matinee.kernel.time import Clock, utc_now

_LINE_S = 5.0

# The house's own part, then its rooms: what answers requests and runs jobs. Only rooms are walked.
ROOMS: tuple[Room, ...] = (house.ROOM, *product.ROOMS)


def load_settings(**overrides: Any) -> Settings:
    """All concerns of the house and its rooms, from environment and `.env`."""
    return Settings.load(LimitSettings, *product.concerns(), **overrides)


def database_url(settings: Settings) -> str:
    """The configured server, else the embedded one of this data folder. Raises `Unavailable` when none runs."""
    configured = settings.of(DatabaseSettings).database_url
    if configured is not None:
        return configured.get_secret_value()
    url = running_url(settings.house.data_dir)
    if url is None:
        raise Unavailable(
            "No database: start the house with `matinee up`, or set MATINEE_DATABASE_URL to a PostgreSQL server."
        )
    return url


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one process holds."""

    settings: Settings
    database: Database
    storage: Storage
    bus: Bus
    queue: Queue
    works: Works
    rooms: Sequence[Room]


def open_bus(knobs: BusSettings, database: Database) -> Bus:
    """The carrier that the settings name, not started."""
    if knobs.bus == "redis" and knobs.redis_url is not None:
        from matinee.infra.bus.redis import RedisBus  # only who uses it waits for its client to load

        return RedisBus(knobs.redis_url.get_secret_value())
    return MemoryBus() if knobs.bus == "memory" else PostgresBus(database)


def assemble(settings: Settings, *, clock: Clock = utc_now) -> Parts:
    """Build every part, open none."""
    url = database_url(settings)
    knobs = settings.of(DatabaseSettings)
    answer_s = knobs.database_answer_s
    database = Database(url, pool_size=knobs.pool_size, pool_overflow=knobs.pool_overflow, answer_s=answer_s)
    storage = open_store(settings)
    bus = open_bus(settings.of(BusSettings), database)
    queue = Queue(url, ROOMS, answer_s=answer_s)
    mailer = open_mailer(settings.of(MailSettings))
    works = Works(
        database=database,
        settings=settings,
        storage=storage,
        bus=bus,
        outbox=queue,
        mailer=mailer,
        clock=clock,
    )
    works.held(roles.Book).declare(product.PERMISSIONS.values())
    return Parts(
        settings=settings,
        database=database,
        storage=storage,
        bus=bus,
        queue=queue,
        works=works,
        rooms=ROOMS,
    )


@asynccontextmanager
async def unopened(settings: Settings, url: str) -> AsyncIterator[Works]:
    """Units of work over `url` alone, for a command that writes a line: nothing is started, no store is touched."""
    database = Database(url, pool_size=1, pool_overflow=0, answer_s=_LINE_S)
    try:
        yield Works(
            database=database,
            settings=settings,
            storage=open_store(settings),
            bus=MemoryBus(),
            outbox=Queue(url, ROOMS),
            mailer=open_mailer(settings.of(MailSettings)),
        )
    finally:
        await database.close()


@asynccontextmanager
async def opened(parts: Parts) -> AsyncIterator[Parts]:
    """Start what needs starting and end it in order."""
    await parts.bus.start()
    try:
        yield parts
    finally:
        await parts.bus.stop()
        await parts.database.close()
