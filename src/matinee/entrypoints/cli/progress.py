"""Where an upload stands between two runs of the command: one small file per user, keyed by server and file.

Holds addresses only, never tokens or bytes.
"""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from matinee.entrypoints.cli.client import user_folder, write_privately

MOST = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """The video that was made for a file, and the address of its upload once there is one."""

    video_id: str
    upload: str | None = None


def key_of(server: str, path: Path) -> str:
    """Changes with the server, the path, the size and the moment of the last change."""
    facts = path.stat()
    identity = [server, str(path.resolve()), facts.st_size, facts.st_mtime_ns]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def place_of(key: str) -> Place | None:
    with _alone() as file:
        found = _read(file).get(key)
    try:
        return Place(**found) if isinstance(found, dict) else None
    except TypeError:
        return None


def keep(key: str, place: Place | None) -> None:
    """Remember `place`, or forget the file when None."""
    with _alone() as file:
        places = _read(file)
        places.pop(key, None)
        if place is not None:
            places[key] = asdict(place)
        write_privately(file, json.dumps(dict(list(places.items())[-MOST:]), indent=1))


@contextlib.contextmanager
def _alone() -> Iterator[Path]:
    """Several commands may run side by side."""
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / "uploads.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / "uploads.json"


def _read(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
