"""Makes a house ready before it serves: migrations, and the operator's account at the first start.

A program of its own, `python -m matinee.entrypoints.cli.prepare`, so that the supervisor stays small: it prints one
JSON object with the one-time password (or null). Never shows that password anywhere else.
"""

import asyncio
import json
import sys

import psycopg

from matinee.entrypoints import loading
from matinee.kernel.shipped import shipped


def newest_revision() -> str:
    """The number of the last migration that came with this code; the history is linear and files begin with it."""
    return max(path.name.split("_", 1)[0] for path in (shipped("migrations") / "versions").glob("[0-9]*.py"))


def revision_of(url: str) -> str | None:
    """The number of the last migration that the database at `url` has seen; None for an empty one."""
    address = "postgresql://" + url.partition("://")[2]  # as psycopg itself reads it
    with psycopg.connect(address, connect_timeout=10) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`."""
    from alembic import command
    from alembic.config import Config

    config = Config(shipped("alembic.ini"))
    config.attributes["url"] = url
    command.upgrade(config, revision)


def main() -> int:
    from matinee.entrypoints.agreement import check
    from matinee.entrypoints.bootstrap import ensure_operator
    from matinee.entrypoints.foreseen import foreseen
    from matinee.entrypoints.parts import database_url, load_settings

    loading.done()
    try:
        settings = load_settings()
        migrate(database_url(settings))
        asyncio.run(check(settings))
        password = ensure_operator(settings)
    except Exception as error:
        sentence = foreseen(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return 1
    print(json.dumps({"password": password}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
