"""Where files go that nobody needs once their work is done: a folder for each work, claimed as long as it lasts, and
swept once nobody claims it. Below the data folder, which belongs to one machine.
"""

import socket
from contextlib import AbstractContextManager
from os import getpid
from pathlib import Path

from matinee.infra.storage import claims


def process_name() -> str:
    """Of this process, unlike any other that lives."""
    return f"{socket.gethostname()}-{getpid()}"[:120]


def workplace(data_dir: Path) -> AbstractContextManager[Path]:
    """A new folder, for as long as the block runs. Raises `Unavailable` when it cannot be made."""
    return claims.workplace(data_dir / "scratch")


def sweep(data_dir: Path) -> int:
    """Remove what processes that died left behind, and nothing that lives. Returns how many folders."""
    return claims.tidy(data_dir / "scratch")
