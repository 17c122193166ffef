"""Processes of one house on machines of their own: each has its data folder, and database and bucket are shared."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support import database
from tests.support.ports import free_port
from tests.support.server import ROOT, _unmeasured, until


@dataclass(slots=True)
class Machine:
    """A data folder, and what runs on it."""

    home: Path
    environment: dict[str, str] = field(repr=False)
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[bytes]":
        """`matinee …` on this machine."""
        more = {f"MATINEE_{name.upper()}": value for name, value in settings.items()}
        with (self.home / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "matinee.entrypoints.cli.main", *arguments],
                env=self.environment | more, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass(slots=True)
class Machines:
    """Makes machines of one house. `address` is where its API answers."""

    port: int
    settings: dict[str, str]
    home: Path
    made: list[Machine] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def machine(self, **overrides: str | None) -> Machine:
        """A new one; a setting of None is left out."""
        number = len(self.made)
        home = self.home / f"machine-{number}"
        home.mkdir()
        values = self.settings | {"data_dir": str(home / "data")} | overrides
        environment = {n: v for n, v in os.environ.items() if not n.startswith(("MATINEE_", "AWS_"))}
        environment |= {f"MATINEE_{n.upper()}": v for n, v in values.items() if v is not None}
        environment |= {"PYTHONPATH": str(ROOT / "src"), "HOME": str(home)}
        found = Machine(home, _unmeasured(environment))
        self.made.append(found)
        return found

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health/live", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def wait(self, api: "subprocess.Popen[bytes]", machine: Machine) -> None:
        until(lambda: api.poll() is not None or self.answers(), "the API answers", 120)
        assert api.poll() is None, machine.log[-4000:]


@contextlib.contextmanager
def machines(**settings: str) -> Iterator[Machines]:
    """A house with a database of its own and `settings` in common."""
    home = Path(tempfile.mkdtemp(prefix="matinee-apart-"))
    with database.fresh() as url:
        port = free_port()
        common = {
            "database_url": url,
            "port": str(port),
            "media_key": "the same key on every machine of it",
            "argon2_time_cost": "1",
            "argon2_memory_kib": "8",
            "signups_per_hour": "100000",
            "limit_sign_ins": "0",
            "limit_uploads": "0",
            "limit_writes": "0",
            "limit_reads": "0",
            "encoder_gives_way": "false",
            "stalled_after_s": "3",
            "shutdown_s": "6",
            "pool_size": "4",
        }
        found = Machines(port, common | settings, home)
        try:
            yield found
        finally:
            for machine in found.made:
                machine.end()
            shutil.rmtree(home, ignore_errors=True)
