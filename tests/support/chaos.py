"""What may happen to a house: its processes are killed, its encoders hang, its store fails, its disk is full.

Every fault hits one house that `tests.support.server` runs on an embedded PostgreSQL, with a bucket behind a proxy.
The full disk is a small file system in memory over the folder `scratch`, filled to its last byte; where nobody may
mount one, this fault is left out. Never touches another house.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from matinee.infra import postgres
from tests.support.server import Server, until
from tests.support.stores import Faulty

DISK_BYTES = 48_000_000
_BRIEF_S = 3.0


@contextlib.contextmanager
def proxy(target: str) -> Iterator[Faulty]:
    """A `Faulty` that answers from a thread of its own."""
    faulty = Faulty(target)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    begun = asyncio.start_server(faulty.serve, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(begun, loop).result(30)
    faulty.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield faulty
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _ended(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of `DISK_BYTES` at `folder`; None where this machine lets nobody mount one."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass(slots=True)
class Chaos:
    """The faults by name. `told` is what happened, in order."""

    server: Server
    store: Faulty
    disk: Path | None
    dice: random.Random
    told: list[str] = field(default_factory=list)
    _timers: list[threading.Timer] = field(default_factory=list)

    def deck(self, rounds: int = 4) -> list[str]:
        """50 faults in an order of chance; the house dies whole once in each of `rounds`."""
        often = {
            "worker": 6, "api": 5, "postgres": 5, "ffmpeg killed": 9, "ffmpeg hung": 5, "store 500": 5,
            "store silent": 2, "store half": 5, "disk full": 4,
        }  # fmt: skip
        faults = [name for name, times in often.items() for _ in range(times)]
        if self.disk is None:
            faults = [name if name != "disk full" else "ffmpeg killed" for name in faults]
        self.dice.shuffle(faults)
        size = len(faults) // rounds + 1
        parts = [faults[at : at + size] for at in range(0, len(faults), size)]
        for part in parts:
            part.insert(self.dice.randrange(len(part) + 1), "everything")
        return [fault for part in parts for fault in part]

    def happen(self, fault: str) -> None:
        acts: dict[str, Callable[[], str]] = {
            "worker": lambda: self._kill(lambda: self.server.worker_pids),
            "api": lambda: self._kill(lambda: self.server.api_pids),
            "postgres": lambda: self._kill(self._postgres),
            "everything": self._everything,
            "ffmpeg killed": lambda: self._signal_one(signal.SIGKILL),
            "ffmpeg hung": lambda: self._signal_one(signal.SIGSTOP),
            "store 500": lambda: self._spoil("500"),
            "store silent": lambda: self._spoil("hang", only="GET PUT POST"),
            "store half": lambda: self._spoil("half", only="GET"),
            "disk full": self._fill,
        }
        self.told.append(f"{time.strftime('%H:%M:%S')} {fault}: {acts[fault]()}")

    def end(self) -> None:
        """Every fault that lasts is over."""
        for timer in self._timers:
            timer.join()

    def _after(self, call: Callable[[], None]) -> None:
        self._timers.append(timer := threading.Timer(_BRIEF_S, call))
        timer.start()

    def _kill(self, find: Callable[[], list[int]]) -> str:
        pids = until(find, "there is something to kill", 90)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return str(pids)

    def _postgres(self) -> list[int]:
        url = postgres.running_url(self.server.data_dir)
        if url is None:
            return []
        with contextlib.suppress(psycopg.Error, OSError, ValueError, IndexError):
            psycopg.connect(url.replace("+psycopg", ""), connect_timeout=5).close()
            return [int((self.server.data_dir / "postgres/cluster/postmaster.pid").read_text().split()[0])]
        return []

    def _everything(self) -> str:
        family = [psutil.Process(self.server.process.pid)]
        family += family[0].children(recursive=True)
        for pid in [*(one.pid for one in family), *self._postgres()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.process.wait(30)
        psutil.wait_procs(family[1:], 30)
        self.server.start()
        return f"{len(family)} processes"

    def encoders(self) -> list[psutil.Process]:
        """The ffmpegs of the house, also those whose parents are gone."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = one.cmdline()
                if (
                    words
                    and "ffmpeg" in words[0]
                    and any(str(self.server.data_dir) in word for word in words)
                ):
                    found.append(one)
        return found

    def _signal_one(self, number: signal.Signals) -> str:
        try:
            one = self.dice.choice(until(self.encoders, "an ffmpeg runs", 8))
            one.send_signal(number)
        except (psutil.Error, AssertionError) as missed:
            return f"missed ({type(missed).__name__})"
        return str(one.pid)

    def _spoil(self, word: str, only: str = "GET PUT POST DELETE HEAD") -> str:
        self.store.spoil(word, only=only)
        self._after(lambda: self.store.spoil("fine"))
        return "begins"

    def _fill(self) -> str:
        assert self.disk is not None
        ballast = self.disk / "ballast"
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 65_536):
                pass
        self._after(lambda: ballast.unlink(missing_ok=True))
        return "begins"
