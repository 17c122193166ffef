"""The end of the audit log that this machine sealed last, kept in its data folder: who owns the tables lacks it.

Only a memory: without it the log is checked by what lies in the database alone. Never part of a backup, since a
restored log ends earlier, and rightly.
"""

import os
import re
import secrets
from pathlib import Path

import structlog

from matinee.kernel.settings import Settings

log = structlog.get_logger(__name__)
FOLDER = "audit"
_LINE = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


def read(settings: Settings, seal: str) -> tuple[int, bytes] | None:
    """(seq, digest) of the last end that was sealed here under the secret `seal` names; None where none is known."""
    try:
        found = _LINE.fullmatch(_path(settings, seal).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError):
        return None
    return None if found is None else (int(found[1]), bytes.fromhex(found[2]))


def write(settings: Settings, seal: str, seq: int, digest: bytes) -> None:
    """After the commit. A folder that cannot be written leaves the end of before, which the log still meets."""
    path = _path(settings, seal)
    draft = path.with_name(f".{seal}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft.write_text(f"{seq}:{digest.hex()}\n", encoding="ascii")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        log.warning("audit.end_not_kept", error=error.strerror)


def _path(settings: Settings, seal: str) -> Path:
    return settings.house.data_dir / FOLDER / seal
