"""Child processes under limits: the only door to programs that are not ours.

A child starts in its own session, sees none of our environment, dies with its parent, and is killed with its
whole group when it hangs, runs too long or its caller is cancelled. Memory, CPU time, file size and open
files are capped.

What only Linux has: death with the parent (PR_SET_PDEATHSIG) and a network namespace without any network. The
second also needs a kernel that allows it; where it does not, the child runs with the network it finds (see
`network_can_be_cut`). Elsewhere both are skipped: an orderly stop of the parent still kills every child.

Never interprets what a child says, and never raises because a child failed: the caller reads `Ended`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_TAIL_BYTES = 8_192
_PIECE_BYTES = 65_536
_LOOK_S = 0.25
_MOST_PATIENT = 19
_STARVED = 9

_children: dict[int, bool] = {}
_LINUX = sys.platform.startswith("linux")
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended. `returncode` is negative for a signal; `tail` holds its last lines on stderr."""

    returncode: int
    stdout: bytes
    tail: str
    hung: bool
    timed_out: bool
    seconds: float

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not (self.hung or self.timed_out)


async def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    memory_bytes: int | None = None,
    cpu_s: int | None = None,
    file_size_bytes: int | None = None,
    open_files: int | None = None,
    wall_s: float | None = None,
    quiet_s: float | None = None,
    network: bool = False,
    uid: int | None = None,
    patient: bool = False,
    stdout_limit_bytes: int = 16 * 1024 * 1024,
    on_output: Callable[[bytes], bool] | None = None,
) -> Ended:
    """Run a program to its end.

    `on_output` gets every piece of stdout and says whether it shows progress; without it any output does. A
    child without progress for `quiet_s` seconds is hung and killed; while it only waits for a processor (Linux
    knows) it has ten times as long. A `patient` child gives way to all others. With `on_output` nothing of stdout is
    kept, without it at most `stdout_limit_bytes` are (a child that says more is killed). `env` adds to a bare
    environment (PATH, a UTF-8 locale). `uid` changes user and group when we are root and is ignored
    otherwise. Raises FileNotFoundError or PermissionError when the program cannot be started.
    """
    started = time.monotonic()
    spawning = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *map(str, argv),
            cwd=cwd,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_confine(
                memory_bytes=memory_bytes,
                cpu_s=cpu_s,
                file_size_bytes=file_size_bytes,
                open_files=open_files,
                cut_network=not network and network_can_be_cut(),
                uid=uid if os.geteuid() == 0 else None,
                patient=patient,
            ),
        )
    )
    try:
        child = await asyncio.shield(spawning)
    except asyncio.CancelledError:
        # Too late to call the start off: let it happen, then end what was started.
        with contextlib.suppress(OSError):
            await _end(await spawning, [])
        raise
    assert child.stdout is not None
    assert child.stderr is not None
    _children[child.pid] = patient
    watch = _Watch(child, stdout_limit_bytes, on_output)
    readers = [
        asyncio.create_task(watch.read_stdout(child.stdout)),
        asyncio.create_task(watch.read_stderr(child.stderr)),
    ]
    guard = asyncio.create_task(watch.guard(started, wall_s, quiet_s))
    try:
        await asyncio.gather(*map(asyncio.shield, readers))
        await child.wait()
    finally:
        guard.cancel()
        _children.pop(child.pid, None)
        await _end(child, readers)
    assert child.returncode is not None
    return Ended(
        returncode=child.returncode,
        stdout=bytes(watch.stdout),
        tail=bytes(watch.tail).decode("utf-8", "replace"),
        hung=watch.hung,
        timed_out=watch.timed_out,
        seconds=time.monotonic() - started,
    )


def children() -> dict[int, bool]:
    """The children that `run` waits for in this process, and whether each is patient."""
    return dict(_children)


@cache
def network_can_be_cut() -> bool:
    """Whether this kernel lets us start a child without any network (tried once, in a child of its own)."""
    if _LIBC is None:
        return False
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _cut_network() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def tied_to_us() -> Callable[[], None]:
    """For the `preexec_fn` of a long-lived child that is not run by `run`: it dies with this process."""
    return _confine(
        memory_bytes=None,
        cpu_s=None,
        file_size_bytes=None,
        open_files=None,
        cut_network=False,
        uid=None,
        patient=False,
    )


class _Watch:
    """Reads one child's output and decides when it has hung."""

    def __init__(
        self, child: asyncio.subprocess.Process, limit: int, on_output: Callable[[bytes], bool] | None
    ) -> None:
        self.stdout = bytearray()
        self.tail = bytearray()
        self.hung = False
        self.timed_out = False
        self._child = child
        self._limit = limit
        self._on_output = on_output
        self._looked: Look | None = None
        self._progressed()

    def _progressed(self) -> None:
        self._last_progress = time.monotonic()
        self._excused_s = 0.0

    async def read_stdout(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(_PIECE_BYTES):
            if self._on_output is not None:
                if self._on_output(piece):
                    self._progressed()
                continue
            self._progressed()
            self.stdout += piece
            if len(self.stdout) > self._limit:
                del self.stdout[self._limit :]
                _kill_group(self._child.pid)

    async def read_stderr(self, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(_PIECE_BYTES):
            if self._on_output is None:
                self._progressed()
            self.tail += piece
            del self.tail[:-_TAIL_BYTES]

    async def guard(self, started: float, wall_s: float | None, quiet_s: float | None) -> None:
        while True:
            if self._child.returncode is not None:
                # A grandchild that still holds our pipes would keep us waiting for its output.
                _kill_group(self._child.pid)
                return
            now = time.monotonic()
            wall_left = started + wall_s - now if wall_s is not None else float("inf")
            quiet_left = self._quiet_left(now, quiet_s) if quiet_s is not None else float("inf")
            if wall_left <= 0 or quiet_left <= 0:
                self.timed_out, self.hung = wall_left <= 0, quiet_left <= 0
                _kill_group(self._child.pid)
                return
            await asyncio.sleep(min(wall_left, quiet_left, _LOOK_S) + 0.01)

    def _quiet_left(self, now: float, quiet_s: float) -> float:
        """Asks the kernel only about a child that has been quiet for a while."""
        before, self._looked = self._looked, None
        if now >= self._last_progress + quiet_s / 2:
            self._looked = Look.at(now, self._child.pid)
            if before is not None and self._looked.starved_since(before):
                self._excused_s += now - before.now
        return self._last_progress + quiet_s + min(self._excused_s, _STARVED * quiet_s) - now


@dataclass(frozen=True, slots=True)
class Look:
    """At the threads of a process together: seconds on a processor and in line for one, and whether one stands there.
    All 0 where nobody counts."""

    now: float
    ran_s: float
    waited_s: float
    in_line: bool

    @classmethod
    def at(cls, now: float, pid: int) -> Look:
        ran_ns = waited_ns = 0
        in_line = False
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            with contextlib.suppress(OSError, ValueError, IndexError):  # it has just ended
                ran, waited, *_ = map(int, (thread / "schedstat").read_text().split())
                ran_ns, waited_ns = ran_ns + ran, waited_ns + waited
                in_line |= (thread / "stat").read_text().rpartition(")")[2].split()[0] == "R"
        return cls(now, ran_ns / 1e9, waited_ns / 1e9, in_line)

    def starved_since(self, before: Look) -> bool:
        """The kernel adds a wait only when it is over."""
        half_s = (self.now - before.now) / 2
        return self.waited_s - before.waited_s > half_s or (
            self.in_line and self.ran_s - before.ran_s < half_s
        )


async def _end(child: asyncio.subprocess.Process, readers: Sequence[asyncio.Task[None]]) -> None:
    """Grandchildren share the group: nothing of it may outlive a call, however the call ends."""
    _kill_group(child.pid)
    await asyncio.shield(child.wait())
    # With every writer dead both pipes end at once; reading to their ends is what closes them on our side.
    if readers:
        await asyncio.wait(readers, timeout=_LOOK_S * 8)
    for reader in readers:
        reader.cancel()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _confine(
    *,
    memory_bytes: int | None,
    cpu_s: int | None,
    file_size_bytes: int | None,
    open_files: int | None,
    cut_network: bool,
    uid: int | None,
    patient: bool,
) -> Callable[[], None]:
    """What the child does between fork and exec. Everything it needs is bound here: it must import
    nothing."""
    caps = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_size_bytes),
        (resource.RLIMIT_NOFILE, open_files),
    ]
    wanted = [(kind, value) for kind, value in caps if value is not None]
    parent = os.getpid()

    def confine() -> None:
        if cut_network:
            _cut_network()
        for kind, value in wanted:
            hard = resource.getrlimit(kind)[1]
            capped = value if hard == resource.RLIM_INFINITY else min(value, hard)
            # Whose processor time is over ends by SIGXCPU, a second before the SIGKILL that says nothing of why.
            most = capped + 1 if kind == resource.RLIMIT_CPU and capped != hard else capped
            resource.setrlimit(kind, (capped, most))
        if patient:
            _give_way()
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        # After any change of user: the kernel forgets the death signal when credentials change.
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(137)

    return confine


def _give_way() -> None:
    """The last to get a processor, and the first to lose it to somebody who wakes up. Linux shares it among sessions
    first and weighs their members only against each other (`sched_autogroup_enabled`): so the session of its own that a
    child has gives way, too."""
    os.nice(_MOST_PATIENT)
    if _LINUX:
        with contextlib.suppress(OSError):  # not everybody's kernel lets a child choose
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        group = os.open("/proc/self/autogroup", os.O_WRONLY)
    except OSError:  # not Linux, or a kernel without them
        return
    try:
        os.write(group, str(_MOST_PATIENT).encode())
    except OSError:  # asked too often: then this one is no more patient than others
        pass
    finally:
        os.close(group)


def _cut_network() -> bool:
    assert _LIBC is not None
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    return bool(_LIBC.unshare(flags) == 0)
