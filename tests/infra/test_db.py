"""The pool over a database that goes away and comes back, and statements that stand alone."""

import psycopg
import pytest
from sqlalchemy import text

from matinee.infra import db
from matinee.infra.db import Database, libpq_url

_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def _pid(database: Database) -> int:
    async with database.session() as session:
        return int((await session.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def test_a_connection_that_died_while_it_lay_idle_is_replaced_unseen(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(database_url)
    try:
        before = await _pid(database)
        monkeypatch.setattr(db, "_TRUSTED_S", 0.0)
        assert await _pid(database) == before
        with psycopg.connect(libpq_url(database.url), autocommit=True) as other:
            other.execute(_OTHERS)
        assert await _pid(database) != before
    finally:
        await database.close()


async def test_what_is_read_holds_no_transaction_open(database_url: str) -> None:
    database = Database(database_url)
    try:
        async with database.session(reading=True) as session:
            await session.execute(text("SELECT 1"))
            pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            with psycopg.connect(libpq_url(database.url), autocommit=True) as other:
                state = other.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
            assert state == ("idle",)
        async with database.session() as session:  # the same connection, given back as it was
            again = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            with psycopg.connect(libpq_url(database.url), autocommit=True) as other:
                state = other.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [again]).fetchone()
            assert (again, state) == (pid, ("idle in transaction",))
    finally:
        await database.close()
