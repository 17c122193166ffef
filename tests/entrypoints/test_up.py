"""`matinee up`: one tree that heals itself, lets nobody in twice, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from tests.support.ports import free_port
from tests.support.server import until

from matinee.entrypoints.cli.children import LONGEST_PAUSE_S, pause_s
from matinee.infra import postgres

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(240)


@dataclass(slots=True)
class Up:
    """One `matinee up` over its own PostgreSQL. Ends with its test, whatever happened to it."""

    data: Path
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, **settings: str) -> "subprocess.Popen[bytes]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        environment |= {
            "PYTHONPATH": str(ROOT / "src"),
            "MATINEE_DATA_DIR": str(self.data),
            "MATINEE_PORT": str(self.port),
            "MATINEE_ARGON2_TIME_COST": "1",
            "MATINEE_ARGON2_MEMORY_KIB": "8",
        } | settings
        with self.log.open("ab") as lines:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "matinee.entrypoints.cli.main", "up"],
                env=environment,
                cwd=self.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )
        return self.process

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it greets and all of its children live."""
        until(
            lambda: process.poll() is not None or (self.answers() and len(self.children()) == 2),
            "it is up",
            120,
        )
        assert process.poll() is None, self.said()[-3000:]

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def children(self) -> dict[str, int]:
        """API and worker by name."""
        assert self.process is not None
        found: dict[str, int] = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            for name in ("api", "worker"):
                if f"matinee.entrypoints.{name}" in words:
                    found[name] = child.pid
        return found

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        postgres.stop(self.data)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path(parent.anchor):
            parent.chmod(parent.stat().st_mode | 0o011)
    house = Up(tmp_path / "a house", free_port(), tmp_path / "log")
    yield house
    house.end()


def test_the_life_of_a_house(up: Up) -> None:
    """First start, healing of each part, death of everything, start again, orderly end: one story, since each
    start costs seconds."""
    process = up.start()
    up.ready(process)
    until(lambda: "one-time password" in up.said(), "the operator's password is shown")
    assert up.said().count("one-time password") == 1
    assert f"Matinee is at http://localhost:{up.port}" in up.said()
    assert (up.data / "cli-token").stat().st_mode & 0o777 == 0o600

    # Nobody gets in twice.
    second = subprocess.run(
        [sys.executable, "-m", "matinee.entrypoints.cli.main", "up"],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "src"),
            "MATINEE_DATA_DIR": str(up.data),
            "MATINEE_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert str(process.pid) in second.stderr
    assert "Traceback" not in second.stderr

    # What dies is started again, and said so.
    before = up.children()
    os.kill(before["worker"], signal.SIGKILL)
    os.kill(before["api"], signal.SIGKILL)
    dead = set(before.values())
    until(lambda: len(dead.symmetric_difference(up.children().values())) == 4, "both are back")
    assert up.said().count('"child.died"') == 2
    url = postgres.running_url(up.data)
    server = int((up.data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    until(lambda: postgres.running_url(up.data) == url, "PostgreSQL is back at its address")
    until(up.answers, "the house answers again")

    # Death of everything at once: nothing is left but what the next start finds.
    family = up.children()
    process.kill()
    process.wait()
    until(
        lambda: not any(psutil.pid_exists(pid) for pid in family.values()), "API and worker die with it", 20
    )
    assert postgres.running_url(up.data) == url
    process = up.start()
    up.ready(process)
    assert up.said().count("one-time password") == 1

    # An orderly end.
    family = up.children()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0, up.said()[-3000:]
    assert not any(psutil.pid_exists(pid) for pid in family.values())
    assert postgres.running_url(up.data) is None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", up.port))


def test_a_port_of_somebody_else_is_refused_before_anything_is_made(up: Up) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", up.port))
        taken.listen()
        assert up.start().wait(60) == 1
    assert "set MATINEE_PORT" in up.said()
    assert "Traceback" not in up.said()
    assert not (up.data / "postgres").exists()


def test_a_wrong_setting_of_a_room_is_said_by_its_name(up: Up, empty_database_url: str) -> None:
    assert up.start(MATINEE_DATABASE_URL=empty_database_url, MATINEE_SIGNUP="perhaps").wait(120) == 1
    assert "MATINEE_SIGNUP" in up.said()
    assert "Traceback" not in up.said()


def test_a_database_that_does_not_answer_is_one_sentence(up: Up) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"
    assert up.start(MATINEE_DATABASE_URL=url).wait(60) == 1
    assert "database does not answer" in up.said()
    assert "Traceback" not in up.said()
    assert "secret" not in up.said()


def test_a_data_folder_that_cannot_be_made_is_one_sentence(up: Up) -> None:
    up.data.write_text("a file")
    assert up.start().wait(60) == 1
    assert "cannot be used" in up.said()
    assert "Traceback" not in up.said()
    up.data.unlink()


def test_a_folder_in_which_a_restore_was_killed_is_not_opened(up: Up) -> None:
    up.data.mkdir()
    (up.data / "restore-unfinished").touch()
    assert up.start().wait(60) == 1
    assert "did not come to its end" in up.said()


def test_pauses_grow_and_stop_growing() -> None:
    pauses = [pause_s(failures) for failures in range(1, 20)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE_S
    assert pause_s(10_000) == LONGEST_PAUSE_S
