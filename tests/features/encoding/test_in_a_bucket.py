"""Encoding beside a bucket: a source comes once to a machine, and no transaction waits for the store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image
from tests.conftest import MakeHouse
from tests.support import films as f
from tests.support.stores import Store

from matinee.features.encoding import service as encoding
from matinee.features.encoding.service.sources import copies_of
from matinee.infra.db import libpq_url
from matinee.infra.storage.port import Stored
from matinee.infra.storage.s3 import S3Storage
from matinee.kernel.settings import StorageSettings

_OPEN = (
    "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state LIKE 'idle in transaction%'"
)


class Watched(S3Storage):
    """Notes what is read, and every transaction that stays open while the store is asked."""

    def __init__(self, knobs: StorageSettings, database_url: str) -> None:
        super().__init__(knobs)
        self._url = libpq_url(database_url)
        self.reads: list[str] = []
        self.waiting: list[str] = []

    async def _look(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            for _ in range(100):  # those of other tasks end by themselves
                rows = await (await connection.execute(_OPEN)).fetchall()
                if not rows:
                    return
                await asyncio.sleep(0.02)
        self.waiting += [row[0] for row in rows]

    async def put_file(self, key: str, path: Path, *, move: bool = False) -> Stored:
        await self._look()
        return await super().put_file(key, path, move=move)

    async def local_path(self, key: str, folder: Path) -> Path:
        await self._look()
        return await super().local_path(key, folder)

    async def read(
        self, key: str, start: int = 0, end: int | None = None, *, chunk_bytes: int = 262_144
    ) -> AsyncIterator[bytes]:
        await self._look()
        self.reads.append(key)
        async for chunk in super().read(key, start, end, chunk_bytes=chunk_bytes):
            yield chunk


async def test_a_machine_fetches_a_source_once_and_no_transaction_waits_for_the_store(
    make_house: MakeHouse, moto: Store, films: Path, tmp_path: Path
) -> None:
    knobs: dict[str, Any] = moto.settings()
    house = await make_house(**knobs)
    house.works.storage = store = Watched(house.settings.of(StorageSettings), house.parts.database.url)
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    await house.run_jobs()
    video = await f.get(person.client, made["id"])
    assert video["state"] == "ready", video
    originals = [key for key in store.reads if key.startswith("originals/")]
    assert len(originals) == 1
    picture = tmp_path / "still.png"
    Image.new("RGB", (640, 360), (200, 30, 30)).save(picture)
    await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
    await house.run_jobs()
    base = (await f.get(person.client, made["id"]))["poster"]["base"]
    assert base != video["poster"]["base"]
    assert (await person.client.get(f"{base}/320.jpg")).status_code == 200
    assert store.waiting == []
    assert list((house.settings.house.data_dir / "scratch").iterdir()) == []

    copies = copies_of(house.settings)
    assert set(copies.keys()) > set(originals)
    await encoding.upkeep(house.works)
    assert copies.keys() == originals  # that of the picture, which was dropped, is gone
    assert (await person.client.delete(f"/api/v1/videos/{made['id']}")).status_code == 204
    await house.run_jobs()
    await encoding.upkeep(house.works)
    assert copies.keys() == []
    assert [item.key async for item in store.list()] == []
