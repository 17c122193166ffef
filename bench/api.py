"""Reads of the API under load, against a trivial JSON answer of the same server in the same run.

    python bench/api.py [--videos 5000] [--connections 16] [--seconds 3] [--rounds 3] [--rate 50] [--json]

A real server process over the embedded database, filled with some thousand videos (each with renditions, segments and
pictures). Each kind of request is asked in a closed loop over keep-alive connections; kinds are interleaved, every
round anew, so that a slow moment of the machine falls on all. The asker shares the machine with the server. Prints
p50, p95 and p99 in milliseconds, requests per second, and how many times the trivial answer's p50 each costs.

A closed loop shows what the server can do at most; its latencies are those of a server that is full. So all kinds are
then asked for once more as people do: at random moments, `--rate` a second together, whether or not earlier answers
came, each timed from its moment. To reach: p95 ≤ 50 ms, and none of a kind above 200 ms at p95.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httptools
import httpx
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from matinee.entrypoints.parts import assemble, load_settings
from matinee.features.accounts import service as accounts
from matinee.features.files import service as files
from matinee.features.people import service as people
from matinee.infra import postgres
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

ROOT = Path(__file__).resolve().parents[1]
TRIVIAL = "trivial JSON (/health/live)"
ALL = "all of them"
STEADY_S = 30
OWNERS = 50
PASSWORD = "a long enough password"
SEGMENTS = 45
SEGMENT_BYTES = 300_000
REST_S = 3.0
"""A connection that rested longer is not used again: the server ends it after five seconds, perhaps at that moment."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of request; `cookie` makes it the owner's."""

    name: str
    path: str
    cookie: str = ""


@contextlib.contextmanager
def served(data_dir: Path, port: int, url: str, **settings: str) -> Iterator[None]:
    """The API in a process of its own, until the block ends. `settings` are environment variables."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")},
        "MATINEE_DATA_DIR": str(data_dir),
        "MATINEE_DATABASE_URL": url,
        "MATINEE_PORT": str(port),
        "MATINEE_LOG_LEVEL": "warning",
        "PYTHONPATH": str(ROOT / "src"),
        **settings,
    }
    command = [sys.executable, "-m", "matinee.entrypoints.api"]
    process = subprocess.Popen(command, env=environment, cwd=data_dir)
    try:
        for _ in range(300):
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://localhost:{port}/health/live", timeout=1).status_code == 200:
                    break
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.1)
        else:
            raise SystemExit("the server does not answer")
        yield
    finally:
        process.terminate()
        process.wait(20)


async def fill(data_dir: Path, url: str, videos: int) -> None:
    """People, and `videos` videos spread over them."""
    parts = assemble(
        load_settings(
            data_dir=data_dir, database_url=url, bus="memory", argon2_time_cost=1, argon2_memory_kib=8
        )
    )
    try:
        async with parts.works.open() as work:
            owners = []
            for number in range(OWNERS):
                email = f"owner{number}@example.org"
                account = await accounts.create(work, email, PASSWORD, roles=("creator",))
                await people.create(work, AccountId(account.id), f"owner{number}", f"Owner {number}")
                owners.append(AccountId(account.id))
            tree = await files.open_tree(work, owners[0], "rendition", f"video:{UUID(int=0)}")
            for name in ("init.mp4", *(f"{number}.m4s" for number in range(SEGMENTS))):
                await work.storage.put_bytes(files.tree_key(tree, name), b"m" * SEGMENT_BYTES)
            await _rows(work, owners, tree, videos)
    finally:
        await parts.database.close()


async def _rows(work: Work, owners: list[AccountId], tree: UUID, videos: int) -> None:
    values = {"owners": owners, "tree": tree, "videos": videos, "segments": SEGMENTS - 1}
    for statement in (
        "INSERT INTO videos_video (id, owner_id, title, description, visibility, state, held, generation, duration_s,"
        " width, height, master, revision, media_version, poster_number, own_posters, posters_made,"
        " storyboards_made, view_count, created_at, received_at, playable_at, ready_at, published_at)"
        " SELECT gen_random_uuid(), (CAST(:owners AS uuid[]))[1 + n % cardinality(CAST(:owners AS uuid[]))],"
        " 'Film number ' || n, repeat('What it is about. ', 20), 'public', 'ready', false, 1, 180, 1920, 1080, '[]',"
        " 1, 1, 100, 0, 1, 0, n, at, at, at + interval '1 second', at + interval '60 seconds', at + interval '1 second'"
        " FROM (SELECT n, now() - n * interval '1 minute' AS at FROM generate_series(1, :videos) AS n) t",
        "INSERT INTO videos_rendition (id, video_id, generation, name, kind, role, tree_id, codecs, width, height, fps,"
        " channels, is_default, aligned, target_s, segment_count, declared_bps, average_bps, peak_bps, init_bytes,"
        " contiguous, revision, percent, complete, created_at)"
        " SELECT gen_random_uuid(), v.id, 1, r.name, r.kind, r.role, :tree, r.codecs, r.width, r.height, r.fps, 2,"
        " r.kind = 'audio', true, 4, :segments + 1, 1000000, 900000, 1000000, 800, :segments + 1, 0, 100, true, now()"
        " FROM videos_video v CROSS JOIN (VALUES"
        " ('240p', 'video', 'ladder', 'avc1.4d4015', 426, 240, 30.0),"
        " ('360p', 'video', 'ladder', 'avc1.4d401e', 640, 360, 30.0),"
        " ('480p', 'video', 'ladder', 'avc1.4d401f', 854, 480, 30.0),"
        " ('720p', 'video', 'ladder', 'avc1.64001f', 1280, 720, 30.0),"
        " ('1080p', 'video', 'ladder', 'avc1.640028', 1920, 1080, 30.0),"
        " ('audio-0', 'audio', 'audio', 'mp4a.40.2', NULL, NULL, NULL))"
        " AS r (name, kind, role, codecs, width, height, fps)",
        "UPDATE videos_video v SET best_height = 1080,"
        " master = (SELECT jsonb_agg(r.id) FROM videos_rendition r WHERE r.video_id = v.id)",
        "INSERT INTO videos_segment SELECT r.id, n, 4, 300000 FROM videos_rendition r"
        " JOIN (SELECT id FROM videos_video ORDER BY published_at DESC LIMIT 500) v ON v.id = r.video_id"
        " CROSS JOIN generate_series(0, :segments) AS n",
        "INSERT INTO videos_poster SELECT v.id, n, false, n, '#102030', :tree, '[320, 640, 1280]'"
        " FROM videos_video v CROSS JOIN generate_series(100, 104) AS n",
    ):
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        await work.session.execute(text(statement), names)


def asks(port: int) -> list[Ask]:
    """One of each kind, about videos that the server itself lists."""
    with httpx.Client(base_url=f"http://localhost:{port}") as client:
        first = client.get("/api/v1/videos").raise_for_status().json()
        shown = client.get(f"/api/v1/videos/{first['items'][3]['id']}").raise_for_status().json()
        login = {"login": "owner0@example.org", "password": PASSWORD}
        signed_in = client.post("/api/v1/session", json=login).raise_for_status()
        cookie = f"__Host-matinee_access_{port}"
        session = f"{cookie}={signed_in.cookies[cookie]}"
        mine = client.get("/api/v1/me/videos", headers={"Cookie": session})
        own = mine.raise_for_status().json()["items"][0]["id"]
        hls = shown["playback"]["hls"]
        master = client.get(hls).raise_for_status().text
    rendition = next(line for line in master.splitlines() if line.endswith("index.m3u8") and line[0] != "#")
    base = hls.rsplit("/", 1)[0]
    playlist = f"{base}/{rendition}"
    return [
        Ask(TRIVIAL, "/health/live"),
        Ask("newest videos, 24", "/api/v1/videos"),
        Ask("newest videos, next page", f"/api/v1/videos?cursor={first['next_cursor']}"),
        Ask("videos of one person", "/api/v1/videos?handle=owner7"),
        Ask("one video", f"/api/v1/videos/{shown['id']}"),
        Ask("one video, by its owner", f"/api/v1/videos/{own}", session),
        Ask("my videos, 24", "/api/v1/me/videos", session),
        Ask("HLS master", hls),
        Ask("HLS playlist", playlist),
        Ask("DASH manifest", f"{base}/manifest.mpd"),
        Ask("segment, 300 kB", playlist.replace("index.m3u8", "7.m4s")),
    ]


class _Answer:
    """What httptools tells of one response."""

    def __init__(self) -> None:
        self.done = False

    def on_message_complete(self) -> None:
        self.done = True


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _connect(port: int) -> Coroutine[Any, Any, Line]:
    return asyncio.open_connection("127.0.0.1", port, limit=1 << 20)


async def _answered(port: int, ask: Ask, line: Line) -> None:
    """Ask once over a connection that is free."""
    reader, writer = line
    cookie = f"Cookie: {ask.cookie}\r\n" if ask.cookie else ""
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    writer.write(f"GET {ask.path} HTTP/1.1\r\nHost: localhost:{port}\r\n{cookie}\r\n".encode())
    while not answer.done:
        data = await reader.read(1 << 18)
        if not data:
            raise SystemExit(f"{ask.name}: the server closed the connection")
        parser.feed_data(data)
    if parser.get_status_code() != 200:
        raise SystemExit(f"{ask.name}: status {parser.get_status_code()}")


async def _one(port: int, ask: Ask, until: float, took_s: list[float]) -> None:
    """Ask again and again over one connection."""
    line = await _connect(port)
    try:
        while time.perf_counter() < until:
            started = time.perf_counter()
            await _answered(port, ask, line)
            took_s.append(time.perf_counter() - started)
    finally:
        line[1].close()


async def steady(port: int, every: list[Ask], rate: float, seconds: float) -> dict[str, dict[str, float]]:
    """All kinds together in an open loop, `rate` a second: figures by kind, and of all under `ALL`."""
    took_s: dict[str, list[float]] = defaultdict(list)
    free: list[tuple[Line, float]] = []
    chance = random.Random(7)

    async def once(ask: Ask, due: float) -> None:
        while free and time.perf_counter() - free[-1][1] > REST_S:
            free.pop()[0][1].close()
        line = free.pop()[0] if free else await _connect(port)
        await _answered(port, ask, line)
        took_s[ask.name].append(time.perf_counter() - due)
        free.append((line, time.perf_counter()))

    due = time.perf_counter()
    end = due + seconds
    async with asyncio.TaskGroup() as group:
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(once(chance.choice(every), due))
            due += chance.expovariate(rate)
    for (_, writer), _ in free:
        writer.close()
    took_s[ALL] = [one for values in list(took_s.values()) for one in values]
    return {
        name: {f"p{round(q * 100)}_ms": round(_quantile_ms(values, q), 2) for q in (0.5, 0.95, 0.99)}
        for name, values in took_s.items()
    }


async def _rounds(
    port: int, every: list[Ask], connections: int, seconds: float, rounds: int
) -> AsyncIterator[tuple[str, list[float], float]]:
    """(kind, seconds of each request, seconds that it was asked) round by round; a short one first warms up."""
    for number in range(rounds + 1):
        for ask in every:
            took_s: list[float] = []
            started = time.perf_counter()
            until = started + (seconds if number else 0.5)
            await asyncio.gather(*(_one(port, ask, until, took_s) for _ in range(connections)))
            if number:
                yield ask.name, took_s, time.perf_counter() - started


def _quantile_ms(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000


async def measure(
    port: int, every: list[Ask], connections: int, seconds: float, rounds: int
) -> dict[str, dict[str, float]]:
    """By kind: the median over the rounds of each figure."""
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async for name, took_s, asked_s in _rounds(port, every, connections, seconds, rounds):
        for figure, q in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
            figures[name][figure].append(_quantile_ms(took_s, q))
        figures[name]["per_s"].append(len(took_s) / asked_s)
    told = {
        name: {figure: round(statistics.median(values), 2) for figure, values in by_figure.items()}
        for name, by_figure in figures.items()
    }
    for row in told.values():
        row["times_trivial"] = round(row["p50_ms"] / told[TRIVIAL]["p50_ms"], 2)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=50, help="requests a second of the open loop")
    parser.add_argument("--json", action="store_true", help="Print one object instead of a table.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        data_dir = Path(folder)
        data_dir.chmod(0o711)
        server = postgres.start(data_dir)
        try:
            migrate(server.url)
            asyncio.run(fill(data_dir, server.url, given.videos))
            _analyse(server.url)
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            with served(data_dir, port, server.url, MATINEE_LIMIT_READS="0", MATINEE_LIMIT_MEDIA="0"):
                every = asks(port)
                told = asyncio.run(measure(port, every, given.connections, given.seconds, given.rounds))
                asked = asyncio.run(steady(port, every[1:], given.rate, STEADY_S))
        finally:
            server.stop()
    if given.json:
        figures = {"videos": given.videos, "connections": given.connections, "kinds": told, "steady": asked}
        print(json.dumps(figures, indent=2))
        return
    print(f"{given.videos} videos, {given.connections} connections, medians of {given.rounds} rounds\n")
    print(f"{'':32}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'per s':>9}{'× trivial':>11}")
    for name, row in told.items():
        figures = f"{row['p50_ms']:9.1f}{row['p95_ms']:9.1f}{row['p99_ms']:9.1f}{row['per_s']:9.0f}"
        print(f"{name:32}{figures}{row['times_trivial']:11.1f}")
    print(f"\nall kinds together, {given.rate:g} a second\n")
    for name, row in asked.items():
        print(f"{name:32}{row['p50_ms']:9.1f}{row['p95_ms']:9.1f}{row['p99_ms']:9.1f}")


def migrate(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")


def _analyse(url: str) -> None:
    import psycopg

    from matinee.infra.db import libpq_url

    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
