"""The database door: engine, sessions and the one metadata that every room's tables join.

Never holds a query of a room.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import BigInteger, DateTime, MetaData, Uuid, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

_TRUSTED_S = 1.0


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


class Database:
    """One engine of one process."""

    def __init__(self, url: str, *, pool_size: int = 10, pool_overflow: int = 20) -> None:
        self.url = sqlalchemy_url(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=pool_overflow,
            pool_timeout=10,
            connect_args={"connect_timeout": 10, "options": "-c timezone=UTC"},
        )
        _ask_the_idle(self.engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        each_alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(each_alone, expire_on_commit=False)

    def session(self, *, reading: bool = False) -> AsyncSession:
        """`reading`: every statement is a transaction of its own, which spares two round trips and holds no lock."""
        return self._readers() if reading else self._sessions()

    async def ping(self) -> None:
        """Raises when the server does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection of its own outside the pool, in autocommit, for LISTEN."""
        connection = await psycopg.AsyncConnection.connect(
            libpq_url(self.url), autocommit=True, connect_timeout=10
        )
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
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


async def raw_connection(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under `session`, inside its transaction."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    return driver  # type: ignore[no-any-return]
