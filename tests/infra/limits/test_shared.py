"""Buckets that several processes draw from."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event, text

from matinee.infra.db import Database
from matinee.infra.limits.buckets import Limit
from matinee.infra.limits.shared import Shared, prune

SLOW = Limit("slow", 200, window_s=100_000)
"""So slow that no token flows in while a test runs."""


def shared_by(database: Database, secret: bytes = b"of the house") -> Shared:
    return Shared(database, lambda: secret)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=4)
    yield database
    await database.close()


async def _passes(shared: Shared, times: int, limit: Limit = SLOW, key: str = "a") -> int:
    return sum([not (await shared.take(limit, key)).refused for _ in range(times)])


async def test_processes_side_by_side_let_no_more_pass_than_one(database: Database) -> None:
    processes = [shared_by(database) for _ in range(3)]
    passed = await asyncio.gather(*(_passes(one, 150) for one in processes for _ in range(2)))
    assert sum(passed) <= SLOW.most
    assert sum(passed) >= SLOW.most * 0.95


async def test_who_was_refused_is_refused_from_memory(database: Database) -> None:
    shared, two = shared_by(database), Limit("two", 2, window_s=1000)
    assert await _passes(shared, 2, two) == 2
    refused = await shared.take(two, "a")
    assert refused.wait_s is not None
    assert 490 < refused.wait_s <= 500
    async with database.session(reading=True) as session:
        await session.execute(text("TRUNCATE infra_bucket"))
    assert await _passes(shared, 50, two) == 0
    assert await _passes(shared, 1, two, key="b") == 1


async def test_many_requests_cost_few_queries(database: Database) -> None:
    shared, wide = shared_by(database), Limit("wide", 4000, window_s=100_000)
    asked = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert await _passes(shared, 1000, wide) == 1000
    assert len([statement for statement in asked if "infra_bucket" in statement]) < 20


async def test_a_database_that_is_away_lets_each_process_count_for_itself() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1)
    try:
        assert await _passes(shared_by(gone), 250) == SLOW.most
    finally:
        await gone.close()


async def test_full_buckets_are_forgotten(database: Database) -> None:
    shared = shared_by(database)
    await shared.take(SLOW, "kept")
    await shared.take(Limit("quick", 1, window_s=0.001), "full")
    started = time.monotonic()
    while time.monotonic() - started < 10:
        async with database.session() as session:
            await prune(session)
            await session.commit()
            left = (await session.execute(text("SELECT count(*) FROM infra_bucket"))).scalar_one()
        if left == 1:
            return
    raise AssertionError(f"{left} buckets are left")


async def test_whose_a_bucket_is_cannot_be_tried_without_the_secret_of_the_house(database: Database) -> None:
    async def names() -> set[bytes]:
        async with database.session(reading=True) as session:
            return {bytes(key) for key in await session.scalars(text("SELECT key FROM infra_bucket"))}

    await shared_by(database).take(SLOW, "203.0.113.9")
    (kept,) = await names()
    assert kept != hashlib.blake2b(b"slow:203.0.113.9", digest_size=16).digest()
    await shared_by(database, b"of another house").take(SLOW, "203.0.113.9")
    assert len(await names()) == 2
