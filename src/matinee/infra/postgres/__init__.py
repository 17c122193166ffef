"""The embedded PostgreSQL server of one box: binaries, identity, start, re-attach and stop.

Never touches tables, never changes users of the machine or rights of folders above the data folder, and never
listens beyond loopback.
"""

from matinee.infra.postgres.server import Durability, PostgresError, Server, running_url, start, stop

__all__ = ["Durability", "PostgresError", "Server", "running_url", "start", "stop"]
