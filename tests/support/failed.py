"""Writes which tests failed, one a line, to the file of `--failed-to`: `scripts/setup.py` tries them again.

Loaded with `-p tests.support.failed`.
"""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--failed-to", type=Path, help="Write the names of failed tests there, one a line.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    path: Path | None = config.getoption("failed_to")
    if path is None:
        return
    reports = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
    names = dict.fromkeys(report.nodeid for report in reports)
    path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
