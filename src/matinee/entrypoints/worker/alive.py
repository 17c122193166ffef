"""`python -m matinee.entrypoints.worker.alive`: ends with 0 when a worker of this host gave a sign of late.

For the health check of a container, where the host is the container. Loads nothing but settings and the driver, and
never changes anything.
"""

import socket
import sys

import psycopg

from matinee.infra.postgres import running_url
from matinee.kernel.settings import DatabaseSettings, Settings, WorkerSettings

_ANSWER_S = 5


def main() -> int:
    """A sentence on stderr when it is not 0."""
    settings = Settings.load()
    configured = settings.of(DatabaseSettings).database_url
    url = configured.get_secret_value() if configured else running_url(settings.house.data_dir)
    if url is None:
        return _said("No database is set or runs here.")
    limit_s = settings.of(WorkerSettings).stalled_after_s
    try:
        with psycopg.connect(
            "postgresql://" + url.partition("://")[2], connect_timeout=_ANSWER_S
        ) as connection:
            row = connection.execute(
                "SELECT min(extract(epoch FROM now() - heartbeat_at))::float FROM infra_worker"
                " WHERE starts_with(name, %s)",
                (f"{socket.gethostname()}-"[:120],),
            ).fetchone()
    except psycopg.Error as error:
        return _said(f"The database cannot be asked ({type(error).__name__}).")
    silent_s: float | None = row[0] if row else None
    if silent_s is None:
        return _said("No worker of this host has begun.")
    if silent_s > limit_s:
        return _said(f"The last sign came {silent_s:.0f} s ago.")
    return 0


def _said(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
