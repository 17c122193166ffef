"""One unit of work: a transaction and everything a verb may need. The entrypoint opens and commits it.

Services never commit. Messages are written in the same transaction as the change; signals leave after it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.infra.bus.port import Bus
from matinee.infra.db import Database
from matinee.infra.mail.console import NoMailer
from matinee.infra.mail.port import Mailer
from matinee.infra.storage.port import Storage
from matinee.infra.tally import TallyRow
from matinee.kernel.actor import SYSTEM, Actor
from matinee.kernel.message import Message
from matinee.kernel.settings import C, Settings
from matinee.kernel.time import Clock, utc_now

T = TypeVar("T")


class Outbox(Protocol):
    """Writes messages as durable jobs inside the transaction of `session`."""

    async def write(self, session: AsyncSession, messages: list[tuple[Message, datetime | None]]) -> None: ...


class Work:
    """Session, actor, clock, settings, storage, bus and what is to be said at the commit."""

    def __init__(
        self, works: "Works", session: AsyncSession, actor: Actor, context: "JobContext | None" = None
    ) -> None:
        self._works = works
        self.session = session
        self.actor = actor
        self.job = context
        self._messages: list[tuple[Message, datetime | None]] = []
        self._signals: dict[str, None] = {}
        self._tallies: list[dict[str, Any]] = []
        self._after: list[Callable[[], None]] = []

    @property
    def now(self) -> datetime:
        return self._works.clock()

    @property
    def storage(self) -> Storage:
        return self._works.storage

    @property
    def bus(self) -> Bus:
        return self._works.bus

    @property
    def mailer(self) -> Mailer:
        return self._works.mailer

    @property
    def works(self) -> "Works":
        """The opener, for verbs that must record while something outside runs."""
        return self._works

    def settings(self, concern: type[C]) -> C:
        return self._works.settings.of(concern)

    def send(self, message: Message, *, at: datetime | None = None) -> None:
        """Say a fact or give an order, durable with this transaction; `at` delays it."""
        self._messages.append((message, at))

    def signal(self, channel: str) -> None:
        """Wake sockets that follow `channel`, after the commit. Lost without harm."""
        self._signals[channel] = None

    def tally(self, kind: str, subject_id: UUID, **data: Any) -> None:
        """Append one frequent happening with this transaction."""
        self._tallies.append({"kind": kind, "subject_id": subject_id, "data": data})

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` in this process once the transaction stands: counters, cache entries."""
        self._after.append(call)

    async def commit(self) -> None:
        """For entrypoints and `outside`; a service never calls this."""
        if self._tallies:
            await self.session.execute(insert(TallyRow), self._tallies)
            self._tallies = []
        if self._messages:
            await self._works.outbox.write(self.session, self._messages)
            self._messages = []
        await self.session.commit()
        after, self._after = self._after, []
        for call in after:
            call()
        signals, self._signals = self._signals, {}
        for channel in signals:
            await self._works.bus.publish(channel)

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """End the transaction for a network call or an engine; a new one begins at the next statement.

        Rows read before are stale afterwards: read again.
        """
        await self.commit()
        try:
            yield
        finally:
            self.session.expire_all()


class JobContext(Protocol):
    """What a handler may ask of the job it runs in."""

    @property
    def id(self) -> int: ...

    @property
    def attempt(self) -> int: ...

    @property
    def attempts_left(self) -> int: ...

    def should_stop(self) -> bool:
        """True once the job is cancelled or its worker shuts down."""


class Works:
    """Opens units of work over one process's parts."""

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        storage: Storage,
        bus: Bus,
        outbox: Outbox,
        mailer: Mailer | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.database = database
        self.settings = settings
        self.storage = storage
        self.bus = bus
        self.outbox = outbox
        self.mailer = mailer or NoMailer()
        self.clock = clock
        self._held: dict[Any, Any] = {}

    def held(self, kind: "Callable[[Works], T]") -> T:
        """The one `kind` of this process, made at its first use: what a room keeps in memory."""
        if kind not in self._held:
            self._held[kind] = kind(self)
        found: T = self._held[kind]
        return found

    @asynccontextmanager
    async def open(
        self, actor: Actor = SYSTEM, context: JobContext | None = None, *, reading: bool = False
    ) -> AsyncIterator[Work]:
        """A work that commits when the block ends and leaves nothing when it raises.

        `reading`: for what changes nothing; each statement then stands alone, as cheaply as can be.
        """
        async with self.database.session(reading=reading) as session:
            work = Work(self, session, actor, context)
            try:
                yield work
                await work.commit()
            except BaseException:
                await session.rollback()
                raise
