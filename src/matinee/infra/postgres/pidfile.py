"""What the server's own pid file says, checked against the processes that really run. Never signals anybody."""

import os
from pathlib import Path

import psutil


def lines(cluster: Path) -> list[str]:
    """The file's lines, none when there is no usable file. First the process, fourth the port."""
    try:
        found = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
    return found if found and found[0].strip().isdigit() else []


def status(cluster: Path, pid: int) -> str | None:
    """The eighth line of the file when it is that process's: starting, ready, stopping."""
    found = lines(cluster)
    return found[7].strip() if len(found) > 7 and int(found[0]) == pid else None


def is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether that process is a living PostgreSQL on that very folder, not another that got its number."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.name().startswith("postgres") and os.path.samefile(process.cwd(), cluster)
    except (psutil.Error, OSError):
        return False


def drop_stale(cluster: Path) -> None:
    """PostgreSQL itself ignores the file of a dead process, but not a number that now belongs to another."""
    found = lines(cluster)
    if found and psutil.pid_exists(int(found[0])) and not is_postmaster(int(found[0]), cluster):
        (cluster / "postmaster.pid").unlink(missing_ok=True)
