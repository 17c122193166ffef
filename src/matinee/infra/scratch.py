"""Where files go that nobody needs once their work is done: a folder for each work, claimed as long as it lasts, and
swept once nobody claims it. Below the data folder, which belongs to one machine, or among the system's temporary ones.
"""

import os
import socket
import stat
import tempfile
from contextlib import AbstractContextManager
from os import getpid
from pathlib import Path

from matinee.infra.storage import claims
from matinee.kernel.errors import Unavailable


def process_name() -> str:
    """Of this process, unlike any other that lives."""
    return f"{socket.gethostname()}-{getpid()}"[:120]


def workplace(data_dir: Path) -> AbstractContextManager[Path]:
    """A new folder, for as long as the block runs. Raises `Unavailable` when it cannot be made."""
    return claims.workplace(data_dir / "scratch")


def temporary() -> AbstractContextManager[Path]:
    """A folder for the temporary ones of this process, as long as the block runs. Not below the data folder: strangers'
    files are opened there, and no relative name in them shall lead to anything. Raises `Unavailable`."""
    return claims.workplace(_own_temporary())


def sweep(data_dir: Path) -> int:
    """Remove what processes that died left behind, and nothing that lives. Returns how many folders."""
    count = claims.tidy(data_dir / "scratch")
    try:
        return count + claims.tidy(_own_temporary())
    except Unavailable:
        return count


def _own_temporary() -> Path:
    """Of this user; somebody else may have made one of its name."""
    folder = Path(tempfile.gettempdir()) / f"matinee-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        raise Unavailable(f"The system's temporary folder cannot be used: {error.strerror}.") from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise Unavailable(f"{folder} belongs to somebody else.")
    return folder
