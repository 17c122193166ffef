"""The database door: engine, sessions and the one metadata that every room's tables join.

Never holds a query of a room.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import BigInteger, DateTime, MetaData, Uuid, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from matinee.kernel.errors import Unavailable

_TRUSTED_S = 1.0
_PING_S = 5.0
_CONNECT_S = 10
ANSWER_S = 30.0


class Base(DeclarativeBase):
    """Base of all tables. A table's name starts with its room: `videos_rendition`."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_ix",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_ck",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


def sqlalchemy_url(url: str) -> str:
    """Any spelling of a PostgreSQL address as the one driver's: `postgresql+psycopg://`."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    raise ValueError("MATINEE_DATABASE_URL must start with postgresql://")


def libpq_url(url: str) -> str:
    """The same address as libpq and psycopg itself read it."""
    return "postgresql://" + sqlalchemy_url(url).removeprefix("postgresql+psycopg://")


class Bounded(psycopg.AsyncConnection[Any]):
    """A connection that waits `answer_s` for an answer, and then counts as lost: a server that hangs, or a network that
    drops packets, closes nothing. Listening takes as long as it takes."""

    answer_s: float = ANSWER_S
    _listens = False

    async def wait(self, *arguments: Any, **named: Any) -> Any:
        if self._listens:
            return await super().wait(*arguments, **named)
        try:
            async with asyncio.timeout(self.answer_s):
                return await super().wait(*arguments, **named)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer within {self.answer_s:g} s") from None

    async def notifies(self, **named: Any) -> AsyncGenerator[psycopg.Notify]:
        self._listens = True
        try:
            async with aclosing(super().notifies(**named)) as heard:
                async for notice in heard:
                    yield notice
        finally:
            self._listens = False

    @contextmanager
    def within(self, answer_s: float) -> Iterator[None]:
        """A shorter bound for what takes no time."""
        usual, self.answer_s = self.answer_s, min(answer_s, self.answer_s)
        try:
            yield
        finally:
            self.answer_s = usual


def connect_settings(answer_s: float) -> dict[str, Any]:
    """How every process connects. Both ends notice that the other is gone, and the server frees what a lost client held
    in a transaction."""
    on_server = {
        "timezone": "UTC",
        "tcp_keepalives_idle": 15,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "idle_in_transaction_session_timeout": round(answer_s * 2_000),
    }
    return {
        "connect_timeout": _CONNECT_S,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": " ".join(f"-c {name}={value}" for name, value in on_server.items()),
    }


class Database:
    """One engine of one process."""

    def __init__(
        self, url: str, *, pool_size: int = 10, pool_overflow: int = 20, answer_s: float = ANSWER_S
    ) -> None:
        self.url = sqlalchemy_url(url)
        self._answer_s = answer_s
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_overflow,
            pool_timeout=10,
            connect_args={"async_creator_fn": self._connect} | connect_settings(answer_s),
        )
        _ask_the_idle(self.engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        each_alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(each_alone, expire_on_commit=False)

    def session(self, *, reading: bool = False) -> AsyncSession:
        """`reading`: every statement is a transaction of its own, which spares two round trips and holds no lock."""
        return self._readers() if reading else self._sessions()

    async def _connect(self, *arguments: Any, **named: Any) -> Bounded:
        connection = await Bounded.connect(*arguments, **named)
        connection.answer_s = self._answer_s
        return connection

    async def ping(self) -> None:
        """Raises when the server does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection of its own outside the pool, in autocommit, for LISTEN."""
        settings = connect_settings(self._answer_s)
        connection = await self._connect(libpq_url(self.url), autocommit=True, **settings)
        try:
            yield connection
        finally:
            await connection.close()


def _ask_the_idle(engine: AsyncEngine) -> None:
    """Before a connection is used that lay idle for a second, see whether it still stands.

    SQLAlchemy's own `pool_pre_ping` asks before every use, a round trip for each request under load.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _laid_down(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _taken_up(connection: Any, record: Any, fairy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < _TRUSTED_S:
            return
        try:
            with connection.driver_connection.within(_PING_S):
                engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def is_away(error: DBAPIError) -> bool:
    """Whether `error` says that the database does not answer, or takes nothing, rather than that it refused."""
    return isinstance(error, OperationalError) or error.connection_invalidated


def is_full(error: BaseException | None) -> bool:
    """Whether `error` came of a PostgreSQL that has no room left to write."""
    while error is not None:
        if isinstance(error, psycopg.errors.DiskFull):
            return True
        error = error.__cause__
    return False


def unavailable(error: BaseException) -> Unavailable:
    """What people are told while the database is away, or full."""
    return Unavailable(
        "The disk of the house's database is full. Nothing was lost; try again once its operator has made room."
        if is_full(error)
        else "The database does not answer. Nothing was lost; try again in a moment."
    )


async def raw_connection(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under `session`, inside its transaction."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    return driver  # type: ignore[no-any-return]
