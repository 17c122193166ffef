"""Secrets that the house makes for itself: once, at random, in a file with mode 0600. Never logs or sends one."""

import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=32)
def made_once(path: Path) -> bytes:
    """64 hexadecimal digits: those of the file, which is made first where there is none. Two processes may come here at
    once: a hard link never overwrites, so the first one's secret stands."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip().encode()
