"""Keeps child programs running: restarts what dies, with back-off, and stops all of them together.

Never decides what is run or in which order; `supervise` does.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from matinee.infra.process import tied_to_us

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
HEALTHY_AFTER_S = 60.0


def pause_s(failures: int) -> float:
    """Seconds to wait before the start that follows the n-th failure in a row (n ≥ 1)."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10))


@dataclass(slots=True)
class Child:
    """One program that is to run all the time."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _waits: bool = field(default=False, repr=False)

    async def load(self) -> None:
        """Let the program load its code now; it waits, as `--when-told` asks, until `keep`."""
        self._process, self._waits = await self._start("--when-told"), True

    async def keep(self) -> None:
        """Run it again and again until cancelled."""
        failures = 0
        while True:
            started = time.monotonic()
            if self._waits and self._process is not None and self._process.stdin is not None:
                self._waits = False
                self._process.stdin.write(b"go\n")
                self._process.stdin.close()
            else:
                self._process = await self._start()
            log.info("child.started", child=self.name, process=self._process.pid)
            code = await self._process.wait()
            failures = 1 if time.monotonic() - started > HEALTHY_AFTER_S else failures + 1
            wait_s = pause_s(failures)
            log.warning("child.died", child=self.name, code=code, failures=failures, restart_in_s=wait_s)
            await asyncio.sleep(wait_s)

    async def _start(self, *more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.argv,
            *more,
            env=dict(self.environment),
            stdin=asyncio.subprocess.PIPE if more else asyncio.subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches only us, and we stop all in order.
            start_new_session=True,
            preexec_fn=tied_to_us(),
        )

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    def signal(self, number: signal.Signals) -> None:
        """To the program alone, or with SIGKILL to everything it started."""
        if self.pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)

    async def ended(self) -> None:
        if self._process is not None:
            await self._process.wait()


async def stop_all(children: Sequence[Child], *, grace_s: float, hurry: asyncio.Event) -> None:
    """SIGTERM to all, then after `grace_s` seconds, or once `hurry` is set, SIGKILL to what is left."""
    for child in children:
        child.signal(signal.SIGTERM)

    async def all_ended() -> None:
        await asyncio.gather(*(child.ended() for child in children))

    async def hurried() -> None:
        await hurry.wait()

    ended = asyncio.create_task(all_ended())
    impatient = asyncio.create_task(hurried())
    await asyncio.wait({ended, impatient}, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    for child in children:
        if child.pid is not None:
            log.warning("child.killed", child=child.name)
            child.signal(signal.SIGKILL)
    await ended
