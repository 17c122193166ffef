"""Codes of an app (RFC 6238: SHA-1, six digits, half a minute). Never knows a row."""

import hmac
import re
from datetime import datetime

import pyotp

STEP_S = 30
DRIFT_STEPS = 1
"""How many steps a phone's clock may be ahead or behind."""
ISSUER = "Matinee"


def new_secret() -> str:
    """160 random bits in base32, as apps take them."""
    return pyotp.random_base32(32)


def uri(secret: str, name: str) -> str:
    """What the picture holds that an app reads (`otpauth://`)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def is_code(text: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", plain(text)) is not None


def plain(text: str) -> str:
    """Without the gap that apps show."""
    return re.sub(r"[\s-]", "", text[:40])


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is, of those that may be now; None for none of them. Takes the same time for all."""
    made, given = pyotp.TOTP(secret, interval=STEP_S), plain(code).encode()
    present = int(now.timestamp()) // STEP_S
    found = None
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(made.at(step * STEP_S).encode(), given):
            found = step
    return found
