"""Where a process puts files that nobody needs after it: one folder per process, swept once the process is gone."""

import contextlib
import os
import shutil
import socket
import time
from pathlib import Path

_FOREIGN_S = 2 * 86_400.0
"""Another machine's folder, where several share one, goes when it has been still for so long."""


def process_name() -> str:
    """Of this process, unlike any other that lives."""
    return f"{socket.gethostname()}-{os.getpid()}"[:120]


def scratch_of(data_dir: Path) -> Path:
    """This process's own folder; made by whoever puts something into it."""
    return data_dir / "scratch" / process_name()


def sweep(data_dir: Path) -> int:
    """Remove what processes that died left behind, and what one of this name did before. Called as a process begins.
    Returns how many folders."""
    count = 0
    with contextlib.suppress(FileNotFoundError):
        for folder in (data_dir / "scratch").iterdir():
            if folder.name == process_name() or not _lives(folder):
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count


def _lives(folder: Path) -> bool:
    host, _, number = folder.name.rpartition("-")
    if host != socket.gethostname() or not number.isdigit():
        with contextlib.suppress(OSError):
            return time.time() - folder.stat().st_mtime < _FOREIGN_S
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
