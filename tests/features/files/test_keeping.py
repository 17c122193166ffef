"""What is kept: blobs, trees, quota, and how all of it goes away again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.conftest import MakeHouse
from tests.features.files.tickets import TUS, Ticket, blob_id, ticket
from tests.support.house import House

from matinee.features.files import service
from matinee.features.files.errors import BlobNotFound, TreeNotFound
from matinee.features.files.messages import SweepUploads
from matinee.features.files.schemas import OriginalId
from matinee.infra.jobs import ledger
from matinee.infra.room import Attached
from matinee.infra.storage.port import Stored
from matinee.kernel.errors import Invalid, Unavailable
from matinee.kernel.time import utc_now

DATA = b"film" * 500


async def uploaded(mine: Ticket, data: bytes = DATA) -> str:
    address = await mine.address(len(data))
    assert (await mine.bring(address, 0, data)).status_code == 204
    return address


async def test_quota_counts_originals_and_what_open_uploads_announced(house: House) -> None:
    mine = await ticket(house)
    async with house.works.open() as work:
        await service.set_quota(work, mine.person.account_id, 10_000)
    first = await uploaded(mine)
    opened = await mine.address(5000)
    held = (await mine.client.get("/api/v1/me/storage")).json()
    assert held == {
        "used_bytes": 7000,
        "limit_bytes": 10_000,
        "by_purpose": {"unfinished": 5000, "video": 2000},
    }
    refused = await mine.begin(3001)
    assert (refused.status_code, refused.json()["code"]) == (413, "files.quota_exceeded")
    assert "3 kB left of 10 kB" in refused.json()["detail"]
    assert (await mine.client.delete(opened, headers=TUS)).status_code == 204
    async with house.works.open() as work:
        await service.drop_blob(work, (await mine.blob(first)).id)
    assert (await mine.begin(10_000)).status_code == 201


async def test_uploads_begun_at_once_cannot_pass_the_quota_together(house: House) -> None:
    mine = await ticket(house)
    async with house.works.open() as work:
        await service.set_quota(work, mine.person.account_id, 10_000)
    answers = await asyncio.gather(*(mine.begin(4000) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 413, 413, 413]


async def test_a_file_that_the_disk_cannot_hold_is_refused(make_house: MakeHouse) -> None:
    mine = await ticket(await make_house(disk_reserve_bytes=1 << 50))
    answer = await mine.begin(10)
    assert (answer.status_code, answer.json()["code"]) == (503, "files.no_room")


async def test_a_blob_gets_its_hash_and_loses_its_bytes_when_dropped(house: House) -> None:
    mine = await ticket(house)
    address = await uploaded(mine)
    blob = await mine.blob(address)
    assert blob.sha256 == hashlib.sha256(DATA).hexdigest()  # known when it came in one piece
    async with house.works.open() as work:
        await service.delete_original(work, OriginalId(blob.id))  # an order that came too early does nothing
        await service.drop_blob(work, blob.id)
        await service.drop_blob(work, blob.id)
    with pytest.raises(BlobNotFound):
        await mine.blob(address)
    await house.run_jobs("io")
    assert [stored.key async for stored in house.parts.storage.list()] == []
    async with house.works.open() as work:
        await service.hash_blob(work, blob.id)


async def test_a_tree_is_counted_and_dropped_as_one(house: House) -> None:
    person = await house.person()
    subject = f"video:{uuid4()}"
    storage = house.parts.storage
    async with house.works.open() as work:
        tree_id = await service.open_tree(work, person.account_id, "rendition", subject)
        for name in ("init.mp4", "0.m4s"):
            stored = await storage.put_bytes(service.tree_key(tree_id, name), DATA)
            await service.note_tree_bytes(work, tree_id, stored.size_bytes)
        assert await service.bytes_of(work, [subject]) == {subject: 2 * len(DATA)}
        usage = await service.usage(work, person.account_id)
        assert (usage.used_bytes, usage.by_purpose) == (0, {"rendition": 2 * len(DATA)})
        with pytest.raises(Invalid):
            service.tree_key(tree_id, "../init.mp4")
    async with house.works.open() as work:
        await service.drop_tree(work, tree_id, keep_s=3600)
    with pytest.raises(TreeNotFound):
        async with house.works.open() as work:
            await service.note_tree_bytes(work, tree_id, 1)
    await house.run_jobs("io")
    assert len([stored async for stored in storage.list("trees")]) == 2  # readers may still be at it
    async with house.works.open() as work:
        await service.delete_tree_bytes(work, tree_id)
    assert [stored async for stored in storage.list()] == []


async def test_the_sweep_deletes_parts_that_nobody_knows(house: House) -> None:
    mine = await ticket(house)
    known = await mine.address(1000)
    await mine.bring(known, 0, DATA[:10])

    async def bytes_of_a_crash() -> AsyncIterator[bytes]:
        yield DATA

    orphan = str(uuid4())
    await house.parts.storage.append(orphan, 0, bytes_of_a_crash(), limit=len(DATA))
    async with house.works.open() as work:
        await service.sweep(work)
    await house.run_jobs("io")
    assert len([part async for part in house.parts.storage.parts()]) == 2  # young: it may still be at work
    house.works.clock = lambda: utc_now() + timedelta(hours=2)
    async with house.works.open() as work:
        await service.sweep(work)
    house.works.clock = utc_now
    await house.run_jobs("io")
    assert [part.key async for part in house.parts.storage.parts()] == [known.rsplit("/", 1)[-1]]


async def test_what_an_account_keeps_is_exported_and_erased(house: House) -> None:
    mine = await ticket(house)
    owner = mine.person.account_id
    await uploaded(mine)
    await mine.address(77)
    async with house.works.open() as work:
        await service.open_tree(work, owner, "rendition", mine.subject)
        await service.set_quota(work, owner, 5_000_000)
        told = [(name, line) async for name, line in service.export(work, owner)]
    lines = [(name, dict(line)) for name, line in told if not isinstance(line, Attached)]
    assert [line["filename"] for name, line in lines if name == "originals.ndjson"] == ["film.mp4"]
    assert [line["size_bytes"] for name, line in lines if name == "unfinished.ndjson"] == [77]
    assert sum(isinstance(line, Attached) for _, line in told) == 1
    rounds = 0
    done = False
    while not done:
        async with house.works.open() as work:
            done = await service.erase(work, owner)
        rounds += 1
    assert rounds == 2
    await house.run_jobs("io")
    assert [stored async for stored in house.parts.storage.list()] == []
    async with house.works.open() as work:
        assert (await service.usage(work, owner)).by_purpose == {}
        assert await service.uploads_for(work, mine.subject) == []
    assert (await mine.begin(10)).json()["code"] == "files.not_expected"


async def test_the_bytes_of_the_house_are_in_its_figures(house: House) -> None:
    mine = await ticket(house)
    await uploaded(mine)
    text = (await (await house.client()).get("/metrics")).text
    assert f'matinee_stored_bytes{{sort="originals"}} {float(len(DATA))}' in text
    received = next(line for line in text.splitlines() if line.startswith("matinee_bytes_received_total"))
    assert float(received.split()[1]) >= len(DATA)


async def test_a_store_that_is_away_is_swept_once_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await ticket(house)
    full = await mine.address(len(DATA))
    await mine.address(1000)
    storage = house.parts.storage

    async def away(*_: object, **__: object) -> Stored:
        raise Unavailable("The store cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "seal", away)
        patch.setattr(storage, "tidy", away)
        assert (await mine.bring(full, 0, DATA)).status_code == 503
        patch.setattr(house.works, "clock", lambda: utc_now() + timedelta(hours=49))
        async with house.works.open() as work:
            work.send(SweepUploads())
        await house.run_jobs("io")
    async with house.works.open() as work:
        failed = await ledger.jobs(work.session, state="failed")
        left = await service.uploads_for(work, mine.subject)
    assert failed == [], "the clock asks again soon: nobody has to"
    assert [upload.id for upload in left] == [blob_id(full)], "what has expired ends meanwhile"
    async with house.works.open() as work:
        await service.sweep(work)
    assert (await mine.blob(full)).size_bytes == len(DATA)
