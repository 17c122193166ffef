"""How much of `src` the tests run, lines and branches, by rewriting its bytecode: tracing takes half as much again.

Loaded with `-p tests.support.covered` in every process of a parallel run, before anything of `src` is imported. The
first process gathers what the others saw, prints what nobody ran, and fails the run below the least. What runs in
children (a server that a browser talks to, a command) is not seen.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import slipcover

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
LEAST_PERCENT = 85.0
TOO_LITTLE = 6
"""How such a run ends, whatever its tests said: pytest's own codes go up to 5."""
FOLDER = "COVERED_BY_TESTS"
LEFT_OUT = ["if TYPE_CHECKING:", r"^\s*\.\.\.$", r": \.\.\.$", "if __name__ == .__main__.:"]

_seen = slipcover.Slipcover(branch=True, source=[SOURCE], exclude_lines=LEFT_OUT)
slipcover.ImportManager(_seen, slipcover.FileMatcher(sources=[SOURCE])).__enter__()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--covered-xml", type=Path, help="Write what is covered there, too, in the form of Cobertura."
    )


def _is_first(config: pytest.Config) -> bool:
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    if _is_first(config):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="matinee-covered-")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _is_first(session.config):
        path = Path(os.environ[FOLDER], f"{os.environ['PYTEST_XDIST_WORKER']}.json")
        path.write_text(json.dumps(_seen.get_coverage()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not _is_first(config):
        return
    covered = _seen.get_coverage()
    for path in Path(os.environ[FOLDER]).glob("*.json"):
        slipcover.merge_coverage(covered, json.loads(path.read_text()))
    shutil.rmtree(os.environ.pop(FOLDER))
    terminalreporter.section("covered")
    slipcover.print_coverage(covered, skip_covered=True)
    if (report := config.getoption("covered_xml")) is not None:
        with report.open("w", encoding="utf-8") as file:
            slipcover.print_xml(covered, source_paths=[SOURCE], with_branches=True, outfile=file)
    percent = covered["summary"]["percent_covered"]
    terminalreporter.line(f"{percent:.1f} % covered, {LEAST_PERCENT:.0f} % wanted")
    session = config.pluginmanager.get_plugin("session")
    if percent < LEAST_PERCENT and isinstance(session, pytest.Session):
        session.exitstatus = TOO_LITTLE
