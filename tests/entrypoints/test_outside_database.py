"""The house on a PostgreSQL of one's own, 15 and 18, over TLS that is checked."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from tests.features.files.tickets import blob_id, ticket
from tests.support import database
from tests.support.house import open_house
from tests.support.outside import Outside, Papers, outside

from matinee.entrypoints.cli.prepare import newest_revision, revision_of
from matinee.entrypoints.foreseen import foreseen
from matinee.entrypoints.parts import assemble, load_settings
from matinee.features.files import service as files

__all__ = ["outside"]
FILM = bytes(range(256)) * 400


async def test_the_house_migrates_serves_and_works_there(outside: Outside, tmp_path: Path) -> None:
    url = outside.trusting()
    await asyncio.to_thread(database.migrate, url)
    assert await asyncio.to_thread(revision_of, url) == newest_revision()
    async with open_house(url, tmp_path / "data", bus="postgres") as house:
        mine = await ticket(house)
        address = await mine.address(len(FILM))
        assert (await mine.bring(address, 0, FILM)).status_code == 204
        async with house.works.open() as work:
            await files.hash_blob(work, blob_id(address))
        assert await mine.kept(address) == FILM
        await house.run_jobs("io")
        heard = asyncio.Event()
        house.parts.bus.hear(lambda channel: heard.set() if channel == "a-channel" else None)
        async with asyncio.timeout(20):
            while not heard.is_set():
                async with house.works.open() as work:
                    work.signal("a-channel")
                await asyncio.sleep(0.05)
        answers = (await (await house.client()).get("/health")).json()
        assert answers["checks"]["database"] == {"ok": True}
    await asyncio.to_thread(database.migrate, url, "head")


async def test_a_server_that_nobody_vouches_for_is_not_talked_to(outside: Outside, tmp_path: Path) -> None:
    strangers = Papers.made(tmp_path)
    parts = assemble(
        load_settings(database_url=outside.trusting(strangers.authority), data_dir=tmp_path / "d")
    )
    try:
        with pytest.raises(Exception, match="certificate verify failed") as refused:
            await parts.database.ping()
        sentence = foreseen(refused.value)
        assert sentence is not None
        assert "certificate verify failed" in sentence
        assert "password" not in sentence
    finally:
        await parts.database.close()


def test_a_plain_connection_is_cut(outside: Outside) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{outside.url}?sslmode=disable", connect_timeout=5)
