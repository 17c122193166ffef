"""`matinee up`: PostgreSQL, API and worker as one tree that heals itself and leaves nothing behind.

Never serves a request and never runs a job: the children do. Killed outright, it takes API and worker along and
leaves PostgreSQL, which the next start finds and uses.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping

import psycopg
import structlog

from matinee.entrypoints.cli.children import Child, pause_s, stop_all
from matinee.entrypoints.cli.prepare import newest_revision, revision_of
from matinee.infra import postgres
from matinee.infra.process import tied_to_us
from matinee.infra.telemetry import configure_logging
from matinee.kernel.settings import DatabaseSettings, HouseSettings, Settings

log = structlog.get_logger(__name__)

UNFINISHED = "restore-unfinished"
"""Lies in the data folder while a restore is under way."""

_FIRST_ANSWER_S = 60.0
# The worker leaves the processor to the API until it answers, but never waits longer than this.
_HEAD_START_S = 15.0
_LOOK_S = 0.5


class CannotStart(Exception):
    """The house cannot be started; the sentence says why and what to do."""


def up(settings: Settings) -> int:
    """Run the house until SIGINT or SIGTERM. Returns the exit code; a sentence on stderr when it is not 0."""
    house = settings.house
    configure_logging(form=house.log_format, level=house.log_level)
    os.umask(0o077)
    try:
        house.data_dir.mkdir(parents=True, exist_ok=True)
        _refuse_half_restored(house)
        with _only_one(house):
            asyncio.run(_run(settings))
    except (CannotStart, postgres.PostgresError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The data folder {house.data_dir} cannot be used: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the children were started
        return 130
    return 0


def _refuse_half_restored(house: HouseSettings) -> None:
    """A restore that was killed leaves its mark: stored files of two houses may be mixed."""
    if (house.data_dir / UNFINISHED).exists():
        raise CannotStart(
            f"A restore into {house.data_dir} did not come to its end. Run `matinee restore … --force` again."
        )


@contextlib.contextmanager
def _only_one(house: HouseSettings) -> Iterator[None]:
    """Hold the data folder, and refuse a port that another program has, before anything is started."""
    with open(house.data_dir / "up.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise CannotStart(
                f"Matinee already runs on {house.data_dir} ({holder}). Stop it first, or set MATINEE_DATA_DIR and "
                "MATINEE_PORT for a second house."
            ) from None
        _refuse_taken_port(house)
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {house.address}")
        lock.flush()
        yield
        lock.truncate(0)


def _refuse_taken_port(house: HouseSettings) -> None:
    family = socket.AF_INET6 if ":" in house.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((house.host, house.port))
        except OSError as error:
            raise CannotStart(
                f"Port {house.port} on {house.host} cannot be used ({error.strerror}): set MATINEE_PORT to another, "
                f"such as MATINEE_PORT={house.port + 1 if house.port < 65535 else 8000}."
            ) from error


def _database(settings: Settings) -> postgres.Server | None:
    """Start the embedded server of the data folder; None where another is configured."""
    knobs = settings.of(DatabaseSettings)
    if knobs.database_url is not None:
        return None
    server = postgres.start(settings.house.data_dir, knobs.pg_bin)
    log.info(
        "postgres.ready", process=server.pid, version=server.binaries.version, reattached=server.reattached
    )
    return server


async def _run(settings: Settings) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked)
    api, worker = _children(settings)
    starting = asyncio.create_task(asyncio.to_thread(_database, settings), name="database")
    work = asyncio.create_task(_work(settings, starting, api, worker), name="supervisor")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        stop.set()  # from here on Ctrl-C means: hurry
        work.cancel()
        stopping.cancel()
        await asyncio.gather(work, stopping, return_exceptions=True)
        log.info("supervisor.stopping")
        await stop_all([api, worker], grace_s=_grace_s(settings), hurry=hurry)
        await asyncio.wait({starting})
        if starting.exception() is None and starting.result() is not None:
            # Whatever runs now, also one that was started after the first died.
            postgres.stop(settings.house.data_dir)
            log.info("postgres.stopped")


async def _work(
    settings: Settings, starting: "asyncio.Task[postgres.Server | None]", api: Child, worker: Child
) -> None:
    """Everything that goes on until somebody asks to stop. Raises `CannotStart` when preparing fails."""
    await api.load()  # while the database starts
    server = await asyncio.shield(starting)
    configured = settings.of(DatabaseSettings).database_url
    url = server.url if server is not None else configured.get_secret_value() if configured else ""
    try:
        ready = revision_of(url) == newest_revision()
    except psycopg.Error as error:
        raise CannotStart(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
    async with asyncio.TaskGroup() as tasks:
        if server is not None:
            tasks.create_task(_watch_database(settings, server))
        if ready:  # the page is there while the rest is still looked after
            tasks.create_task(api.keep())
        password = await _prepare(worker.environment)
        if not ready:
            tasks.create_task(api.keep())
        greeting = tasks.create_task(_greet(settings.house, password))
        await asyncio.wait({greeting}, timeout=_HEAD_START_S)
        tasks.create_task(worker.keep())


async def _prepare(environment: Mapping[str, str]) -> str | None:
    """Run `prepare`. Returns the one-time password when the operator's account was made now."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "matinee.entrypoints.cli.prepare"),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=tied_to_us(),
        start_new_session=True,
    )
    try:
        out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise CannotStart(err.decode(errors="replace").strip() or "The database could not be prepared.")
    password: str | None = json.loads(out.splitlines()[-1])["password"]
    return password


def _grace_s(settings: Settings) -> float:
    """Seconds for the children: what is left of `shutdown_s` is for PostgreSQL."""
    return max(1.0, settings.house.shutdown_s - 1.5)


def _children(settings: Settings) -> tuple[Child, Child]:
    # The children give up a little earlier than we lose patience with them.
    environment = os.environ | {"MATINEE_SHUTDOWN_S": str(max(1, int(_grace_s(settings) - 1)))}
    python = [sys.executable, "-m"]
    return (
        Child("api", [*python, "matinee.entrypoints.api"], environment),
        Child(
            "worker", [*python, "matinee.entrypoints.worker", "--lane", "io", "--lane", "cpu"], environment
        ),
    )


async def _watch_database(settings: Settings, server: postgres.Server) -> None:
    """Start PostgreSQL again when it died; API and worker wait and go on by themselves."""
    failures, since = 0, time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_S)
        if server.running():
            continue
        failures = 1 if time.monotonic() - since > 60 else failures + 1
        log.warning("child.died", child="postgres", failures=failures, restart_in_s=pause_s(failures))
        await asyncio.sleep(pause_s(failures))
        since = time.monotonic()
        try:
            knobs = settings.of(DatabaseSettings)
            server = await asyncio.to_thread(postgres.start, settings.house.data_dir, knobs.pg_bin)
            log.info("postgres.ready", process=server.pid, version=server.binaries.version, reattached=False)
        except postgres.PostgresError as error:
            log.error("postgres.start_failed", error=str(error))


async def _greet(house: HouseSettings, password: str | None) -> None:
    """Say where the house is once it answers. The password is shown here, once, and never logged."""
    deadline = time.monotonic() + _FIRST_ANSWER_S
    while not await _answers(house):
        if time.monotonic() > deadline:
            log.warning("api.slow", waited_s=_FIRST_ANSWER_S)
            deadline = float("inf")
        await asyncio.sleep(0.05)
    lines = ["", f"  Matinee is at {house.address}"]
    if password is not None:
        from matinee.entrypoints.bootstrap import OPERATOR_HANDLE

        lines += ["", f"  Operator: {OPERATOR_HANDLE}   one-time password: {password}", "  (shown only now)"]
    print("\n".join([*lines, ""]), flush=True)


async def _answers(house: HouseSettings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(house.host, house.host)
    try:
        reader, writer = await asyncio.open_connection(host, house.port)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await writer.drain()
        line = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        return b" 200 " in line
    except (OSError, TimeoutError):
        return False
