"""Children under limits: they end as told, and never outlive who started them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from matinee.infra import process

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has it")


async def gone(pid: int, within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        await asyncio.sleep(0.02)
    return False


async def written(path: Path, within_s: float = 10.0) -> str:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if path.exists() and path.read_text().strip():
            return path.read_text().strip()
        await asyncio.sleep(0.02)
    raise AssertionError(f"{path.name} was never written")


async def test_a_child_returns_its_output_its_code_and_its_last_lines() -> None:
    ended = await process.run(["sh", "-c", "echo out; seq 5000 >&2; exit 3"])
    assert (ended.returncode, ended.stdout, ended.ok) == (3, b"out\n", False)
    assert ended.tail.endswith("4999\n5000\n")
    assert len(ended.tail) <= 8192


async def test_a_child_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATINEE_ADMIN_PASSWORD", "hush")
    ended = await process.run(["env"], env={"WANTED": "1"})
    assert b"hush" not in ended.stdout
    assert b"WANTED=1" in ended.stdout


async def test_a_child_without_progress_is_hung_and_killed_though_it_talks() -> None:
    ended = await process.run(
        ["sh", "-c", "while :; do echo same; sleep 0.02; done"], quiet_s=0.3, on_output=lambda piece: False
    )
    assert ended.hung
    assert not ended.ok


async def test_a_child_that_shows_progress_is_left_alone() -> None:
    ended = await process.run(["sh", "-c", "for i in 1 2 3 4 5; do echo $i; sleep 0.15; done"], quiet_s=0.6)
    assert ended.ok


async def test_a_child_that_runs_too_long_is_killed() -> None:
    ended = await process.run(["sleep", "60"], wall_s=0.2)
    assert ended.timed_out
    assert ended.returncode == -signal.SIGKILL


async def test_a_child_that_says_too_much_is_killed() -> None:
    ended = await process.run(["yes"], stdout_limit_bytes=1000, wall_s=20)
    assert len(ended.stdout) == 1000
    assert not ended.timed_out
    assert not ended.ok


async def test_limits_hold_for_memory_files_and_time(tmp_path: Path) -> None:
    hungry = [sys.executable, "-c", "bytearray(2_000_000_000)"]
    assert "MemoryError" in (await process.run(hungry, memory_bytes=500_000_000)).tail
    writer = ["dd", "if=/dev/zero", f"of={tmp_path / 'big'}", "bs=1000", "count=1000"]
    assert not (await process.run(writer, file_size_bytes=50_000)).ok
    assert (tmp_path / "big").stat().st_size <= 50_000
    opener = [sys.executable, "-c", "import os; [os.open('/', 0) for _ in range(100)]"]
    assert "Too many open files" in (await process.run(opener, open_files=32)).tail
    spinner = [sys.executable, "-c", "while True: pass"]
    assert (await process.run(spinner, cpu_s=1, wall_s=30)).returncode == -signal.SIGXCPU
    deaf = [
        sys.executable,
        "-c",
        "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
    ]
    assert (await process.run(deaf, cpu_s=1, wall_s=30)).returncode == -signal.SIGKILL


async def test_cancelling_kills_the_child_and_its_own_children(tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/grandchild; echo $$ > {tmp_path}/child; wait"
    task = asyncio.create_task(process.run(["sh", "-c", script]))
    child, grandchild = int(await written(tmp_path / "child")), int(await written(tmp_path / "grandchild"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gone(child)
    assert await gone(grandchild)


async def test_what_a_child_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    script = f"sleep 300 >/dev/null 2>&1 & echo $! > {tmp_path}/left"
    assert (await process.run(["sh", "-c", script])).ok
    assert await gone(int(await written(tmp_path / "left")))


async def test_a_grandchild_that_holds_the_pipes_does_not_hold_the_caller() -> None:
    ended = await process.run(["sh", "-c", "sleep 300 & echo done"], wall_s=30)
    assert (ended.returncode, ended.stdout, ended.timed_out) == (0, b"done\n", False)


@linux
async def test_a_child_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1]); from matinee.infra import process;"
        "asyncio.run(process.run(['sh', '-c', 'echo $$ > ' + sys.argv[2] + '; exec sleep 300']))"
    )
    source = Path(process.__file__).parents[2]
    parent = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", program, str(source), str(tmp_path / "child")]
    )
    child = int(await written(tmp_path / "child"))
    assert psutil.pid_exists(child)
    parent.kill()
    await parent.wait()
    assert await gone(child)


@linux
async def test_a_child_has_no_network_where_the_kernel_allows() -> None:
    if not process.network_can_be_cut():
        pytest.skip("this kernel forbids network namespaces")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    call = [sys.executable, "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"]
    assert not (await process.run(call)).ok
    assert (await process.run(call, network=True)).ok
    server.close()
    await server.wait_closed()


@linux
async def test_a_child_runs_as_another_user_when_we_may_choose() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    assert (await process.run(["id", "-u"], uid=65534)).stdout == b"65534\n"


async def test_a_program_that_is_not_there_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        await process.run(["/no/such/program"])


@linux
async def test_a_patient_child_gives_way_to_other_sessions_too() -> None:
    group = Path("/proc/self/autogroup")
    if not group.exists() or not group.read_text().strip():
        pytest.skip("this kernel groups no sessions")
    for _ in range(20):  # the kernel lets only its owner change such groups more often than every 100 ms
        ended = await process.run(["sh", "-c", "cat /proc/self/autogroup; nice"], patient=True)
        told = ended.stdout.decode().split()
        assert told[-1] == "19"
        if told[1:3] == ["nice", "19"]:
            return
        await asyncio.sleep(0.15)
    raise AssertionError(told)


@pytest.mark.slow
@pytest.mark.alone
@linux
async def test_a_child_that_only_waits_for_its_processor_is_not_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both on one processor: the patient one hardly gets any of it until the other ends, and other tests may want it,
    too."""
    monkeypatch.setattr(process, "_STARVED", 35)
    one = min(os.sched_getaffinity(0))
    spin = "import os, time; os.sched_setaffinity(0, [{one}]); end = time.{clock}() + {s}\n"
    spin += "while time.{clock}() < end: pass"
    greedy = [sys.executable, "-c", spin.format(one=one, clock="monotonic", s=4)]
    modest = [sys.executable, "-c", spin.format(one=one, clock="process_time", s=0.3)]
    first = asyncio.create_task(process.run(greedy))
    ended = await process.run(modest, patient=True, quiet_s=1.5)
    assert ended.ok
    assert (await first).ok
