"""The secret behind signed addresses and viewer hashes: a setting, or a file made once with mode 0600.

Never logs it and never sends it anywhere.
"""

from matinee.features.videos.settings import VideosSettings
from matinee.infra.secret import made_once
from matinee.infra.work import Work
from matinee.kernel.settings import Settings

KEY_FILE = "media-key"


def media_key(work: Work) -> bytes:
    """At least 32 bytes, the same in every process of the house."""
    key = media_key_of(work.works.settings)
    assert key is not None
    return key


def media_keys(work: Work) -> list[bytes]:
    """The key, and the one before while its addresses live."""
    former = work.settings(VideosSettings).media_key_former
    return [media_key(work), *([] if former is None else [former.get_secret_value().encode()])]


def media_key_of(settings: Settings, *, make: bool = True) -> bytes | None:
    """The key that a process with these settings uses; None when it has none and shall not `make` one."""
    given = settings.of(VideosSettings).media_key
    if given is not None:
        return given.get_secret_value().encode()
    path = settings.house.data_dir / KEY_FILE
    return made_once(path) if make or path.exists() else None
