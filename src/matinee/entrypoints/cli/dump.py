"""The database out of one moment into files, and back in one transaction.

Tables are made by the migrations and filled by COPY, so that any server of a version that the house knows can take
what another gave. Never knows what a table means, and never leaves half of a database behind.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import psycopg
from psycopg import sql

from matinee.entrypoints.cli.archive import BadBackup, Manifest
from matinee.kernel.errors import Conflict, Invalid, Unavailable
from matinee.kernel.shipped import shipped

_VERSION_TABLE = "alembic_version"
# The same number as migrations/env.py: nobody changes tables while they are read.
_MIGRATION_LOCK = 7_283_113
_WAIT_FOR_LOCKS = "SET LOCAL lock_timeout = '10s'"
# What the text of a value depends on.
_SPELLING = (
    "SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';"
    " SET extra_float_digits = 1; SET bytea_output = 'hex'; SET timezone = 'UTC'"
)

_TABLES = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S'
    ORDER BY c.relname
"""
_FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
    FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conparentid = 0
    ORDER BY c.conname
"""
# Everything in the schema that no extension brought, as DROP statements that work in any order. The sequence behind an
# identity column cannot be dropped before its table, and goes with it.
_DROPS = """
    SELECT 'DROP ' || CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
             WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END || ' IF EXISTS ' || c.oid::regclass || ' CASCADE'
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i')
      )
    UNION ALL
    SELECT 'DROP ROUTINE IF EXISTS ' || p.oid::regprocedure || ' CASCADE' FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'DROP TYPE IF EXISTS ' || t.oid::regtype || ' CASCADE' FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'c', 'r')
      AND (t.typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
"""
# Tallies are read in the order of the server's transaction numbers. Another server may count lower than the one
# that gave these: then its new rows would lie before what every listener has read, and nobody would ever see them.
_NUMBERS_AHEAD = """
    SELECT COALESCE(max(xid) >= pg_current_xact_id(), false)
    FROM (SELECT xid FROM infra_tally UNION ALL SELECT xid FROM infra_tally_cursor) numbers
"""
_RENUMBER = """
    CREATE TEMPORARY TABLE numbering ON COMMIT DROP AS
    SELECT xid, greatest(0, pg_current_xact_id()::text::bigint - 1 - rank() OVER (ORDER BY xid DESC))::text::xid8
      AS new
    FROM (SELECT xid FROM infra_tally UNION SELECT xid FROM infra_tally_cursor) numbers WHERE xid <> '0'::xid8
"""


class Snapshot:
    """One moment of a database. Everything read through it belongs together."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self.server = _one(connection, "SHOW server_version")
        self.revision = self._revision()
        rows = connection.execute(_TABLES).fetchall()
        self.columns: dict[str, list[str]] = {name: names for name, names in rows if name != _VERSION_TABLE}

    def _revision(self) -> str:
        if _one(self._connection, "SELECT to_regclass('alembic_version')") is None:
            raise Invalid("There is nothing to back up: the database is empty. Start the house once.")
        return str(_one(self._connection, "SELECT version_num FROM alembic_version"))

    def copy_out(self, table: str, file: IO[bytes]) -> int:
        """Write all rows as COPY's text; returns how many."""
        words = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
            _names(self.columns[table]), _table(table)
        )
        with self._connection.cursor() as cursor:
            with cursor.copy(words) as copy:
                for piece in copy:
                    file.write(piece)
            return cursor.rowcount

    def sequences(self) -> dict[str, tuple[int, bool]]:
        """Where each stands now: never less than what the rows of the snapshot hold."""
        found = {}
        for (name,) in self._connection.execute(_SEQUENCES).fetchall():
            row = self._connection.execute(
                sql.SQL("SELECT last_value, is_called FROM {}").format(_table(name))
            ).fetchone()
            assert row is not None
            found[str(name)] = (int(row[0]), bool(row[1]))
        return found


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Raises `Unavailable` when the database does not answer."""
    try:
        with psycopg.connect(_address(url), autocommit=True, connect_timeout=10) as connection:
            connection.execute(_SPELLING)
            connection.execute("SET lock_timeout = '60s'")
            connection.execute("SELECT pg_advisory_lock_shared(%s)", [_MIGRATION_LOCK])
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield Snapshot(connection)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {_first_line(error)}") from error


def what_lies_there(url: str) -> list[str]:
    """The tables of the database that hold rows, the queue's and the workers' own notes left out."""
    with _target(url) as connection:
        tables = [str(row[0]) for row in connection.execute(_TABLES).fetchall()]
        return [
            name
            for name in tables
            if not name.startswith(("procrastinate_", "infra_", _VERSION_TABLE))
            and connection.execute(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_table(name))
            ).fetchone() == (True,)
        ]  # fmt: skip


def refuse_in_use(url: str) -> None:
    """Raises `Conflict` while any other program is connected to the database."""
    with _target(url) as connection:
        others = _one(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
    if others:
        raise Conflict(
            f"The database is in use by {others} other connection{'s' if others > 1 else ''}: stop API, workers and "
            "every other program that uses it, then try again."
        )


def known(revision: str) -> bool:
    """Whether this Matinee has the migration that the backup stands at."""
    return revision in {script.revision for script in _scripts()[1].walk_revisions()}


def newest() -> str:
    """The last migration of this Matinee: where a restored database stands."""
    return str(_scripts()[1].get_current_head())


def load(
    url: str, manifest: Manifest, rows_of: Callable[[str], Iterable[bytes]], *, without: Sequence[str] = ()
) -> None:
    """Replace all that the database holds by the backup's rows, and bring it to the newest revision. The tables of
    `without`, as that names them, begin empty.

    One transaction: it happens whole or not at all. Raises `BadBackup` when the rows do not fit.
    """
    from sqlalchemy import create_engine, pool
    from sqlalchemy.exc import DBAPIError

    from matinee.infra.db import sqlalchemy_url

    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(_WAIT_FOR_LOCKS)
            raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
            raw.execute(_SPELLING)
            raw.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
            _drop_all(raw)
            _migrate(connection, manifest.revision)
            _fill(raw, manifest, rows_of)
            _migrate(connection, "head")
            for name in without:
                raw.execute(sql.SQL("DELETE FROM {}").format(_table(name)))
    except psycopg.errors.LockNotAvailable as error:
        raise Conflict("The database is in use by another program: stop it, then try again.") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise Unavailable(
            f"The database went away: {_first_line(error)} Nothing was changed in it."
        ) from error
    except (psycopg.Error, DBAPIError) as error:
        raise BadBackup(
            f"The database does not take the rows of the backup: {_first_line(error)} Nothing was changed in it."
        ) from error
    finally:
        engine.dispose()


def _drop_all(connection: "psycopg.Connection[Any]") -> None:
    for (words,) in connection.execute(_DROPS).fetchall():
        connection.execute(words)


def _scripts() -> tuple[Any, Any]:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(shipped("alembic.ini"))
    return config, ScriptDirectory.from_config(config)


def _migrate(connection: Any, revision: str) -> None:
    """Inside the caller's transaction, which `migrations/env.py` would not do."""
    from alembic.runtime.environment import EnvironmentContext

    config, scripts = _scripts()

    def steps(present: Any, _: Any) -> Any:
        return scripts._upgrade_revs(revision, present)

    with EnvironmentContext(config, scripts, fn=steps, destination_rev=revision) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _fill(
    connection: "psycopg.Connection[Any]", manifest: Manifest, rows_of: Callable[[str], Iterable[bytes]]
) -> None:
    there = {str(name): names for name, names in connection.execute(_TABLES).fetchall()}
    there.pop(_VERSION_TABLE, None)
    wanted = {name: table["columns"] for name, table in manifest.tables.items()}
    if differing := [name for name in wanted if not set(wanted[name]) <= set(there.get(name, ()))]:
        raise BadBackup(
            f"The backup holds tables that revision {manifest.revision} does not make: {', '.join(differing)}."
        )
    keys = connection.execute(_FOREIGN_KEYS).fetchall()
    for table, name, _ in keys:  # put back below, which checks all rows at once and in any order of tables
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name in there:
        connection.execute(sql.SQL("DELETE FROM {}").format(_table(name)))
    for name, columns in wanted.items():
        _fill_table(connection, name, columns, manifest.tables[name]["rows"], rows_of(name))
    for table, name, definition in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for name, (last, given) in manifest.sequences.items():
        connection.execute("SELECT setval(to_regclass(quote_ident(%s)), %s, %s)", [name, last, given])
    if "infra_tally" in there and _one(connection, _NUMBERS_AHEAD):
        connection.execute(_RENUMBER)
        connection.execute("UPDATE infra_tally t SET xid = n.new FROM numbering n WHERE n.xid = t.xid")
        connection.execute("UPDATE infra_tally_cursor t SET xid = n.new FROM numbering n WHERE n.xid = t.xid")


def _fill_table(
    connection: "psycopg.Connection[Any]", name: str, columns: list[str], rows: int, chunks: Iterable[bytes]
) -> None:
    table = _table(name)
    # The queue notes every change of a job by triggers: what they would note is in the backup already.
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, _names(columns))) as copy:
            for chunk in chunks:
                copy.write(chunk)
        taken = cursor.rowcount
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    if (taken, found) != (rows, (rows,)):
        raise BadBackup(f"Table {name} came to {taken} rows, and the backup says {rows}.")


@contextmanager
def _target(url: str) -> "Iterator[psycopg.Connection[Any]]":
    try:
        with psycopg.connect(_address(url), autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {_first_line(error)}") from error


def _one(connection: "psycopg.Connection[Any]", words: str) -> Any:
    row = connection.execute(words).fetchone()
    return None if row is None else row[0]


def _table(name: str) -> sql.Composable:
    return sql.Identifier("public", name)


def _names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _address(url: str) -> str:
    return "postgresql://" + url.partition("://")[2]


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{lines[0].rstrip('.')}." if lines else "no reason given."
