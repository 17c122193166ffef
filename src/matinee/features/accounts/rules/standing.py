"""What suspended and limited accounts are told. Never looks at a clock."""

from datetime import datetime

from matinee.features.accounts.errors import Limited, Suspended


def suspended(reason: str, until: datetime | None) -> Suspended:
    held = f"This account is suspended {_until(until)}. {reason}"
    return Suspended(held.strip(), reason=reason, until=until)


def limited(reason: str, until: datetime | None) -> Limited:
    held = f"Your account is limited {_until(until)}: you may look around and keep your account. {reason}"
    return Limited(held.strip(), reason=reason, until=until)


def _until(until: datetime | None) -> str:
    if until is None:
        return "until an operator lifts it"
    return f"until {until.day} {until:%B %Y at %H:%M} UTC"
