"""Prints the CPU-bound share of each room at the end of a run: seconds of its tests, set-up included.

`TESTS_BEGIN_UNTIL`, in seconds of the epoch: tests that have not begun by then are skipped, and said to be.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterator

import pytest

_SHARE_S = 40.0


_BEGIN_UNTIL = float(os.environ.get("TESTS_BEGIN_UNTIL") or "inf")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.time() > _BEGIN_UNTIL:
        pytest.skip("no time was left (TESTS_BEGIN_UNTIL)")


def _room(nodeid: str) -> str:
    parts = nodeid.split("::", maxsplit=1)[0].removeprefix("tests/").split("/")
    folders = parts[:-1]
    if len(folders) >= 2 and folders[0] in ("features", "infra", "engines"):
        return "/".join(folders[:2])
    return folders[0] if folders else parts[0]


def _seconds(terminal: pytest.TerminalReporter) -> Iterator[tuple[str, float]]:
    for reports in terminal.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                yield _room(report.nodeid), report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total: dict[str, float] = defaultdict(float)
    for room, seconds in _seconds(terminalreporter):
        total[room] += seconds
    if not total:
        return
    terminalreporter.section("seconds per room")
    for room, seconds in sorted(total.items(), key=lambda item: -item[1]):
        mark = f"   over its share of {_SHARE_S:.0f} s" if seconds > _SHARE_S else ""
        terminalreporter.write_line(f"{seconds:8.1f}  {room}{mark}")
