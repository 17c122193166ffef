"""The doctor finds what is wrong, says how to mend it, and fails only for what does not work."""

import asyncio
import fcntl
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg
import pytest
from tests.support import database
from tests.support.house import House
from tests.support.ports import free_port
from tests.support.scanner import clamd
from tests.support.stores import Store

import matinee
from matinee.entrypoints.bootstrap import ensure_operator
from matinee.entrypoints.cli.doctor import examine
from matinee.features.admin import service as admin


class Findings(dict[str, list[dict[str, Any]]]):
    """By the name of the check."""

    def state(self, name: str) -> str:
        """The worst of what was found under that name; empty when nothing was."""
        states = {row["state"] for row in self.get(name, [])}
        return next((state for state in ("fail", "warn", "ok") if state in states), "")

    @property
    def failed(self) -> bool:
        return "fail" in {row["state"] for rows in self.values() for row in rows}

    def text(self, name: str) -> str:
        return "\n".join(f"{row['said']} {row['mend'] or ''}" for row in self.get(name, []))


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A built web client."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!--head-->")
    (folder / "assets" / "index-1.js").touch()
    return folder


def settings_of(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    return {
        "MATINEE_DATA_DIR": str(folder / "data"),
        "MATINEE_WEB_DIR": str(folder / "web"),
        "MATINEE_DISK_RESERVE_BYTES": "1",
        "MATINEE_PORT": str(free_port()),
    } | settings


async def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """`matinee doctor` as a program of its own in `folder`. Returns its exit code and what it printed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "matinee.entrypoints.cli.main", "doctor", *arguments),
        cwd=folder,
        env=environment | settings_of(folder, settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert not err, err.decode()
    return process.returncode or 0, out.decode()


Examined = Callable[..., Findings]


@pytest.fixture
def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Examined:
    """All findings of a doctor in `tmp_path` with these settings, in the test's own process."""

    def look(**settings: str) -> Findings:
        found = Findings()
        with monkeypatch.context() as outside:
            outside.chdir(tmp_path)
            outside.delenv(database.HOME_VARIABLE)
            for name, value in settings_of(tmp_path, settings).items():
                outside.setenv(name, value)
            for finding in examine():
                found.setdefault(finding.name, []).append(asdict(finding))
                assert finding.state == "ok" or finding.mend, finding
        return found

    return look


@contextmanager
def running(data_dir: Path) -> Iterator[None]:
    """Somebody holds the data folder as `matinee up` does."""
    data_dir.mkdir(exist_ok=True)
    with (data_dir / "up.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def answering(answer: dict[str, Any], status: int = 200) -> Iterator[int]:
    """A server that says this to every question. Gives its port."""
    body = json.dumps(answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def healthy(**checks: dict[str, Any]) -> dict[str, Any]:
    return {"status": "ok", "version": matinee.__version__, "checks": {"database": {"ok": True}, **checks}}


def test_before_the_first_start_nothing_fails(examined: Examined, tmp_path: Path, web: Path) -> None:
    found = examined()
    assert not found.failed, found
    assert found.state("house") == "warn"
    assert "down" in found.text("house")
    for name in (
        "python",
        "parser",
        "pictures",
        "ffmpeg",
        "encoder",
        "data folder",
        "settings",
        "port",
        "database",
    ):
        assert found.state(name) == "ok", found.text(name)
    assert not (tmp_path / "data").exists()


async def test_a_house_that_runs_well_is_told_line_by_line(
    tmp_path: Path, web: Path, database_url: str
) -> None:
    with psycopg.connect("postgresql://" + database_url.partition("://")[2]) as connection:
        connection.execute("INSERT INTO infra_worker (name, lanes) VALUES ('w', '{}')")
    with running(tmp_path / "data"), answering(healthy()) as port:
        code, out = await run(tmp_path, MATINEE_DATABASE_URL=database_url, MATINEE_PORT=str(port))
    lines = out.splitlines()
    assert code == 0, out
    assert all(line.startswith(("ok ", "warn ")) for line in lines), out
    told = {line[6:18].strip() for line in lines}
    assert {"house", "database", "clock", "migrations", "worker"} <= told


async def test_a_house_that_is_ill_fails(tmp_path: Path, web: Path, empty_database_url: str) -> None:
    """By the program itself, as a script reads it."""
    ill = healthy(storage={"ok": False, "reason": "The store failed."}) | {"status": "down"}
    with running(tmp_path / "data"), answering(ill, 503) as port:
        code, out = await run(
            tmp_path, "--json", MATINEE_DATABASE_URL=empty_database_url, MATINEE_PORT=str(port)
        )
    said = json.loads(out)
    rows = {row["check"]: row for row in said["checks"]}
    assert (code, said["ok"]) == (1, False)
    assert rows["house"]["state"] == rows["migrations"]["state"] == "fail"
    assert "The store failed." in rows["house"]["said"]
    assert "matinee migrate" in rows["migrations"]["mend"]


def test_a_worker_whose_encoders_hardly_get_a_processor_is_named(
    examined: Examined, tmp_path: Path, database_url: str
) -> None:
    with psycopg.connect("postgresql://" + database_url.partition("://")[2]) as connection:
        connection.execute("INSERT INTO infra_worker (name, lanes) VALUES ('quick', '{}')")
        connection.execute(
            "INSERT INTO infra_worker (name, lanes, starving_since)"
            " VALUES ('slow', '{}', now() - interval '10 minutes')"
        )
    found = examined(MATINEE_DATABASE_URL=database_url)
    assert found.state("worker") == "warn"
    assert "of slow have hardly got a processor for 11 min" in found.text("worker")
    assert "MATINEE_ENCODER_GIVES_WAY=false" in found.text("worker")
    assert "quick" not in found.text("worker")


def test_a_running_house_without_workers_or_answer_fails(
    examined: Examined, tmp_path: Path, database_url: str
) -> None:
    with psycopg.connect("postgresql://" + database_url.partition("://")[2]) as connection:
        connection.execute("INSERT INTO infra_worker VALUES ('w', '{}', now(), now() - interval '1 hour')")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with running(tmp_path / "data"):
        found = examined(MATINEE_DATABASE_URL=database_url)
    assert {found.state(name) for name in ("house", "worker", "migrations")} == {"fail"}
    assert "matinee worker" in found.text("worker")


def test_a_bucket_is_tried_and_its_failure_named(examined: Examined, nanio: Store) -> None:
    knobs = {f"MATINEE_{name.upper()}": str(value) for name, value in nanio.settings().items()}
    good = examined(**knobs)
    assert good.state("storage") == "ok"
    assert "bucket films" in good.text("storage")
    bad = examined(**knobs | {"MATINEE_S3_SECRET_KEY": "hush"})
    assert bad.state("storage") == "fail"
    assert "403 SignatureDoesNotMatch" in bad.text("storage")
    assert "docs/guides/stores.md" in bad.text("storage")
    assert "hush" not in bad.text("storage")
    none = examined(**knobs | {"MATINEE_S3_BUCKET": ""})
    assert "MATINEE_STORAGE=s3 needs MATINEE_S3_BUCKET, the name of a bucket." in none.text("settings")


def test_a_bucket_that_lets_no_page_send_is_named(
    examined: Examined, moto: Store, strict_moto: Store, nanio: Store
) -> None:
    def asked(store: Store, **more: str) -> Findings:
        knobs = {f"MATINEE_{name.upper()}": str(value) for name, value in store.settings().items()}
        return examined(**knobs, MATINEE_S3_DIRECT_UPLOADS="true", **more)

    assert examined().state("direct uploads") == ""
    assert asked(moto).state("direct uploads") == "ok"
    for store, page in ((nanio, "http://localhost:8000"), (strict_moto, "http://stranger.example")):
        found = asked(store, MATINEE_PUBLIC_URL=page)
        assert found.state("direct uploads") == "fail"
        assert "matinee storage cors" in found.text("direct uploads")
    assert "browsers refuse plain http" in asked(moto, MATINEE_PUBLIC_URL="https://films.example").text(
        "direct uploads"
    )
    away = asked(moto, MATINEE_S3_PUBLIC_ENDPOINT="http://127.0.0.1:1")
    assert away.state("direct uploads") == "warn"


def test_everything_wrong_is_named_at_once(examined: Examined, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("cli-token", "media-key"):
        (data / name).touch()
        (data / name).chmod(0o644 if name == "media-key" else 0o600)
    (data / "storage").write_text("a file where a folder belongs")
    (data / "restore-unfinished").write_text("/somewhere/b.tar\n")
    (tmp_path / ".env").write_text(
        "# MATINEE_X=1\nMATINEE_TOKEN=hush\nMATINEE_DATABSE_URL=postgresql://u:hush@h/d\nMATINEE_ZZZZZZ=1\n"
    )
    (tmp_path / ".env").chmod(0o644)
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho no ffmpeg at all\n")
    fake.chmod(0o755)
    with answering({"hello": "world"}) as port:
        found = examined(
            MATINEE_PORT=str(port),
            MATINEE_FFMPEG=str(fake),
            MATINEE_QUOTA_BYTE="7",
            MATINEE_DISK_RESERVE_BYTES=str(1 << 50),
            MATINEE_DATABASE_URL="postgresql://u:hush@127.0.0.1:1/d",
        )
    settings = found.text("settings")
    assert found.state("settings") == "warn"
    for words in ("MATINEE_DATABASE_URL?", "MATINEE_QUOTA_BYTES?", "MATINEE_ZZZZZZ", "chmod 600", ".env"):
        assert words in settings
    assert "MATINEE_X " not in settings
    for name in ("ffmpeg", "data folder", "disk", "secrets", "web client", "port", "database"):
        assert found.state(name) == "fail", name
    assert "media-key" in found.text("secrets")
    assert "cli-token" not in found.text("secrets")
    assert "hush" not in json.dumps(found)


def test_a_setting_that_cannot_be_read_is_one_failure_and_never_shown(examined: Examined) -> None:
    found = examined(MATINEE_PORT="a secret")
    assert found.state("settings") == "fail"
    assert "MATINEE_PORT" in found.text("settings")
    assert "a secret" not in json.dumps(found)


def test_another_house_at_the_port_is_told_apart(
    examined: Examined, web: Path, empty_database_url: str
) -> None:
    with answering(healthy()) as port:
        found = examined(MATINEE_PORT=str(port))
        shared = examined(MATINEE_PORT=str(port), MATINEE_DATABASE_URL=empty_database_url)
    assert found.failed, "this house could not begin"
    assert found.state("port") == "fail"
    assert "Another Matinee" in found.text("port")
    assert "API alone" not in found.text("port")
    assert shared.state("port") == "warn", "it may be the API of this house"
    assert "API alone" in shared.text("port")


def test_https_without_a_named_proxy_is_told(examined: Examined, web: Path) -> None:
    told = examined(MATINEE_PUBLIC_URL="https://films.example")
    assert told.state("proxy") == "warn"
    assert "MATINEE_TRUSTED_PROXIES" in told.text("proxy")
    named = {"MATINEE_PUBLIC_URL": "https://films.example", "MATINEE_TRUSTED_PROXIES": "10.7.0.2"}
    assert examined(**named).state("proxy") == examined().state("proxy") == ""


def test_operators_with_a_password_alone_are_told_at_an_https_address(examined: Examined) -> None:
    told = partial(examined, MATINEE_PUBLIC_URL="https://films.example")
    assert told(MATINEE_SECOND_FACTOR_ROLES="").state("second factors") == "warn"
    assert told().state("second factors") == examined().state("second factors") == ""


def test_secrets_in_files_are_counted_and_those_open_to_others_or_unused_are_told(
    examined: Examined, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(0o755)
    for name, mode in (("matinee_media_key", 0o400), ("MATINEE_SECRET", 0o444), ("matinee_sekret", 0o400)):
        (folder / name).write_text(token_hex(24))
        (folder / name).chmod(mode)
    look = partial(examined, MATINEE_SECRETS_DIR=str(folder))
    told = look().text("secrets")
    assert f"1 from files of {folder}" in told
    assert f"Others on this machine may read {folder}/MATINEE_SECRET." in told
    assert "matinee_sekret is no secret of the settings." in told
    assert f"{folder}/matinee_media_key is not used" in look(MATINEE_MEDIA_KEY=token_hex(24)).text("secrets")
    (tmp_path / ".env").write_text(f"export MATINEE_MEDIA_KEY={token_hex(24)}\n")
    assert f"{folder}/matinee_media_key is not used: {tmp_path}/.env holds it" in look().text("secrets")


async def test_a_virus_scanner_is_asked_whether_it_is_there(examined: Examined) -> None:
    async with clamd() as stand_in:
        look = partial(examined, MATINEE_CLAMD_URL=stand_in.url)
        assert (await asyncio.to_thread(look)).state("scanner") == "ok"
        stand_in.mood = "away"
        assert (await asyncio.to_thread(look)).state("scanner") == "fail"
    assert (await asyncio.to_thread(examined)).state("scanner") == ""


async def test_what_is_left_for_the_operator_is_told(
    examined: Examined, web: Path, house: House, database_url: str
) -> None:
    await asyncio.to_thread(ensure_operator, house.settings)
    factor_roles = "moderator,moderater"
    look = partial(examined, MATINEE_DATABASE_URL=database_url, MATINEE_SECOND_FACTOR_ROLES=factor_roles)
    found = await asyncio.to_thread(look)
    assert found.state("first steps") == found.state("roles") == "warn"
    assert "7 left: password, factor" in found.text("first steps")
    assert "names moderater, and" in found.text("roles")
    assert len(found["roles"]) == 1
    async with house.works.open() as work:
        await admin.put_away(work)
    assert (await asyncio.to_thread(look)).state("first steps") == ""
