"""The films of a folder: which files they are by name, what they are called, and which have stopped growing.

Never opens a file, never follows a link to a folder, and never one to a file that lies elsewhere: who may write into
a folder that is watched must not choose what else of this machine is sent.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SUFFIXES = """
    3g2 3gp asf avi divx dv f4v flv m2t m2ts m2v m4v mkv mov mp4 mpe mpeg mpg mts mxf ogm ogv qt rm rmvb ts vob webm wmv
"""
FILMS = frozenset(f".{name}" for name in _SUFFIXES.split())
"""What films are called. What only looks like one the server rejects by looking inside."""

_NOT_ENTERED = frozenset({"@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a film."""

    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(slots=True)
class Walked:
    """What a walk met: films, links that lead out of the folder, and how many other files."""

    films: list[Found]
    leading_out: list[Path]
    others: int = 0


def walk(root: Path) -> Walked:
    """All files below `root`, in the order of their names; hidden and empty ones count as others."""
    walked = Walked([], [])
    inside = root.resolve()
    for path in _files(root):
        try:
            facts = path.stat()
        except OSError:  # gone, or a link to nowhere or in a circle
            walked.others += 1
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            walked.leading_out.append(path)
        elif (
            path.suffix.lower() in FILMS
            and not path.name.startswith(".")
            and path.is_file()
            and facts.st_size
        ):
            walked.films.append(Found(path, facts.st_size, facts.st_mtime_ns))
        else:
            walked.others += 1
    return walked


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_ENTERED)
        for name in sorted(names):
            yield Path(folder, name)


def readable(path: Path | str) -> str:
    """A path or name as text that can be sent and shown: what is no UTF-8 in it becomes �."""
    return os.fsencode(path).decode("utf-8", "replace")


def title_of(path: Path) -> str:
    """`forty_bowls-take 3.mov` becomes `forty bowls take 3`."""
    name = readable(path.name)
    return re.sub(r"[\s_-]+", " ", Path(name).stem).strip()[:200] or name[:200]


class Settled:
    """Which files have kept their size and date for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: dict[Path, tuple[int, int, float]] = {}

    def look(self, films: list[Found], now: float) -> list[Found]:
        """Those of `films` that stood still since `now - seconds`. Forgets files that are gone."""
        seen: dict[Path, tuple[int, int, float]] = {}
        still = []
        for film in films:
            size, mtime, since = self._seen.get(film.path, (-1, -1, now))
            if (size, mtime) != (film.size_bytes, film.mtime_ns):
                since = now
            seen[film.path] = (film.size_bytes, film.mtime_ns, since)
            if now - since >= self._seconds:
                still.append(film)
        self._seen = seen
        return still
