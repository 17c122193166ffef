"""Runs the one linear history on the configured database, one transaction for all steps."""

from alembic import context
from sqlalchemy import create_engine, pool, text

import matinee.entrypoints.product
import matinee.infra.jobs.tables
import matinee.infra.marks  # noqa: F401 - all of them fill the metadata
from matinee.infra.db import Base, sqlalchemy_url

LOCK = 7_283_113


def include_name(name: str | None, kind: str, _: object) -> bool:
    """Leave the queue's own tables out of comparisons."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run() -> None:
    """One migrator at a time: others wait on an advisory lock."""
    url = context.config.attributes.get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        from matinee.entrypoints.parts import database_url, load_settings

        url = database_url(load_settings())
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            context.run_migrations()
    engine.dispose()


run()
