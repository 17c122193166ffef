"""Log lines: one JSON object each, in UTC, without secrets, whatever people wrote."""

import contextlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from matinee.infra.telemetry import configure_logging


@contextlib.contextmanager
def logging_as_processes_do() -> Iterator[None]:
    """To stderr; afterwards all loggers are as they were."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    named = {
        name: (found.handlers[:], found.propagate, found.disabled, found.level)
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "procrastinate", "alembic", "httpx", "PIL")
        for found in [logging.getLogger(name)]
    }
    configure_logging()
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.configure(**config)
        for name, kept in named.items():
            found = logging.getLogger(name)
            found.handlers[:], found.propagate, found.disabled, found.level = kept


def test_a_line_is_one_object_whatever_people_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    forged = 'x"}\n{"event": "session.opened", "level": "info"}\r\n\x1b[2Jねこ'
    with logging_as_processes_do():
        structlog.get_logger("matinee").warning("upload.named", filename=forged)
        logging.getLogger("somewhere").warning("read %s", forged)
    written = capsys.readouterr().err.splitlines()
    assert len(written) == 2
    ours, theirs = map(json.loads, written)
    assert (ours["event"], ours["filename"]) == ("upload.named", forged)
    assert theirs["event"] == f"read {forged}"
    assert not any(sign in line for line in written for sign in "\x1b\r")


def test_a_line_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("password", "new_password", "token", "SECRET", "set_cookie", "authorization", "email", "grant")
    with logging_as_processes_do():
        for name in names:
            structlog.get_logger("matinee").error("something", **{name: "hush"})
    written = capsys.readouterr().err
    assert written.count("something") == len(names)
    assert "hush" not in written


def test_a_line_says_when_where_and_how_grave(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_processes_do(), structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        structlog.get_logger("matinee.infra").error("disk.full")
    found = json.loads(capsys.readouterr().err)
    assert (found["level"], found["logger"]) == ("error", "matinee.infra")
    assert found["request_id"] == "0123456789abcdef"
    assert found["timestamp"].endswith("Z")
    assert abs(datetime.fromisoformat(found["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_who_opens_a_page_is_in_no_access_log(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as_processes_do():
        logging.getLogger("uvicorn.access").info(
            '203.0.113.7:1234 - "GET /media/1/2.3/original HTTP/1.1" 200'
        )
        logging.getLogger("uvicorn.error").info("('203.0.113.7', 1234) - WebSocket /api/v1/socket [accepted]")
    assert capsys.readouterr().err == ""
