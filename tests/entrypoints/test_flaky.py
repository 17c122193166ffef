"""What `make test` makes of tests that fail and pass when they run alone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import parts
import setup

_FIRST_TIME = """
import pathlib

def first_time(name):
    path = pathlib.Path(__file__).with_name(name)
    seen = path.exists()
    path.touch()
    return not seen

"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """In the clone: names of tests outside of it say nothing from where they lie."""
    with tempfile.TemporaryDirectory(dir=parts.BUILD) as name:
        yield Path(name)


def _steps(folder: Path, tests: str) -> setup.Steps:
    path = folder / "test_some.py"
    path.write_text(_FIRST_TIME + tests, encoding="utf-8")
    steps = setup.Steps()
    steps.tests("tests", path)
    return steps


def test_a_test_that_fails_once_is_flaky_and_named(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = _steps(folder, "def test_shaky(): assert not first_time('shaky')\ndef test_steady(): pass\n")
    assert steps.tell() == 0
    assert "test_some.py::test_shaky failed, and passed alone." in capfd.readouterr().out


def test_a_test_that_fails_twice_fails_the_run(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = _steps(folder, "def test_wrong(): assert False\n")
    assert steps.tell() == 1
    told = capfd.readouterr().out
    assert "tests: what failed, alone   FAILED" in told
    assert "Flaky" not in told


def test_more_than_two_failures_are_no_chance(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tests = "".join(f"def test_{n}(): assert not first_time('{n}')\n" for n in range(3))
    assert _steps(folder, tests).tell() == 1
    assert "alone" not in capfd.readouterr().out


def test_what_could_not_be_run_is_no_chance(folder: Path) -> None:
    assert _steps(folder, "import nothing_of_the_kind\n").tell() == 1


def test_time_that_ran_out_skips_no_second_try(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTS_BEGIN_UNTIL", "1")
    tests = (
        "import os\n"
        "def test_wrong(): assert False\n"
        "def test_told(): assert 'TESTS_BEGIN_UNTIL' not in os.environ\n"
    )
    assert _steps(folder, tests).tell() == 1
