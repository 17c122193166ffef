"""Failures that were foreseen, as sentences for people at the terminal. Never shows a value that may be a secret."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from matinee.kernel.errors import MatineeError


def foreseen(error: Exception) -> str | None:
    """What to tell a person about `error`; None when nobody expected it."""
    if isinstance(error, MatineeError):
        return error.detail
    if isinstance(error, ValidationError):
        # Without the values: they may be secrets.
        return "\n".join(
            f"MATINEE_{str(e['loc'][0]).upper()}: {_said(e)}."
            if e["loc"]
            else f"{_said(e)}."  # of several settings, which it names itself
            for e in error.errors()
        )
    from sqlalchemy.exc import OperationalError

    from matinee.infra.postgres import PostgresError

    if isinstance(error, PostgresError):
        return str(error)
    if isinstance(error, OperationalError):
        return (
            f"The database does not answer: {(str(error.orig).strip() or 'no reason given').splitlines()[0]}"
        )
    return None


def _said(error: Mapping[str, Any]) -> str:
    """What the checks of a setting say, about text where they think of lists."""
    bounds = error.get("ctx", {})
    if error["type"] == "too_short":
        return f"this is too short: at least {bounds['min_length']} characters"
    if error["type"] == "too_long":
        return f"this is too long: at most {bounds['max_length']} characters"
    return str(error["msg"]).removeprefix("Value error, ")
