"""Starts, re-attaches and stops the embedded server of one data folder.

The server outlives a killed program on purpose: the next start finds it by its pid file and goes on. Never opens
an application connection and never runs migrations.
"""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from matinee.infra.postgres import identity as identities
from matinee.infra.postgres import pidfile, tuning
from matinee.infra.postgres.binaries import Binaries, PostgresError, explain, install
from matinee.infra.postgres.identity import Identity
from matinee.infra.postgres.tuning import Durability

__all__ = ["Durability", "PostgresError", "Server", "running_url", "start", "stop"]

NAME = "matinee"
_SUPERUSER = "postgres"
_READY_S = 60.0
_STOP_S = 8.0
# A socket's path may have 107 bytes; the list of folders splits at commas and eats quotes and spaces.
_SOCKET_BYTES = 107 - len("/.s.PGSQL.65535")
# PostgreSQL's own programs start one another through a shell, in double quotes.
_UNUSABLE = frozenset('"$`\\\n')
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")

# Servers that this process started: only their parent can collect them.
_CHILDREN: "dict[int, subprocess.Popen[bytes]]" = {}


@dataclass(slots=True)
class Server:
    """A running server. `url` is the product's own database; `superuser_url` is for making databases."""

    url: str
    superuser_url: str
    pid: int
    port: int
    binaries: Binaries
    home: Path
    reattached: bool

    def running(self) -> bool:
        return _runs(self.pid, self.home)

    def stop(self) -> None:
        """Fast shutdown: open transactions end, everything committed is kept. Idempotent."""
        _end(self.pid, self.home)


def start(data_dir: Path, pg_bin: Path | None = None, *, durability: Durability = "full") -> Server:
    """The server of `data_dir`, running and holding the product's database; made at the first call.

    Blocks for at most about a minute. Safe to call from several processes at once: all get the same server.
    Raises `PostgresError` with a sentence that says how to mend it.
    """
    data_dir = data_dir.absolute()
    home = data_dir / "postgres"
    cluster = home / "cluster"
    if odd := set(str(home)) & _UNUSABLE:
        raise PostgresError(
            f"PostgreSQL cannot live in a folder whose path holds {' '.join(sorted(odd))}: {home}. "
            "Set MATINEE_DATA_DIR to another."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        os.chmod(home, 0o755)
        if os.geteuid() == 0:  # the server's user passes through, and sees nothing
            os.chmod(data_dir, data_dir.stat().st_mode & 0o7777 | 0o011)
    except OSError as error:
        raise PostgresError(f"The data folder {data_dir} cannot be used: {error}") from error
    with _alone(home):
        keys = _keys(home)
        binaries = install(home, pg_bin)
        if pid := _running_pid(cluster):
            port = int(pidfile.lines(cluster)[3])
            server = _server(keys, pid, port, binaries, home, reattached=True)
        else:
            identity = identities.choose(binaries, home, cluster)
            if not cluster.exists():
                _create(home, cluster, binaries, identity, keys, durability)
            _check_version(cluster, binaries)
            server = _launch(home, cluster, binaries, identity, keys, durability)
        _ensure_database(server, keys)
        return server


def running_url(data_dir: Path) -> str | None:
    """The address of the product's database when the embedded server of `data_dir` runs now. Starts nothing."""
    home = data_dir.absolute() / "postgres"
    lines = pidfile.lines(home / "cluster")
    if len(lines) < 8 or not pidfile.is_postmaster(int(lines[0]), home / "cluster"):
        return None
    return _url(_keys(home), NAME, int(lines[3]), NAME)


def stop(data_dir: Path) -> None:
    """Stop the server of `data_dir`, whoever started it. Idempotent."""
    home = data_dir.absolute() / "postgres"
    lines = pidfile.lines(home / "cluster")
    if lines and pidfile.is_postmaster(int(lines[0]), home / "cluster"):
        _end(int(lines[0]), home)


def _end(pid: int, home: Path) -> None:
    for how, wait_s in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not _runs(pid, home):
            break
        os.kill(pid, how)
        deadline = time.monotonic() + wait_s
        while _runs(pid, home) and time.monotonic() < deadline:
            time.sleep(0.02)
    _drop_foreign_socket(home)


def _runs(pid: int, home: Path) -> bool:
    if child := _CHILDREN.get(pid):
        return child.poll() is None
    return pidfile.is_postmaster(pid, home / "cluster")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with open(home / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keys(home: Path) -> dict[str, str]:
    """Passwords of both roles, made once; readable by the starting user only."""
    path = home / "passwords.json"
    if not path.exists():
        if (home / "cluster").exists():
            raise PostgresError(
                f"{path} is gone, and with it the password of the database. Put it back from a backup."
            )
        keys = {_SUPERUSER: secrets.token_urlsafe(24), NAME: secrets.token_urlsafe(24)}
        part = path.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(keys, file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    try:
        found: dict[str, str] = json.loads(path.read_text())
        return {_SUPERUSER: found[_SUPERUSER], NAME: found[NAME]}
    except (OSError, ValueError, KeyError) as error:
        raise PostgresError(f"{path} cannot be read: {error}") from error


def _create(
    home: Path,
    cluster: Path,
    binaries: Binaries,
    identity: Identity,
    keys: dict[str, str],
    durability: Durability,
) -> None:
    """Initialise beside the final place, so that a killed start leaves no half-made cluster."""
    new = home / "cluster.new"
    shutil.rmtree(new, ignore_errors=True)
    for folder in (new, home / "logs"):
        folder.mkdir(mode=0o700, exist_ok=True)
        identity.give(folder)
    password = home / "initdb-password"
    try:
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(keys[_SUPERUSER] + "\n")
        identity.give(password)
        done = subprocess.run(
            [
                *identity.prefix,
                binaries.program("initdb"),
                *(
                    "-D",
                    new,
                    "-U",
                    _SUPERUSER,
                    f"--pwfile={password}",
                    "--encoding=UTF8",
                    "--no-instructions",
                ),
                *(
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--data-checksums",
                ),
                *(["--no-sync"] if durability == "none" else []),
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
            cwd="/",
            env=_environment(),
            **identity.popen(),
        )
    finally:
        password.unlink(missing_ok=True)
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        said = (done.stderr or done.stdout).strip()
        raise PostgresError(explain(said) or f"The database could not be created: {said[-2000:]}")
    new.rename(cluster)


def _check_version(cluster: Path, binaries: Binaries) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != binaries.major:
        raise PostgresError(
            f"The database in {cluster} was made by PostgreSQL {made_by}, and these programs are PostgreSQL "
            f"{binaries.version}. Set MATINEE_PG_BIN to programs of PostgreSQL {made_by}, run `matinee backup`, "
            "and restore that into a new data folder."
        )


def _launch(
    home: Path,
    cluster: Path,
    binaries: Binaries,
    identity: Identity,
    keys: dict[str, str],
    durability: Durability,
) -> Server:
    pidfile.drop_stale(cluster)
    said = ""
    for _ in range(5):
        port = _free_port(home)
        child = _spawn(home, cluster, binaries, identity, port, durability)
        deadline = time.monotonic() + _READY_S
        while child.poll() is None and time.monotonic() < deadline:
            if pidfile.status(cluster, child.pid) == "ready":
                (home / "port").write_text(str(port))
                _CHILDREN[child.pid] = child
                return _server(keys, child.pid, port, binaries, home)
            time.sleep(0.01)
        if child.poll() is None:
            child.send_signal(signal.SIGQUIT)
            child.wait(10)
            raise PostgresError(f"PostgreSQL was not ready within {_READY_S:.0f} s. Its log: {home / 'logs'}")
        said = _last_words(home)
        if "pre-existing shared memory block" in said:
            time.sleep(1)  # processes of a killed server are still ending
        elif "could not bind" not in said and "could not create any TCP" not in said:
            break
        (home / "port").unlink(missing_ok=True)
    raise PostgresError(explain(said) or f"PostgreSQL does not start: {said or f'see {home}/logs'}")


def _spawn(
    home: Path,
    cluster: Path,
    binaries: Binaries,
    identity: Identity,
    port: int,
    durability: Durability,
) -> "subprocess.Popen[bytes]":
    values = tuning.settings(durability) | {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(_socket_folder(home, identity)),
        "unix_socket_permissions": "0700",
    }
    options = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    with open(home / "start.log", "wb") as log:
        # A session of its own: Ctrl-C reaches the program, which then stops its children in the right order.
        return subprocess.Popen(
            [*identity.prefix, binaries.program("postgres"), "-D", cluster, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            **identity.popen(),
        )


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables would change the programs, and secrets do not belong in there."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _server(
    keys: dict[str, str],
    pid: int,
    port: int,
    binaries: Binaries,
    home: Path,
    *,
    reattached: bool = False,
) -> Server:
    return Server(
        _url(keys, NAME, port, NAME),
        _url(keys, _SUPERUSER, port, "postgres"),
        pid,
        port,
        binaries,
        home,
        reattached,
    )


def _url(keys: dict[str, str], user: str, port: int, database: str) -> str:
    return f"postgresql+psycopg://{user}:{keys[user]}@127.0.0.1:{port}/{database}"


def _ensure_database(server: Server, keys: dict[str, str]) -> None:
    """Role and database of the product, also after a start that was killed between the two."""
    address = server.superuser_url.replace("postgresql+psycopg", "postgresql", 1)
    role = sql.Identifier(NAME)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=20) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [NAME]).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(keys[NAME]))
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
    except psycopg.Error as error:
        raise PostgresError(
            f"PostgreSQL runs (process {server.pid}) but does not let us in: {error}"
        ) from error


def _running_pid(cluster: Path) -> int | None:
    lines = pidfile.lines(cluster)
    if not lines:
        return None
    pid = int(lines[0])
    if not pidfile.is_postmaster(pid, cluster):
        return None
    deadline = time.monotonic() + _READY_S
    while (status := pidfile.status(cluster, pid)) != "ready" and time.monotonic() < deadline:
        if not pidfile.is_postmaster(pid, cluster):
            return None
        time.sleep(0.02)
    if status != "ready":
        raise PostgresError(
            f"A PostgreSQL (process {pid}) holds {cluster} but is not ready: it says {status}."
        )
    return pid


def _free_port(home: Path) -> int:
    """The port of last time when nobody took it, so that open tools keep working."""
    try:
        kept = int((home / "port").read_text())
    except (OSError, ValueError):
        kept = 0
    for wanted in (kept, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PostgresError("There is no free port on 127.0.0.1.")


def _socket_folder(home: Path, identity: Identity) -> Path:
    folder = home / "run"
    if len(os.fsencode(folder)) > _SOCKET_BYTES or not set(str(folder)) <= _PLAIN:
        _drop_foreign_socket(home)
        folder = Path(tempfile.mkdtemp(prefix="matinee-", dir="/tmp"))
        (home / "socket").write_text(str(folder))
    folder.mkdir(mode=0o700, exist_ok=True)
    identity.give(folder)
    return folder


def _drop_foreign_socket(home: Path) -> None:
    """Remove the short folder that a long or unusual path needed."""
    note = home / "socket"
    try:
        folder = Path(note.read_text())
    except OSError:
        return
    if folder.parent == Path("/tmp") and folder.name.startswith("matinee-") and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    note.unlink(missing_ok=True)


def _last_words(home: Path) -> str:
    """The end of what the server said before its log collector ran and after."""
    logs = sorted((home / "logs").glob("*.log"), key=lambda path: path.stat().st_mtime)
    texts = [
        path.read_text(errors="replace")[-1500:] for path in (home / "start.log", *logs[-1:]) if path.exists()
    ]
    return "\n".join(text.strip() for text in texts if text.strip())
