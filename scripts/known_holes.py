"""Asks whether a package of the locks has a known hole: `pip-audit` for Python, `npm audit` for the web client.

Both ask services elsewhere. One that does not answer within a minute is told in a line and fails nothing, unless
MATINEE_AUDIT=strict. Never changes a lock.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import parts

PATIENCE_S = 60
_LOCKS = ("dev", "build")
"""`dev` holds all of `run`."""


class NoAnswer(Exception):
    """The service was not reached, or knew nothing of most packages."""


def _asked(argv: Sequence[str | Path], cwd: Path, patience_s: float) -> dict[str, object]:
    try:
        done = subprocess.run(
            [str(part) for part in argv], cwd=cwd, env=parts.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=patience_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"nothing was said within {patience_s:.0f} seconds") from None
    try:
        said = json.loads(done.stdout)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise NoAnswer(last[:200])
    return said


def in_python(argv: Sequence[str | Path], patience_s: float = PATIENCE_S) -> list[str]:
    """What `pip-audit --format json` found, a line each. Raises `NoAnswer`."""
    packages = _asked(argv, parts.ROOT, patience_s).get("dependencies")
    if not isinstance(packages, list):
        raise NoAnswer("the answer names no packages")
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if not packages or len(unknown) * 2 > len(packages):
        raise NoAnswer(f"{len(unknown)} of {len(packages)} packages are unknown to it")
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in "
        + (", ".join(hole["fix_versions"]) or "no version yet")
        for package in packages
        for hole in package.get("vulns", ())
    ]


def in_web(argv: Sequence[str | Path], patience_s: float = PATIENCE_S) -> list[str]:
    """What `npm audit --json` found, a line each. Raises `NoAnswer`."""
    packages = _asked(argv, parts.WEB, patience_s).get("vulnerabilities")
    if not isinstance(packages, dict):
        raise NoAnswer("the service gave no list")
    return [f"{name} {package['range']}: {package['severity']}" for name, package in packages.items()]


def main() -> int:
    pip_audit = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    asked = {
        f"requirements/{name}.txt": (
            in_python,
            [*pip_audit, "--disable-pip", "--require-hashes", "-r", f"requirements/{name}.txt"],
        )
        for name in _LOCKS
    } | {"web/package-lock.json": (in_web, [*parts.npm(), "audit", "--json"])}
    failed = False
    with ThreadPoolExecutor(len(asked)) as side_by_side:
        waiting = {lock: side_by_side.submit(look, argv) for lock, (look, argv) in asked.items()}
        for lock, answer in waiting.items():
            try:
                holes = answer.result()
            except NoAnswer as error:
                print(f"{lock}: not looked at, since the service did not answer ({error}).")
                failed |= os.environ.get("MATINEE_AUDIT") == "strict"
                continue
            print(f"{lock}: {'no known hole' if not holes else 'known holes:'}")
            print("".join(f"  {hole}\n" for hole in holes), end="")
            failed |= bool(holes)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
