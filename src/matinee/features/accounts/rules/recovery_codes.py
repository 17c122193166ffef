"""Recovery codes: sixteen signs of a keyboard, 80 random bits. Never knows a row."""

import hashlib
import re
import secrets
from uuid import UUID

COUNT = 10
# Crockford's base 32: no sign looks like another.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """Four groups of four, easy to copy by hand."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(16))
    return "-".join(signs[at : at + 4] for at in range(0, 16, 4))


def digest(account_id: UUID, code: str) -> bytes:
    """What is stored: nobody tries 80 random bits. However a person typed it."""
    signs = re.sub(r"[^0-9A-Z]", "", code[:40].upper()).translate(_ALIKE)
    return hashlib.sha256(account_id.bytes + signs.encode()).digest()
