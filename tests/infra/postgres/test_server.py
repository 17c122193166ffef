"""The embedded server: starts anywhere, survives what happens to boxes, and says what is wrong."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.support import database

from matinee.infra import postgres
from matinee.infra.postgres import Server, binaries, identity, pidfile, tuning

SRC = Path(__file__).parents[3] / "src"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server is gone after the test. Other users may enter, as on a real box."""
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path(parent.anchor):
            parent.chmod(parent.stat().st_mode | 0o011)
    data = tmp_path / "data"
    yield data
    postgres.stop(data)


@pytest.fixture(scope="session")
def seed() -> Path:
    """A cluster that was made and stopped, to be copied: making one takes a second of work."""
    made = database.home() / f"seed-{os.getpid()}"
    postgres.start(made, durability="none").stop()
    return made


@pytest.fixture
def folder(empty_folder: Path, seed: Path) -> Path:
    """A data folder that has run before."""
    subprocess.run(["cp", "-a", seed, empty_folder], check=True)
    return empty_folder


def start(data: Path) -> Server:
    return postgres.start(data, durability="none")


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql", 1), autocommit=True)


def python(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(SRC)}
    return subprocess.run(argv, capture_output=True, text=True, env=environment)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)


def test_a_server_starts_stops_and_keeps_its_data_and_port(empty_folder: Path) -> None:
    server = postgres.start(empty_folder)
    with connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        rows = connection.execute("SELECT name, setting FROM pg_settings").fetchall()
        shown = {str(name): setting for name, setting in rows}
    assert shown["data_checksums"] == "on"
    assert shown["fsync"] == "on"
    assert shown["listen_addresses"] == "127.0.0.1"
    assert shown["server_encoding"] == "UTF8"
    assert postgres.running_url(empty_folder) == server.url
    server.stop()
    assert not server.running()
    assert postgres.running_url(empty_folder) is None
    again = postgres.start(empty_folder)
    assert again.port == server.port
    assert not again.reattached
    with connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_the_product_is_no_superuser_and_nobody_enters_without_the_password(empty_folder: Path) -> None:
    server = start(empty_folder)
    with connect(server.url) as connection:
        assert connection.execute("SELECT current_setting('is_superuser')").fetchone() == ("off",)
        provider = connection.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'matinee'"
        )
        assert provider.fetchone() == ("b", "C.UTF-8")
    passwords = empty_folder / "postgres" / "passwords.json"
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    for host in ("127.0.0.1", str(empty_folder / "postgres" / "run")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=host, port=server.port, user="postgres", dbname="postgres", password="wrong")


def test_the_server_never_runs_as_root(folder: Path) -> None:
    server = start(folder)
    process = psutil.Process(server.pid)
    inside = Path(f"/proc/{server.pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    assert process.uids().effective != 0 or inside


def test_a_second_start_attaches_to_the_running_server(folder: Path) -> None:
    server = start(folder)
    again = start(folder)
    assert (again.pid, again.port, again.reattached) == (server.pid, server.port, True)


def test_a_server_whose_starter_was_killed_is_found_again(folder: Path) -> None:
    code = (
        "import os, pathlib, sys; from matinee.infra import postgres;"
        " s = postgres.start(pathlib.Path(sys.argv[1]), durability='none');"
        " print(s.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = python([sys.executable, "-c", code, str(folder)])
    assert done.returncode == -signal.SIGKILL, done.stderr
    server = start(folder)
    assert server.reattached
    assert server.pid == int(done.stdout)


@pytest.mark.slow
def test_committed_rows_survive_the_death_of_the_server(folder: Path) -> None:
    server = postgres.start(folder)
    with connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        kill(server.pid)
    again = postgres.start(folder)
    assert again.pid != server.pid
    with connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_a_pid_file_that_names_a_stranger_does_not_hold_up_a_start(folder: Path) -> None:
    start(folder).stop()
    file = folder / "postgres" / "cluster" / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{file.parent}\n1\n1\n\n\n\nready\n")
    assert postgres.running_url(folder) is None
    assert start(folder).running()


def test_a_taken_port_is_left_to_its_owner(folder: Path) -> None:
    server = start(folder)
    server.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        again = start(folder)
    assert again.port != server.port
    with connect(again.url) as connection:
        connection.execute("SELECT 1")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("with a space, and a comma", marks=pytest.mark.slow),
        pytest.param("long-" + "x" * 110, marks=pytest.mark.slow),
        "naïve 'quotes'",
    ],
)
def test_any_path_will_do(empty_folder: Path, name: str) -> None:
    data = empty_folder.parent / name
    try:
        server = start(data)
        with connect(server.superuser_url) as connection:
            where = connection.execute("SELECT current_setting('unix_socket_directories')").fetchone()
        assert where is not None
        short = Path(str(where[0]))
        assert (short / f".s.PGSQL.{server.port}").exists()
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    finally:
        postgres.stop(data)
    assert not short.exists()


def test_a_path_that_a_shell_would_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(postgres.PostgresError, match="MATINEE_DATA_DIR"):
        start(tmp_path / "$(id)")


@pytest.mark.slow
def test_two_houses_live_side_by_side(folder: Path) -> None:
    other = folder.parent / "other"
    try:
        first, second = start(folder), start(other)
        assert first.port != second.port
        assert first.url.split("@")[0] != second.url.split("@")[0]
    finally:
        postgres.stop(other)


def test_another_major_version_is_refused_with_a_way_out(folder: Path) -> None:
    start(folder).stop()
    cluster = folder / "postgres" / "cluster"
    (cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(postgres.PostgresError, match=r"made by PostgreSQL 15.*MATINEE_PG_BIN.*backup"):
        start(folder)


def test_lost_passwords_are_said_before_anything_is_changed(folder: Path) -> None:
    start(folder).stop()
    (folder / "postgres" / "passwords.json").unlink()
    with pytest.raises(postgres.PostgresError, match=r"passwords\.json is gone"):
        start(folder)


@pytest.mark.slow
def test_a_start_that_was_killed_in_the_middle_leaves_nothing_half_made(empty_folder: Path) -> None:
    half = empty_folder / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert start(empty_folder).running()
    assert not half.exists()


def test_a_folder_without_programs_is_named(empty_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(postgres.PostgresError, match="There is no program `postgres`"):
        postgres.start(empty_folder, tmp_path / "nothing")


def test_programs_that_do_not_run_are_explained(empty_folder: Path, tmp_path: Path) -> None:
    said = "/lib/libc.so.6: version `GLIBC_2.99' not found (required by postgres)"
    program = tmp_path / "postgres"
    program.write_text(f'#!/bin/sh\necho "{said.replace("`", chr(92) + "`")}" >&2\nexit 1\n')
    program.chmod(0o755)
    with pytest.raises(postgres.PostgresError, match=r"need GLIBC_2\.99"):
        postgres.start(empty_folder, tmp_path)
    program.chmod(0o644)
    with pytest.raises(postgres.PostgresError, match="may not be executed"):
        postgres.start(empty_folder, tmp_path)
    assert binaries.explain("x: error while loading shared libraries: libz.so.1: no such file") is not None
    assert "disk" in (binaries.explain("FATAL: could not write: No space left on device") or "")
    assert binaries.explain("all is well") is None


def test_other_binaries_can_be_chosen(empty_folder: Path) -> None:
    chosen = database.server().binaries.folder
    server = postgres.start(empty_folder, chosen, durability="none")
    assert server.binaries.folder == chosen
    assert not list((empty_folder / "postgres").glob("18*"))


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(postgres.PostgresError, match="cannot be used"):
        start(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_place_that_only_root_may_enter_is_served_from_a_user_namespace(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    try:
        server = start(closed / "data")
        assert (closed / "data" / "postgres" / "cluster").stat().st_uid == 0
        server.stop()
        assert start(closed / "data").running()
    finally:
        postgres.stop(closed / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_cluster_is_always_run_by_its_owner(folder: Path) -> None:
    start(folder).stop()
    cluster = folder / "postgres" / "cluster"
    found = identity.choose(binaries.install(folder / "postgres"), folder / "postgres", cluster)
    assert found.uid == cluster.stat().st_uid != 0
    folder.parent.chmod(0o700)
    if shutil.which("unshare"):
        with pytest.raises(postgres.PostgresError, match="cannot use"):
            identity.choose(binaries.install(folder / "postgres"), folder / "postgres", cluster)
    folder.parent.chmod(0o711)


def test_a_normal_user_needs_no_tricks(empty_folder: Path) -> None:
    """Root takes off its powers first; anybody else is a normal user already."""
    prefix = ["unshare", "--user", f"--map-user={identity.NOBODY}"] if os.geteuid() == 0 else []
    code = (
        "import os, pathlib, sys; from matinee.infra import postgres; from matinee.infra.postgres import identity;"
        " s = postgres.start(pathlib.Path(sys.argv[1]), durability='none');"
        " i = identity.choose(s.binaries, s.home, s.home / 'cluster');"
        " print(os.geteuid() != 0, i.prefix == () and not i.switch, s.running()); s.stop(); print(s.running())"
    )
    done = python([*prefix, sys.executable, "-c", code, str(empty_folder)])
    assert done.stdout.split() == ["True", "True", "True", "False"], done.stderr


def test_only_tests_may_lose_data() -> None:
    full = tuning.settings("full")
    assert full["synchronous_commit"] == "on"
    assert "fsync" not in full
    assert "full_page_writes" not in full
    assert tuning.settings("none")["fsync"] == "off"


def test_a_pid_file_of_nonsense_is_no_server(tmp_path: Path) -> None:
    assert pidfile.lines(tmp_path) == []
    (tmp_path / "postmaster.pid").write_text("nonsense\n")
    assert pidfile.lines(tmp_path) == []
    assert pidfile.status(tmp_path, 1) is None
