"""Secrets that come from files: what systemd, Docker, Kubernetes or a vault's agent lays into a folder. Never writes
one, and never repeats what a file holds."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

_PREFIX: Final = "matinee_"
_BYTES_MOST: Final = 65_536
_ACCESS_LIST: Final = "system.posix_acl_access"


def secret_files(folder: Path) -> dict[str, Path]:
    """Files of the folder that are named like a setting, by its name in small letters; links are followed, as
    Kubernetes makes them. Raises `OSError`, and `ValueError` with a sentence for two of one setting."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = file.name.lower()
        if not name.startswith(_PREFIX) or not file.is_file():
            continue
        if name in found:
            raise ValueError(f"{found[name]} and {file} are one setting: keep one of both")
        found[name] = file
    return found


def read(file: Path) -> str:
    """Without white space around it. Raises `ValueError` with a sentence."""
    try:
        with file.open("rb") as opened:
            found = opened.read(_BYTES_MOST + 1)
        if len(found) <= _BYTES_MOST:
            return found.decode().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{file} cannot be read as text") from None
    raise ValueError(f"{file} is too long for a secret")


def readable_by_others(file: Path) -> bool:
    """Whether the file's mode and its folder's let its group or everybody read or change it. Where a list of access
    rules stands in the group's place, as in systemd's folders, everybody alone is looked at."""
    mode, door = (stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent))
    listed = False
    with contextlib.suppress(OSError, AttributeError):  # the latter where a system has no such lists
        listed = _ACCESS_LIST in os.listxattr(file) or _ACCESS_LIST in os.listxattr(file.parent)
    group = bool(mode & 0o060) and bool(door & 0o010) and not listed
    return group or (bool(mode & 0o006) and bool(door & 0o001))
