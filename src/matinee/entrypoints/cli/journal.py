"""What `matinee import DIR` has done: one line per film, beside the command's other state, so that a second run goes on
and a renamed film is not taken twice.

Holds names, sizes and hashes of files and the ids of their videos; never tokens or bytes.
"""

import fcntl
import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from matinee.entrypoints.cli.client import user_folder

SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """`sample` hashes the size and three pieces of the file; `state` is the video's when it was taken."""

    server: str
    path: str
    size_bytes: int
    mtime_ns: int
    sample: str
    video_id: str
    state: str


def sample_of(path: Path, size_bytes: int) -> str:
    """SHA-256 over the size and over the first, middle and last MiB: a library of terabytes is not read twice."""
    digest = hashlib.sha256(str(size_bytes).encode())
    starts = {0, max(0, (size_bytes - SAMPLE_BYTES) // 2), max(0, size_bytes - SAMPLE_BYTES)}
    with path.open("rb") as file:
        for start in sorted(starts):
            file.seek(start)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


class Journal:
    """The lines about one server. Several commands may write side by side; a line that broke off is left out."""

    def __init__(self, server: str, file: Path | None = None) -> None:
        self._server = server
        self.file = file or user_folder("XDG_STATE_HOME", ".local/state") / "imports.jsonl"
        self._places: dict[str, Entry] = {}
        self._samples: dict[str, Entry] = {}
        self._writing = threading.Lock()
        try:
            lines = self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        for line in lines:
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            if entry.server == server:
                self._remember(entry)

    def at(self, path: Path, size_bytes: int, mtime_ns: int) -> Entry | None:
        """What was done with the file that lies there, unless it changed since."""
        entry = self._places.get(str(path))
        same = entry is not None and (entry.size_bytes, entry.mtime_ns) == (size_bytes, mtime_ns)
        return entry if same else None

    def like(self, sample: str) -> Entry | None:
        """What was done with the same bytes under any name."""
        return self._samples.get(sample)

    def note(self, entry: Entry) -> None:
        """Durable when it returns."""
        line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
        with self._writing:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = file.seek(0, os.SEEK_END)
                broken = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
                file.write(("\n" if broken else "").encode() + line.encode())
                os.fsync(file.fileno())
            self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        self._places[entry.path] = entry
        self._samples[entry.sample] = entry
