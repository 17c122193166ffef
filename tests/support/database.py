"""One PostgreSQL per test run, shared by all its processes, with a migrated template that each test copies.

Never used outside tests: the server forgets everything at a crash (durability none).
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from matinee.infra import postgres

HOME_VARIABLE = "MATINEE_TESTS_HOME"
TEMPLATE = "template_matinee"
_ROOT = Path(__file__).parents[2]
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 * 1024**3


def open_home() -> None:
    """Called once, by the process that starts the run; worker processes inherit the folder's name.

    In memory where the machine has room for it: a database is a thousand small files, and copying them there takes
    a twentieth of the time.
    """
    home = tempfile.mkdtemp(prefix="matinee-tests-", dir=_MEMORY if _roomy(_MEMORY) else None)
    os.chmod(home, 0o711)
    os.environ[HOME_VARIABLE] = home


def _roomy(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= _ROOM_BYTES


def close_home() -> None:
    """Stop the run's server, if any test needed it, and remove its folder."""
    home = Path(os.environ.pop(HOME_VARIABLE))
    if postgres.running_url(home) is not None:
        postgres.start(home, durability="none").stop()
    shutil.rmtree(home, ignore_errors=True)


def home() -> Path:
    return Path(os.environ[HOME_VARIABLE])


@cache
def server() -> postgres.Server:
    """The run's server; the first caller starts it. Each process asks once: it lives as long as the run."""
    return postgres.start(home(), durability="none")


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    with open(home() / f"{name}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _admin(running: postgres.Server) -> "psycopg.Connection[tuple[object, ...]]":
    url = running.superuser_url.replace("postgresql+psycopg", "postgresql", 1)
    return psycopg.connect(url, autocommit=True)


def url_of(running: postgres.Server, name: str) -> str:
    return running.url.rsplit("/", 1)[0] + "/" + name


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision` by the project's own migrations."""
    from alembic import command
    from alembic.config import Config

    config = Config(_ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, revision)


def ensure_template(running: postgres.Server) -> None:
    """Migrate the template once per run."""
    done = home() / "template-done"
    if done.exists():
        return
    with _alone("template"):
        if done.exists():
            return
        make(running, TEMPLATE, template=None)
        migrate(url_of(running, TEMPLATE))
        done.touch()


def make(running: postgres.Server, name: str, template: str | None) -> None:
    """A database of the product's role: a copy of `template`, or empty."""
    words = sql.SQL("CREATE DATABASE {} OWNER matinee TEMPLATE {} STRATEGY {}").format(
        sql.Identifier(name),
        sql.Identifier(template or "template0"),
        sql.SQL("file_copy" if template else "wal_log"),
    )
    with _admin(running) as connection:
        connection.execute(words)


def drop(running: postgres.Server, name: str) -> None:
    with _admin(running) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def fresh(*, migrated: bool = True) -> Iterator[str]:
    """The address of a database of one's own, gone afterwards."""
    running = server()
    if migrated:
        ensure_template(running)
    name = f"test_{uuid4().hex}"
    make(running, name, TEMPLATE if migrated else None)
    try:
        yield url_of(running, name)
    finally:
        drop(running, name)
