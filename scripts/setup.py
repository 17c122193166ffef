"""Sets up a clone and runs the tasks of the Makefile; standard library only, since it runs before anything is there.

Never installs anything outside this folder, and never touches `.data`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import machine
import parts

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
_TESTS = ("-n", "3", "--dist", "worksteal", "-p", "tests.support.covered")
_TESTS_FAILED = 1
"""Pytest's code; another says that it could not run them, or that they cover too little."""
_FLAKY_MOST = 2


class Steps:
    """Runs steps one after the other, remembers what failed, and tells at the end."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.flaky: list[str] = []
        self.seconds: list[tuple[str, float]] = []

    def run(self, name: str, argv: Sequence[str | Path], cwd: Path = ROOT) -> int:
        print(f"\n── {name}", flush=True)
        started = time.monotonic()
        done = subprocess.run([str(part) for part in argv], check=False, cwd=cwd, env=parts.environment())
        self.seconds.append((name, time.monotonic() - started))
        if done.returncode:
            self.failed.append(name)
        return done.returncode

    def tests(self, name: str, *argv: str | Path) -> None:
        """Of some thousand tests, `_FLAKY_MOST` may fail, when each passes alone right afterwards; which, is told."""
        pytest = (PYTHON, "-m", "pytest", "-p", "no:cacheprovider")
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
            told = ("-p", "tests.support.failed", f"--failed-to={file.name}")
            code = self.run(name, (*pytest, *told, *argv))
            failed = file.read().splitlines()
        if code != _TESTS_FAILED or not 0 < len(failed) <= _FLAKY_MOST:
            return
        again = ("env", "-u", "TESTS_BEGIN_UNTIL", *pytest, "-m", "")
        if not self.run(f"{name}: what failed, alone", (*again, *failed)):
            self.failed.remove(name)
            self.flaky += failed

    def tell(self) -> int:
        print("\n── seconds per step", flush=True)
        for name, seconds in self.seconds:
            print(f"{seconds:8.1f}  {name}{'   FAILED' if name in self.failed else ''}")
        for name in self.flaky:
            print(f"\nFlaky, to be mended: {name} failed, and passed alone.", flush=True)
        if self.failed:
            print(f"\nFailed: {', '.join(self.failed)}.", flush=True)
        return 1 if self.failed else 0


def run() -> int:
    """Set up and become the supervisor: Ctrl-C and signals reach it directly."""
    parts.python("run")
    parts.web()
    os.chdir(ROOT)
    os.execve(PYTHON, [str(PYTHON), "-m", "matinee.entrypoints.cli.main", "up"], parts.environment())


def _linters(steps: Steps) -> None:
    module: list[str | Path] = [PYTHON, "-m"]
    folders = [name for name in ("src", "tests", "migrations", "scripts", "bench") if (ROOT / name).exists()]
    steps.run("ruff", [*module, "ruff", "check", "--no-cache", *folders])
    steps.run("ruff format", [*module, "ruff", "format", "--no-cache", "--check", *folders])
    steps.run("mypy", [*module, "mypy"])
    steps.run("borders", [PYTHON.with_name("lint-imports"), "--no-cache"])
    steps.run("dependencies", [*module, "deptry", "src"])


def _web_linters(steps: Steps) -> None:
    for name in ("types", "lint"):
        steps.run(f"web {name}", [*parts.npm(), "run", "--silent", name], ROOT / "web")


def _ready_to_test() -> None:
    parts.python("dev")
    parts.node()
    parts.node_modules()
    parts.web()


def test() -> int:
    """Everything that must pass before a change is handed in."""
    _ready_to_test()
    steps = Steps()
    _linters(steps)
    _web_linters(steps)
    for name, script in (("unit tests", "test"), ("first load", "size")):
        steps.run(f"web {name}", [*parts.npm(), "run", "--silent", script], ROOT / "web")
    steps.tests("tests", *_TESTS)
    return steps.tell()


def test_slow() -> int:
    _ready_to_test()
    steps = Steps()
    steps.tests("slow tests", "-rs", "-m", "slow and not alone", "-n", "2", "--dist", "worksteal")
    steps.tests("slow tests, one after the other", "-rs", "-m", "slow and alone")
    return steps.tell()


def cover() -> int:
    _ready_to_test()
    steps = Steps()
    report = parts.BUILD / "covered.xml"
    steps.tests("tests", *_TESTS, "--covered-xml", report)
    print(f"\nFor editors (Cobertura): {report}")
    return steps.tell()


def check() -> int:
    parts.python("dev")
    parts.node_modules()
    steps = Steps()
    _linters(steps)
    _web_linters(steps)
    steps.run("known holes", [PYTHON, "scripts/known_holes.py"])
    steps.run("architecture", [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/architecture"])
    return steps.tell()


def bench() -> int:
    """Run every figure under `bench/`; names after the task choose some, as in `scripts/task.sh bench ladder`."""
    parts.python("dev")
    parts.web()
    chosen = sys.argv[2:]
    steps = Steps()
    for path in sorted((ROOT / "bench").glob("*.py")):
        if not path.name.startswith("_") and (not chosen or path.stem in chosen):
            steps.run(path.stem, [PYTHON, path])
    return steps.tell()


def format_() -> int:
    parts.python("dev")
    steps = Steps()
    steps.run("ruff", [PYTHON, "-m", "ruff", "check", "--fix", "."])
    steps.run("ruff format", [PYTHON, "-m", "ruff", "format", "."])
    return steps.tell()


def lock() -> int:
    """Write the hashed locks anew from pyproject.toml. They hold no address."""
    parts.python("dev")
    steps = Steps()
    words = [
        *("--quiet", "--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
        *("--no-header", "--annotation-style=line", "--python-version", "3.11"),
    ]
    for name, what in (
        ("run", ["pyproject.toml"]),
        ("dev", ["pyproject.toml", "--group", "dev"]),
        ("build", ["--group", "pyproject.toml:build"]),
    ):
        uv: list[str | Path] = [PYTHON, "-m", "uv", "pip", "compile", *words]
        steps.run(f"lock {name}", [*uv, *what, "-o", f"requirements/{name}.txt"])
    return steps.tell()


def clean() -> int:
    made = (
        *(
            ".venv",
            ".build",
            ".mypy_cache",
            ".ruff_cache",
            ".pytest_cache",
            ".hypothesis",
            ".import_linter_cache",
        ),
        *("web/dist", "web/node_modules"),
    )
    for path in (ROOT / name for name in made):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name in ("src", "tests", "migrations", "scripts", "bench"):
        for folder in (ROOT / name).rglob("__pycache__"):
            shutil.rmtree(folder, ignore_errors=True)
    return 0


TASKS: dict[str, Callable[[], int]] = {
    "run": run,
    "test": test,
    "test-slow": test_slow,
    "cover": cover,
    "check": check,
    "bench": bench,
    "format": format_,
    "lock": lock,
    "clean": clean,
}


def main() -> int:
    task = TASKS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if task is None:
        print(f"Tasks: {', '.join(TASKS)}.", file=sys.stderr)
        return 2
    try:
        if task is not clean:
            machine.check()
        return task()
    except (machine.Missing, parts.Failed) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # such as what another user made in it
        said = f"{error.strerror}: {error.filename}" if error.filename else error
        print(
            f"This clone cannot be set up ({said}). Let all of it belong to you, or use a clone of your own.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
