"""What is fetched from an address is stored once, and swept by nobody before it is whole."""

import asyncio
import hashlib
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.files.tickets import age_parts
from tests.features.videos.test_imports import DATA, OPEN, begin, fetch, kept
from tests.support.origin import Asked, Origin, answer, origin

from matinee.features.files import service as files
from matinee.features.files.service import fetch_run
from matinee.kernel.ids import BlobId


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_film_that_is_fetched_twice_is_stored_once(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch, known_size: bool
) -> None:
    """Its hash is known with its last byte: nobody reads it again."""
    house = await make_house(**OPEN)
    person = await house.person()
    monkeypatch.setattr(fetch_run, "STEP_BYTES", 700_001)

    async def gives(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(
            writer, "HTTP/1.1 200 OK", *([f"Content-Length: {len(DATA)}"] if known_size else []), body=DATA
        )

    async with origin(DATA, gives) as server:
        for _ in range(2):
            await begin(person, server.address)
        await fetch(house)
    assert await house.waiting("files.hash_blob") == []
    orders = await house.waiting("files.share_original")
    found = []
    for order in orders:
        async with house.works.open() as work:
            found.append(await files.share_original(work, BlobId(UUID(order["message"]["blob_id"]))))
    assert sorted(found) == [False, True]
    async with house.works.open() as work:
        rows = (await work.session.execute(text("SELECT sha256, original_id FROM files_blob"))).all()
    assert len(rows) == 2
    assert len({*rows}) == 1
    assert rows[0].sha256 == hashlib.sha256(DATA).hexdigest()


async def test_no_sweep_takes_what_a_fetch_has_brought(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()

    async def breaks(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await self.give(asked, writer, stop_at=1_000_000 if len(self.asked) == 1 else None)

    async with origin(DATA, breaks) as server:
        await begin(person, server.address)
        await fetch(house, tries=1)
        await age_parts(house.parts.storage, hours=30)
        async with house.works.open() as work:
            await files.sweep(work)
        async with house.works.open() as work:
            await files.sweep_orphans(work)
        assert await house.waiting("files.discard_part") == []
        await fetch(house)
        assert [asked.start for asked in server.asked] == [0, 1_000_000]
    assert await kept(house) == [DATA]
