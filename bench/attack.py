"""Reads while somebody guesses passwords, against the same reads without, in the same run.

    python bench/attack.py [--guesses 200] [--rate 50] [--seconds 30] [--videos 2000] [--json]

A real server process over the embedded database. Kinds of reads are asked for at random moments, `--rate` a second
together, each timed from its moment: once in peace, once while one address guesses, and once while every guess comes
from another address, through a proxy that the house trusts. The guesser is a process of its own and shares the machine
with asker, server and database. Prints milliseconds, what became of the guesses, and how many times the p95 of peace
each costs. To reach: p95 < 200 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httptools

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.api import ALL, asks, fill, migrate, served, steady

from matinee.infra import postgres

PLACES = ("in peace", "guesses of one address", "guesses of many addresses")


class _Status:
    """What httptools tells of one response."""

    def __init__(self) -> None:
        self.done = False

    def on_message_complete(self) -> None:
        self.done = True


async def _guess(port: int, number: int, *, many: bool) -> int:
    """One wrong sign-in over a connection of its own. Returns the status, 0 for none."""
    # Each of another name: one that many passwords are tried on costs nothing after a few.
    body = json.dumps({"login": f"owner{number}@example.org", "password": f"guess number {number}"})
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    forwarded = f"X-Forwarded-For: {address}\r\n" if many else ""
    answer = _Status()
    parser = httptools.HttpResponseParser(answer)
    try:
        async with asyncio.timeout(30):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(
                    f"POST /api/v1/session HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n{forwarded}"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
                )
                while not answer.done and (data := await reader.read(1 << 16)):
                    parser.feed_data(data)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return 0
    return int(parser.get_status_code()) if answer.done else 0


async def _storm(port: int, rate: float, seconds: float, *, many: bool) -> Counter[int]:
    found: Counter[int] = Counter()
    began = time.perf_counter()

    async def one(number: int) -> None:
        found[await _guess(port, number, many=many)] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            group.create_task(one(number))
    return found


def _attack(port: int, rate: float, seconds: float, many: bool, told: Any) -> None:
    told.put(asyncio.run(_storm(port, rate, seconds, many=many)))


def _while(place: str, port: int, given: argparse.Namespace, every: list[Any]) -> dict[str, Any]:
    """The figures of all reads together, and the statuses of the guesses."""
    guesses: Counter[int] = Counter()
    if place == PLACES[0]:
        figures = asyncio.run(steady(port, every, given.rate, given.seconds))
    else:
        fork = multiprocessing.get_context("spawn")
        told = fork.Queue()
        arguments = (port, given.guesses, given.seconds + 5, place == PLACES[2], told)
        guesser = fork.Process(target=_attack, args=arguments)
        guesser.start()
        time.sleep(3)
        figures = asyncio.run(steady(port, every, given.rate, given.seconds))
        guesses = told.get(timeout=120)
        guesser.join()
    return figures[ALL] | {"guesses": {str(status): count for status, count in sorted(guesses.items())}}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--guesses", type=float, default=200, help="wrong sign-ins a second")
    parser.add_argument("--rate", type=float, default=50, help="reads a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--videos", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="Print one object instead of a table.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        data_dir = Path(folder)
        data_dir.chmod(0o711)
        server = postgres.start(data_dir)
        try:
            migrate(server.url)
            asyncio.run(fill(data_dir, server.url, given.videos))
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            open_to_one = {"MATINEE_LIMIT_READS": "0", "MATINEE_LIMIT_MEDIA": "0"}
            with served(data_dir, port, server.url, MATINEE_TRUSTED_PROXIES="127.0.0.1", **open_to_one):
                every = asks(port)[1:]
                asyncio.run(steady(port, every, given.rate, 5))
                told = {place: _while(place, port, given, every) for place in PLACES}
        finally:
            server.stop()
    for row in told.values():
        row["times_peace"] = round(row["p95_ms"] / told[PLACES[0]]["p95_ms"], 2)
    if given.json:
        print(json.dumps(told, indent=2))
        return
    print(f"{given.rate:g} reads a second, {given.guesses:g} guesses a second\n")
    print(f"{'':28}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'× peace':>9}   answers to guesses")
    for place, row in told.items():
        figures = f"{row['p50_ms']:9.1f}{row['p95_ms']:9.1f}{row['p99_ms']:9.1f}{row['times_peace']:9.1f}"
        print(f"{place:28}{figures}   {row['guesses'] or ''}")


if __name__ == "__main__":
    main()
