"""Identical files of one owner are stored once, and what nothing records is swept."""

import asyncio
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.files.tickets import TUS, Ticket, age_value, blob_id, ticket
from tests.support.house import House, Person
from tests.support.stores import Store

from matinee.features.files import service
from matinee.features.files.service import orphans
from matinee.kernel.ids import BlobId, UploadId, new_id
from matinee.kernel.settings import StorageSettings

DATA = os.urandom(200_000)
HASH = hashlib.sha256(DATA).hexdigest()


async def brought(house: House, person: Person | None = None, data: bytes = DATA) -> tuple[Ticket, BlobId]:
    mine = await ticket(house, person)
    address = await mine.address(len(data))
    assert (await mine.bring(address, 0, data)).status_code == 204
    return mine, blob_id(address)


async def shared(house: House, *ids: BlobId) -> list[bool]:
    found = []
    for id in ids:
        async with house.works.open() as work:
            found.append(await service.share_original(work, id))
    return found


async def key_of(house: House, id: BlobId) -> str:
    async with house.works.open() as work:
        return (await service.blob(work, id)).key


async def keys(house: House) -> set[str]:
    return {item.key async for item in house.parts.storage.list()}


async def later(house: House, seconds: float) -> None:
    """The orders of the next `seconds` are due now."""
    now = house.works.clock()
    house.works.clock = lambda: now + timedelta(seconds=seconds)
    async with house.works.open() as work:
        await work.session.execute(text("DELETE FROM procrastinate_jobs WHERE task_name LIKE 'encoding.%'"))
        await work.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL"))


async def test_a_second_upload_of_the_same_bytes_shares_the_first_ones(house: House) -> None:
    mine, first = await brought(house)
    _, second = await brought(house, mine.person)
    own = await key_of(house, second)
    assert await shared(house, first, second, second) == [False, True, False]
    assert await key_of(house, second) == await key_of(house, first) != own
    async with house.works.open() as work:
        usage = await service.usage(work, mine.person.account_id)
        assert usage.used_bytes == 2 * len(DATA)  # each counts: deleting one frees what it announced
        await service.drop_blob(work, first)
    assert own in await keys(house)  # somebody may be reading it still
    await later(house, 3700)
    await house.run_jobs("io")
    assert await keys(house) == {await key_of(house, second)}
    async with house.works.open() as work:
        await service.drop_blob(work, second)
    await house.run_jobs("io")
    assert await keys(house) == set()


async def test_bytes_are_shared_with_no_other_owner_and_with_no_other_file(house: House) -> None:
    mine, first = await brought(house)
    _, others = await brought(house)
    _, another = await brought(house, mine.person, DATA[:-1] + bytes([DATA[-1] ^ 1]))
    assert await shared(house, first, others, another) == [False, False, False]
    assert len(await keys(house)) == 3


async def test_bytes_are_not_given_up_for_a_record_alone(house: House) -> None:
    mine, first = await brought(house)
    _, second = await brought(house, mine.person)
    await house.parts.storage.delete(await key_of(house, first))
    assert await shared(house, second) == [False]
    await house.parts.storage.put_bytes(await key_of(house, first), DATA[:10])
    assert await shared(house, second) == [False]
    assert await key_of(house, second) in await keys(house)


async def test_an_upload_in_pieces_is_hashed_later_and_shares_then(house: House) -> None:
    mine, first = await brought(house)
    pieces = await ticket(house, mine.person)
    address = await pieces.address(len(DATA))
    assert (await pieces.bring(address, 0, DATA[:1000])).status_code == 204
    assert (await pieces.bring(address, 1000, DATA[1000:])).status_code == 204
    assert (await pieces.blob(address)).sha256 is None
    async with house.works.open() as work:
        await service.hash_blob(work, blob_id(address))
    assert (await pieces.blob(address)).sha256 == HASH
    waiting = [job["message"]["blob_id"] for job in await house.waiting("files.share_original")]
    assert waiting == [str(first), str(blob_id(address))]


async def test_dropping_and_sharing_at_once_lose_nothing(house: House) -> None:
    mine, first = await brought(house)
    for _ in range(4):
        _, second = await brought(house, mine.person)

        async def drop(id: BlobId = first) -> None:
            async with house.works.open() as work:
                await service.drop_blob(work, id)

        await asyncio.gather(shared(house, second), drop())
        assert await key_of(house, second) in await keys(house)
        first = second


async def test_what_nothing_records_is_swept_after_a_day(house: House) -> None:
    storage = house.parts.storage
    _, kept = await brought(house)
    lost, young, tree = new_id(), new_id(), service.new_tree()
    old = [
        f"originals/{str(lost)[-2:]}/{lost}",
        service.tree_key(tree, "0.m4s"),
        "check/1",
        "house/mark",
        "trees/x/y",
    ]
    for key in (*old, f"originals/{str(young)[-2:]}/{young}"):
        await storage.put_bytes(key, b"x" * 10)
    for key in (*old, await key_of(house, kept)):
        age_value(storage, key, hours=25)
    async with house.works.open() as work:
        asked = await service.sweep_orphans(work, dry_run=True)
        assert (asked.orphans, asked.orphan_bytes, asked.young, asked.strange, asked.removed) == (
            2,
            20,
            1,
            1,
            0,
        )
    async with house.works.open() as work:
        assert (await service.sweep_orphans(work)).removed == 2
    assert await keys(house) == {
        await key_of(house, kept), f"originals/{str(young)[-2:]}/{young}", "house/mark", "trees/x/y",
    }  # fmt: skip


async def test_a_tree_that_waits_for_its_deletion_is_left_to_it(house: House) -> None:
    person = await house.person()
    async with house.works.open() as work:
        tree = await service.open_tree(work, person.account_id, "rendition", f"video:{new_id()}")
        await house.parts.storage.put_bytes(service.tree_key(tree, "0.m4s"), DATA)
    age_value(house.parts.storage, service.tree_key(tree, "0.m4s"), hours=30)
    async with house.works.open() as work:
        await service.drop_tree(work, tree, keep_s=86_400)
    async with house.works.open() as work:
        assert (await service.sweep_orphans(work)).orphans == 0


async def test_a_database_of_another_house_sweeps_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "FEW", 1)
    for _ in range(3):
        id = new_id()
        await house.parts.storage.put_bytes(f"originals/{str(id)[-2:]}/{id}", b"x")
        age_value(house.parts.storage, f"originals/{str(id)[-2:]}/{id}", hours=48)
    async with house.works.open() as work:
        assert "is this database the one" in str((await service.sweep_orphans(work)).refused)
    assert len(await keys(house)) == 3
    async with house.works.open() as work:
        assert (await service.sweep_orphans(work, force=True)).removed == 3


async def test_in_a_bucket_orphans_leftovers_and_expired_uploads_go(
    make_house: MakeHouse, moto: Store, tmp_path: Path
) -> None:
    house = await make_house(**moto.settings())
    mine, kept = await brought(house)
    lost = new_id()
    await house.parts.storage.put_bytes(f"originals/{str(lost)[-2:]}/{lost}", b"x")
    begun = await mine.address(5000)
    await mine.bring(begun, 0, DATA[:4000])
    store = moto.open(s3_prefix=house.settings.of(StorageSettings).s3_prefix)
    async with store.multipart() as multipart:
        await multipart.create(f"{store.prefix}blobs/originals/half")
        now = house.works.clock()
        house.works.clock = lambda: now + timedelta(hours=49)
        async with house.works.open() as work:
            await service.sweep(work)
        async with house.works.open() as work:
            assert (await service.sweep_orphans(work)).removed == 1
        assert [one.key async for one in multipart.pending(store.prefix)] == []
    async with house.works.open() as work:
        await service.discard_part(work, UploadId(UUID(begun.rsplit("/", 1)[-1])))
    assert [part async for part in house.parts.storage.parts()] == []
    assert await keys(house) == {await key_of(house, kept)}
    assert (await mine.client.head(begun, headers=TUS)).status_code == 404
