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
        return "\n".join(_of_setting(e) for e in error.errors())
    from sqlalchemy.exc import OperationalError

    from matinee.infra.postgres import PostgresError

    if isinstance(error, PostgresError):
        return str(error)
    if isinstance(error, OperationalError):
        return (
            f"The database does not answer: {(str(error.orig).strip() or 'no reason given').splitlines()[0]}"
        )
    return None


_WORDS = {
    "too_short": "this is too short: at least {min_length} characters",
    "too_long": "this is too long: at most {max_length} characters",
    "int_parsing": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_parsing": "this must be a number",
    "bool_parsing": "this must be true or false",
    "literal_error": "this must be {expected}",
    "greater_than": "this must be more than {gt}",
    "greater_than_equal": "this must be at least {ge}",
    "less_than": "this must be less than {lt}",
    "less_than_equal": "this must be at most {le}",
}


def _of_setting(error: Mapping[str, Any]) -> str:
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] in _WORDS:
        said = _WORDS[error["type"]].format(**error.get("ctx", {}))
    name = f"MATINEE_{str(error['loc'][0]).upper()}" if error["loc"] else ""
    # What is about several settings names them itself.
    return f"{said}." if said.startswith(name) else f"{name}: {said}."
