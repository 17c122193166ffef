"""What a storage key may look like: plain segments with `/` between, the same for every store."""

import re

from matinee.kernel.errors import Invalid

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_MOST_CHARACTERS = 512


def segments(key: str) -> list[str]:
    """The parts of `key`. Raises `Invalid` for a form that could leave the store."""
    found = key.split("/")
    if len(key) > _MOST_CHARACTERS or not all(_SEGMENT.fullmatch(segment) for segment in found):
        raise Invalid("A storage key has a form that is not allowed.")
    return found
