"""What a second encoding worker brings, and a simulation of up to 64.

    .venv/bin/python -m bench.workers [--seconds 120] [--rounds 3] [--hours 2] [--workers 1 2]

Real worker processes (`matinee worker --lane cpu`), each with one job at a time on one core, over one database and one
store, with the urgent lane's worker beside them. Measured from the begin of the first chunk to the end of the
last, one worker and two in turn (as many as there are cores, with `--workers 1 2 4 8`); medians. To reach: two ≥ 1.7 ×
one.

Then the costs of the measured chunks are given to simulated workers who encode a film of `--hours` in the chunks that
Matinee would cut for so many, and the time of one worker over theirs is printed for 1 to 64.
"""

import argparse
import asyncio
import contextlib
import heapq
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import imageio_ffmpeg
import psycopg
from bench.api import migrate, served
from bench.playable import upload

from matinee.engines.media import Ladder, SourceFacts
from matinee.entrypoints.parts import assemble, load_settings
from matinee.features.accounts import service as accounts
from matinee.features.encoding import rules
from matinee.features.people import service as people
from matinee.infra import postgres
from matinee.infra.db import libpq_url
from matinee.kernel.ids import AccountId

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@dataclass(frozen=True, slots=True)
class Took:
    """One encode: `wall_s` of all its chunks, `cost_s` by name and weight, and its plans."""

    wall_s: float
    chunks: list[tuple[str, float, float]]
    facts: SourceFacts
    ladder: Ladder


def film(path: Path, seconds: float) -> Path:
    """480p at 30 frames a second that no browser plays, so that nothing is copied; without sound."""
    picture = f"testsrc2=size=854x480:rate=30:duration={seconds:g},noise=alls=12:allf=t"
    subprocess.run(
        [FFMPEG, "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-c:v", "mpeg4", "-q:v", "3", str(path)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return path


@contextlib.contextmanager
def workers(lane: str, count: int, data_dir: Path, url: str) -> Iterator[None]:
    """`count` worker processes of `lane`; one that encodes has one job, one thread and one core."""
    environment = os.environ | {
        "MATINEE_DATA_DIR": str(data_dir),
        "MATINEE_DATABASE_URL": url,
        "MATINEE_WORKER_CPU": "1",
        "MATINEE_ENCODER_THREADS": "1",
        "MATINEE_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "matinee.entrypoints.worker", "--lane", lane]
    running = [subprocess.Popen(command, env=environment) for _ in range(count)]
    try:
        if (
            lane == "cpu"
        ):  # ffmpeg runs its encoders side by side: a worker has one core only if it gets no other
            cores = sorted(os.sched_getaffinity(0))
            for number, process in enumerate(running):
                os.sched_setaffinity(process.pid, {cores[number % len(cores)]})
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)


@contextlib.contextmanager
def house(data_dir: Path, port: int) -> Iterator[tuple[httpx.Client, str]]:
    """Database, API and the worker of the lane `io`: a client with a person's token, and the database's address."""
    server = postgres.start(data_dir)
    try:
        migrate(server.url)
        token = asyncio.run(_person(data_dir, server.url))
        headers = {"Authorization": f"Bearer {token}"}
        with (
            served(data_dir, port, server.url),
            workers("io", 1, data_dir, server.url),
            httpx.Client(base_url=f"http://localhost:{port}", headers=headers, timeout=30) as client,
        ):
            yield client, server.url
    finally:
        server.stop()


async def _person(data_dir: Path, url: str) -> str:
    parts = assemble(load_settings(data_dir=data_dir, database_url=url, bus="memory"))
    try:
        async with parts.works.open() as work:
            account = await accounts.create(
                work, "b@example.org", "a long enough password", roles=("creator",)
            )
            await people.create(work, AccountId(account.id), "bench", "Bench")
            return await accounts.issue_token(work, AccountId(account.id), "bench")
    finally:
        await parts.database.close()


def encode(client: httpx.Client, path: Path, count: int, data_dir: Path, url: str) -> Took:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        with workers("cpu", count, data_dir, url):
            _until(lambda: _working(connection) >= count, "the workers are there")
            video_id, _ = upload(client, path)
            _until(lambda: _state(client, video_id) == "ready", "the film is ready")
        rows = connection.execute(
            "SELECT name, weight, seconds, started_at FROM encoding_step WHERE video_id = %s AND kind = 'chunk'",
            [video_id],
        ).fetchall()
        plans = connection.execute(
            "SELECT facts, ladder FROM encoding_encode WHERE video_id = %s", [video_id]
        ).fetchone()
    client.delete(f"/api/v1/videos/{video_id}").raise_for_status()
    assert plans is not None
    start = min(row[3].timestamp() for row in rows)
    end = max(row[3].timestamp() + row[2] for row in rows)
    facts, ladder = SourceFacts.from_json(plans[0]), Ladder.from_json(plans[1])
    return Took(end - start, [(row[0], row[1], row[2]) for row in rows], facts, ladder)


def _working(connection: "psycopg.Connection[tuple[object, ...]]") -> int:
    row = connection.execute("SELECT count(*) FROM infra_worker WHERE lanes ? 'cpu'").fetchone()
    return int(str(row[0])) if row else 0


def _state(client: httpx.Client, video_id: str) -> str:
    video = client.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
    if video["state"] in ("rejected", "failed"):
        raise SystemExit(f"{video['state']}: {video['reason']}")
    return str(video["state"])


def _until(so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 600
    while not so():
        if time.monotonic() > deadline:
            raise SystemExit(f"never: {what}")
        time.sleep(1)  # seldom: who asks shares the cores


def simulate(took: Took, hours: float, slots: int) -> float:
    """Seconds until the last of `slots` workers is done with a film of `hours` like the one measured."""
    weight = sum(weight for _, weight, _ in took.chunks)
    pace = sum(seconds for _, _, seconds in took.chunks) / weight
    fixed_s = min(seconds - weight * pace for _, weight, seconds in took.chunks)
    frames = round(hours * 3600 * took.ladder.grid.fps)
    ladder = replace(took.ladder, grid=replace(took.ladder.grid, frame_count=frames))
    plans = rules.plan_steps(took.facts, ladder, slots)
    free = [0.0] * slots
    for plan in plans:
        if plan.kind == "chunk":
            heapq.heappush(free, heapq.heappop(free) + max(0.0, fixed_s) + plan.weight * pace)
    return max(free)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="real ones; 1 is the anchor")
    parser.add_argument("--port", type=int, default=8932)
    given = parser.parse_args()
    took: dict[int, list[Took]] = {count: [] for count in sorted({1, *given.workers})}
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        path = film(root / "film.avi", given.seconds)
        with house(root / "data", given.port) as (client, url):
            for _ in range(given.rounds):
                for count, every in took.items():
                    every.append(encode(client, path, count, root / "data", url))
                    print(
                        f"  {count}: {every[-1].wall_s:.1f} s, {len(every[-1].chunks)} chunks",
                        file=sys.stderr,
                    )
    walls = {count: statistics.median(one.wall_s for one in every) for count, every in took.items()}
    for count, wall_s in walls.items():
        print(f"{count} worker{'s' if count > 1 else ' '}  {wall_s:8.1f} s  {walls[1] / wall_s:5.2f} ×")
    print(f"\nsimulated, a film of {given.hours:g} h")
    alone_s = simulate(took[1][0], given.hours, 1)
    for slots in (1, 2, 4, 8, 16, 32, 64):
        all_s = simulate(took[1][0], given.hours, slots)
        print(
            f"{slots:3} workers {all_s / 60:8.1f} min  {alone_s / all_s:6.2f} ×  {alone_s / all_s / slots:5.0%}"
        )


if __name__ == "__main__":
    main()
