"""Decisions at the doors without database or clock: how much work a sign-up takes, and what proves that it was done."""

import hashlib
import hmac
from datetime import datetime

TRIES_LEAST, TRIES_MOST = 7, 70
"""Of one part, on average. A browser makes a hundred in a second, a phone perhaps thirty."""
_N, _R, _P = 2048, 8, 1


def tries(lately: int, calm: int) -> int:
    """For a house that saw `lately` sign-ups in an hour where `calm` are nothing unusual: grows with them, within
    bounds, so that a flood pays for itself and a person never waits long."""
    return max(TRIES_LEAST, min(TRIES_MOST, TRIES_LEAST * lately // calm))


def signature(
    secret: bytes, algorithm: str, salt: str, answers: int, tries: int, expires_at: datetime
) -> str:
    """Says that a challenge is one of ours, unchanged."""
    text = "\n".join((algorithm, salt, str(answers), str(tries), str(expires_at.timestamp())))
    return hmac.digest(secret, text.encode(), "sha256").hex()


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def solves(salt: str, part: int, number: int, tries: int) -> bool:
    """Whether `number` answers this part of a challenge. Takes a few milliseconds and 2 MiB."""
    found = hashlib.scrypt(f"{part}:{number}".encode(), salt=salt.encode(), n=_N, r=_R, p=_P, dklen=32)
    return int.from_bytes(found[:4], "big") * tries < 1 << 32
