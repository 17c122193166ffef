"""A real house in processes of its own: `matinee up` with API and worker, on a free loopback port.

Its database is one of the run's own server. Never touches a house of this machine.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import httpx
import psutil

from matinee.infra import postgres
from tests.support import database
from tests.support.ports import free_port

if TYPE_CHECKING:
    from playwright._impl._api_structures import SetCookieParam

ROOT = Path(__file__).parents[2]
OPERATOR_PASSWORD = "the operator of these tests"
PASSWORD = "a long enough test password"
T = TypeVar("T")


def until(look: Callable[[], T], what: str, timeout_s: float = 60) -> T:
    """The first true answer of `look`. Fails with `what` when none comes."""
    deadline = time.monotonic() + timeout_s
    while True:
        if answer := look():
            return answer
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s in vain: {what}"
        time.sleep(0.05)


def _unmeasured(environment: dict[str, str]) -> dict[str, str]:
    """Without the measuring of coverage, so that a journey sees the house at its own speed."""
    return {name: value for name, value in environment.items() if not name.startswith("COV")}


@dataclass(slots=True)
class Server:
    """One running house. `process` is its supervisor."""

    process: "subprocess.Popen[bytes]"
    address: str
    data_dir: Path
    hold_dir: Path
    log: Path
    environment: dict[str, str] = field(repr=False)

    def start(self) -> None:
        """`matinee up` on the same data folder, once more. Returns when it answers and works."""
        self.process = _up(self.environment, self.data_dir.parent, self.log)
        self.ready()

    def ready(self) -> None:
        until(lambda: self.process.poll() is not None or self.answers(), "the API answers", 120)
        until(lambda: self.process.poll() is not None or self.worker_pids, "the worker runs", 120)
        assert self.process.poll() is None, self.log.read_text()[-4000:]

    @property
    def cli_token(self) -> str:
        return (self.data_dir / "cli-token").read_text().strip()

    def client(self, token: str | None = None) -> httpx.Client:
        """A program that acts for the holder of `token`, or for nobody."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def person(self, client: httpx.Client | None = None) -> "Person":
        """A new account by way of the API."""
        handle = f"p{uuid4().hex[:12]}"
        with client or self.client() as asking:
            answer = asking.post(
                "/api/v1/accounts",
                json={
                    "email": f"{handle}@example.org",
                    "password": PASSWORD,
                    "handle": handle,
                    "display_name": handle.title(),
                },
            )
            assert answer.status_code == 201, answer.text
        return Person(self, handle, f"{handle}@example.org", PASSWORD)

    def pids(self, module: str) -> list[int]:
        """Processes below the supervisor that run `python -m <module>`."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if module in child.cmdline():
                    found.append(child.pid)
        return found

    @property
    def worker_pids(self) -> list[int]:
        return self.pids("matinee.entrypoints.worker")

    @property
    def api_pids(self) -> list[int]:
        return self.pids("matinee.entrypoints.api")

    def kill(self, pids: list[int]) -> None:
        """SIGKILL, as a machine that runs out of memory does it."""
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    @contextlib.contextmanager
    def holding(self, *steps: str) -> Iterator[None]:
        """Encoding steps of these names wait inside this block, in every film."""
        for step in steps:
            (self.hold_dir / step).touch()
        try:
            yield
        finally:
            self.release(*steps)

    def release(self, *steps: str) -> None:
        for step in steps:
            (self.hold_dir / step).unlink(missing_ok=True)

    def command(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """`matinee …` as a person at a terminal starts it."""
        return subprocess.Popen(
            [sys.executable, "-m", "matinee.entrypoints.cli.main", *arguments],
            env=self.environment | environment, cwd=self.data_dir, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health/live", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """As Ctrl-C does. Fails when it does not end, or leaves a process behind."""
        if self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            left = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
            for one in left:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        assert not left, f"left behind: {left}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    server: Server
    handle: str
    email: str
    password: str

    def browser_cookies(self) -> "list[SetCookieParam]":
        """A session of its own, as Playwright's `add_cookies` takes it, which asks for https where a cookie is
        `__Host-`."""
        address = self.server.address.replace("http:", "https:", 1)
        with self.server.client() as client:
            answer = client.post("/api/v1/session", json={"login": self.email, "password": self.password})
            assert answer.status_code == 200, answer.text
            return [
                {"name": name, "value": value, "url": address, "secure": True}
                for name, value in answer.cookies.items()
            ]

    def token(self) -> str:
        with self.server.client() as client:
            answer = client.post(
                "/api/v1/tokens", json={"login": self.email, "password": self.password, "name": "a journey"}
            )
            assert answer.status_code == 201, answer.text
            return str(answer.json()["token"])

    def client(self) -> httpx.Client:
        return self.server.client(self.token())


@contextlib.contextmanager
def open_server(
    *, embedded: bool = False, home: Path | None = None, **settings: str | None
) -> Iterator[Server]:
    """A house of its own in `home`; `settings` are names without `MATINEE_`, in small letters; None leaves one out.
    `embedded`: with the PostgreSQL that it starts itself."""
    home = home or Path(tempfile.mkdtemp(prefix="matinee-server-"))
    home.chmod(0o755)  # the embedded server may have a user of its own
    with contextlib.nullcontext() if embedded else database.fresh() as url:
        port = free_port()
        values: dict[str, str | None] = {
            "data_dir": str(home / "data"),
            **({"database_url": url} if url else {}),
            "port": str(port),
            "hold_dir": str(home / "hold"),
            "admin_password": OPERATOR_PASSWORD,
            "argon2_time_cost": "1",
            "argon2_memory_kib": "8",
            "signups_per_hour": "100000",
            "limit_sign_ins": "0",
            "limit_uploads": "0",
            "limit_writes": "0",
            "limit_reads": "0",
            "encoder_gives_way": "false",  # other tests keep the processors busy all the time
            "stalled_after_s": "3",
            "shutdown_s": "6",
            "pool_size": "4",
            "import_networks": "127.0.0.0/8",
            "import_ports": "1-65535",
        }
        values |= settings
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
        environment |= {
            f"MATINEE_{name.upper()}": value for name, value in values.items() if value is not None
        }
        environment |= {"PYTHONPATH": str(ROOT / "src"), "HOME": str(home)}
        (home / "hold").mkdir()
        log = home / "log"
        process = _up(environment, home, log)
        server = Server(process, f"http://localhost:{port}", home / "data", home / "hold", log, environment)
        try:
            server.ready()
            yield server
        finally:
            try:
                server.stop()
            finally:
                if embedded:  # a supervisor that was killed leaves it
                    postgres.stop(server.data_dir)
                shutil.rmtree(home, ignore_errors=True)


def _up(environment: dict[str, str], home: Path, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as lines:
        return subprocess.Popen(
            [sys.executable, "-m", "matinee.entrypoints.cli.main", "up"],
            env=_unmeasured(environment), cwd=home, stdin=subprocess.DEVNULL, stdout=lines,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
