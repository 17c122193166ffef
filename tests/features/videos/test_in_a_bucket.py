"""A house whose bytes are in a bucket: uploads, media, deletion, health, backup."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from tests.conftest import MakeHouse
from tests.features.files.tickets import BYTES, TUS, Ticket, blob_id, ticket
from tests.features.videos.film import Film, content
from tests.support import database
from tests.support.house import House
from tests.support.stores import Store

from matinee.entrypoints.cli.restoring import restore
from matinee.entrypoints.cli.saving import save
from matinee.entrypoints.parts import load_settings
from matinee.features.files import service as files
from matinee.infra.storage.opening import open_store
from matinee.infra.storage.port import Storage

FILM = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range((18 << 20) // 32))


def quiet(_: str) -> None:
    """Nobody reads the stages."""


async def values(storage: Storage) -> dict[str, str]:
    """Hashes of all that is stored, by key."""
    found = {}
    async for stored in storage.list():
        data = b"".join([chunk async for chunk in storage.read(stored.key)])
        found[stored.key] = hashlib.sha256(data).hexdigest()
    return found


async def cut_short(mine: Ticket, address: str, offset: int, data: bytes) -> None:
    """Announces the rest of the film, sends `data` of it, and breaks off."""

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1 << 18):
            yield data[start : start + (1 << 18)]
        raise ConnectionError

    words = TUS | {"Upload-Offset": str(offset), "Content-Type": BYTES}
    with contextlib.suppress(ConnectionError):
        await mine.client.patch(
            address, headers=words | {"Content-Length": str(len(FILM) - offset)}, content=body()
        )


async def test_an_upload_in_pieces_becomes_the_same_bytes(make_house: MakeHouse, moto: Store) -> None:
    house = await make_house(**moto.settings())
    mine = await ticket(house)
    address = await mine.address(len(FILM))
    assert (await mine.bring(address, 0, FILM[: 3 << 20])).status_code == 204
    await cut_short(mine, address, 3 << 20, FILM[3 << 20 : 11 << 20])
    offset = await mine.offset(address)
    assert 3 << 20 <= offset <= 11 << 20
    assert (await mine.bring(address, offset, FILM[offset : 12 << 20])).status_code == 204
    assert [part.size_bytes async for part in house.parts.storage.parts()] == [12 << 20]
    assert (await mine.bring(address, 12 << 20, FILM[12 << 20 :])).status_code == 204
    assert await mine.kept(address) == FILM
    assert [part async for part in house.parts.storage.parts()] == []
    async with house.works.open() as work:
        await files.hash_blob(work, blob_id(address))
        assert (await files.blob(work, blob_id(address))).sha256 == hashlib.sha256(FILM).hexdigest()
        await files.drop_blob(work, blob_id(address))
    given_up = await mine.address(len(FILM))
    await mine.bring(given_up, 0, FILM[:1000])
    assert (await mine.client.delete(given_up, headers=TUS)).status_code == 204
    await house.run_jobs("io")
    assert await values(house.parts.storage) == {}
    assert [part async for part in house.parts.storage.parts()] == []


async def test_media_is_served_in_ranges_and_deletion_frees_every_key(
    make_house: MakeHouse, moto: Store
) -> None:
    house = await make_house(**moto.settings())
    film = await Film.playing(house, await house.person(), visibility="public")
    address = f"{await film.base()}/{film.renditions['240p']}/2.m4s"
    data = content("240p", 2)
    whole = await film.person.client.get(address)
    assert whole.content == data
    etag = whole.headers["etag"]
    part = await film.person.client.get(address, headers={"Range": "bytes=5-9", "If-Range": etag})
    assert (part.status_code, part.content) == (206, data[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(data)}"
    assert (await film.person.client.get(address, headers={"If-None-Match": etag})).status_code == 304
    assert len(await values(house.parts.storage)) > 10
    assert (await film.person.client.delete(f"/api/v1/videos/{film.id}")).status_code == 204
    await house.run_jobs("io")
    assert await values(house.parts.storage) == {}
    assert (await film.person.client.get(address)).status_code == 404


async def test_a_house_is_ready_while_its_bucket_answers(make_house: MakeHouse, moto: Store) -> None:
    house = await make_house(**moto.settings())
    client = await house.client()
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]["storage"]) == (200, {"ok": True})
    assert ready.json()["checks"]["disk"] == {"ok": True}


async def test_a_house_without_its_bucket_is_down_and_says_why(make_house: MakeHouse, nanio: Store) -> None:
    house = await make_house(**nanio.settings(s3_secret_key="another"))
    ready = await (await house.client()).get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["storage"] == {
        "ok": False,
        "reason": "The store refuses its key: 403 SignatureDoesNotMatch.",
    }


async def test_a_backup_moves_a_house_into_a_bucket_and_out_of_it(
    house: House, moto: Store, tmp_path: Path
) -> None:
    await Film.playing(house, await house.person())
    before = await values(house.parts.storage)
    archive = tmp_path / "one.tar"
    await asyncio.to_thread(save, house.settings, archive, say=quiet)
    with database.fresh(migrated=False) as url:
        inside = load_settings(data_dir=tmp_path / "inside", database_url=url, **moto.settings())
        await asyncio.to_thread(restore, inside, archive, force=False, say=quiet)
        assert await values(open_store(inside)) == before
        assert not (tmp_path / "inside" / "storage").exists()
        again = tmp_path / "two"
        assert (await asyncio.to_thread(save, inside, again, say=quiet))["missing"] == []
    with database.fresh(migrated=False) as url:
        outside = load_settings(data_dir=tmp_path / "outside", database_url=url)
        await asyncio.to_thread(restore, outside, again, force=False, say=quiet)
        assert await values(open_store(outside)) == before
