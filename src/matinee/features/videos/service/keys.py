"""The secret behind signed addresses and viewer hashes: a setting, or a file made once with mode 0600.

Never logs it and never sends it anywhere.
"""

import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from matinee.features.videos.settings import VideosSettings
from matinee.infra.work import Work
from matinee.kernel.settings import Settings

KEY_FILE = "media-key"


def media_key(work: Work) -> bytes:
    """At least 32 bytes, the same in every process of the house."""
    key = media_key_of(work.works.settings)
    assert key is not None
    return key


def media_key_of(settings: Settings, *, make: bool = True) -> bytes | None:
    """The key that a process with these settings uses; None when it has none and shall not `make` one."""
    given = settings.of(VideosSettings).media_key
    if given is not None:
        return given.get_secret_value().encode()
    path = settings.house.data_dir / KEY_FILE
    return _from_file(path) if make or path.exists() else None


@lru_cache(maxsize=8)
def _from_file(path: Path) -> bytes:
    """Two processes may come here at once: a hard link never overwrites, so the first one's key stands."""
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
