"""Uploads straight to the store that are interrupted: by their sender, by time, by the store, by a crash."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import MakeHouse
from tests.features.files.senders import FILM, Sender, sender
from tests.support.films import film
from tests.support.stores import Faulty, Store

from matinee.features.files import service
from matinee.infra.storage.s3 import S3Storage
from matinee.infra.storage.s3_access import Patience
from matinee.kernel.settings import StorageSettings
from matinee.kernel.time import utc_now

HASTY = Patience(silent_s=0.3, total_s=0.6, tries=2, slow_bps=1_000_000_000)


@contextlib.asynccontextmanager
async def behind(make_house: MakeHouse, faulty: Faulty) -> AsyncIterator[Sender]:
    """A house that reaches its store through the proxy; browsers reach it directly."""
    through = Store(faulty.address, None)  # type: ignore[arg-type]
    async with sender(make_house, through, s3_public_endpoint=faulty.target) as mine:
        yield mine


@contextlib.contextmanager
def failing(mine: Sender, faulty: Faulty, fault: str) -> Iterator[None]:
    """The store fails inside this block, and the house has little patience with it."""
    works = mine.house.works
    patient, works.storage = works.storage, S3Storage(mine.house.settings.of(StorageSettings), HASTY)
    faulty.spoil(fault)
    try:
        yield
    finally:
        works.storage = patient
        faulty.spoil("fine")


def later(mine: Sender, **passed: float) -> None:
    mine.house.works.clock = lambda: utc_now() + timedelta(**passed)


async def sweep(mine: Sender) -> None:
    async with mine.house.works.open() as work:
        await service.sweep(work)


async def complete_in_store(mine: Sender, id: str) -> None:
    """What a process did that died before it could record it."""
    (key,) = await mine.pending()
    async with mine.storage.multipart() as multipart:
        found = [u async for u in multipart.pending(mine.storage.prefix)]
        parts = await multipart.parts(found[0].key, found[0].upload_id)
        await multipart.complete(found[0].key, found[0].upload_id, parts)
    assert key.endswith(id)


@pytest.mark.parametrize(
    "fault", ["500", *(pytest.param(f, marks=pytest.mark.slow) for f in ("403", "hang", "empty"))]
)
async def test_a_store_that_fails_is_told_and_the_upload_goes_on_after_it(
    make_house: MakeHouse, faulty: Faulty, fault: str
) -> None:
    async with behind(make_house, faulty) as mine:
        with failing(mine, faulty, fault):
            refused = await mine.begin()
        assert (refused.status_code, refused.json()["code"]) == (503, "house.unavailable")
        assert refused.headers["retry-after"]
        assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0
        id = await mine.begun()
        with failing(mine, faulty, fault):
            await mine.send(id, 1, 2, 3)  # addresses need no store
            for verb in ("", "complete"):
                answer = await mine.ask(id, verb)
                assert (answer.status_code, answer.json()["code"]) == (503, "house.unavailable")
                assert "The store" in answer.json()["detail"]
        assert (await mine.state(id))["held"] == [1, 2, 3]
        assert (await mine.ask(id, "complete")).json()["complete"] is True
        assert await mine.kept(id) == FILM


@pytest.mark.parametrize("fault", ["half", pytest.param("500", marks=pytest.mark.slow)])
async def test_a_lost_answer_to_the_completion_makes_one_file(
    make_house: MakeHouse, faulty: Faulty, fault: str
) -> None:
    async with behind(make_house, faulty) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        faulty.spoil(fault, "fine", only="POST")
        answer = await mine.ask(id, "complete")
        assert answer.status_code in (200, 503)
        assert (await mine.ask(id, "complete")).json()["complete"] is True
        assert await mine.kept(id) == FILM
        assert len(await mine.house.waiting("files.hash_blob")) == 1


async def test_a_completion_that_the_store_only_says_is_not_believed(
    make_house: MakeHouse, faulty: Faulty
) -> None:
    async with behind(make_house, faulty) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        faulty.spoil("lost", "fine", only="POST")
        answer = await mine.ask(id, "complete")
        assert (answer.status_code, answer.json()["code"]) == (503, "files.store_undecided")
        assert (await mine.ask(id, "complete")).status_code == 200
        assert await mine.kept(id) == FILM


async def test_what_a_crash_left_between_store_and_record_is_found_by_its_sender(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        await complete_in_store(mine, id)
        assert (await mine.state(id))["complete"] is True
        assert await mine.kept(id) == FILM


@pytest.mark.parametrize("crashed", [False, True])
async def test_what_its_sender_left_after_the_last_part_is_finished_by_the_house(
    make_house: MakeHouse, moto: Store, crashed: bool
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        assert (await mine.state(id))["complete"] is False
        if crashed:
            await complete_in_store(mine, id)
        await sweep(mine)
        assert (await mine.state(id))["complete"] is True
        assert await mine.kept(id) == FILM


async def test_parts_that_the_store_lost_are_given_up_after_a_while(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1)
        async with mine.storage.multipart() as multipart:
            async for pending in multipart.pending(mine.storage.prefix):
                await multipart.abort(pending.key, pending.upload_id)
        answer = await mine.ask(id)
        assert (answer.status_code, answer.json()["code"]) == (503, "files.store_undecided")
        later(mine, minutes=11)
        for _ in range(2):
            answer = await mine.ask(id)
            assert (answer.status_code, answer.json()["code"]) == (404, "files.upload_not_found")
        assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0
        assert (await mine.begin()).status_code == 201


async def test_an_expired_one_is_gone_and_its_parts_too(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1)
        later(mine, hours=47)
        assert (await mine.state(id))["held"] == [1]  # new bytes: it lives longer from here
        later(mine, hours=47 + 47)
        await sweep(mine)
        assert (await mine.state(id))["held"] == [1]
        later(mine, hours=47 + 49)
        for verb in ("", "complete"):
            assert (await mine.ask(id, verb)).status_code == 404
        assert (await mine.ask(id, "addresses", parts=[1])).status_code == 404
        await sweep(mine)
        await mine.house.run_jobs("io")
        assert await mine.pending() == []
        assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0


async def test_parts_without_a_row_go_and_those_of_open_uploads_stay(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 2)
        async with mine.storage.multipart() as multipart:
            await multipart.create(f"{mine.storage.prefix}blobs/originals/00/nobodys")
        assert len(await mine.pending()) == 2
        later(mine, hours=2)
        await sweep(mine)
        assert [key.rsplit("/", 1)[-1] for key in await mine.pending()] == [id]
        await mine.send(id, 1, 3)
        assert (await mine.ask(id, "complete")).status_code == 200


async def test_one_given_up_while_the_store_completes_it_leaves_no_file(
    make_house: MakeHouse, moto: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        store = mine.storage.direct()
        complete = store.complete

        async def cancelled_meanwhile(*arguments: object) -> None:
            assert (await mine.cancel(id)).status_code == 204
            await complete(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(store, "complete", cancelled_meanwhile)
        assert (await mine.ask(id, "complete")).status_code == 404
        await mine.house.run_jobs("io")
        assert await mine.keys() == []
        assert await mine.pending() == []


async def test_a_house_that_left_the_bucket_ends_what_was_on_its_way(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        local = await make_house()
        mine.house.works.storage = local.works.storage
        for verb in ("", "complete"):
            answer = await mine.ask(id, verb)
            assert (answer.status_code, answer.json()["code"]) == (409, "files.direct_off")
        assert (await mine.cancel(id)).status_code == 204
        await mine.house.run_jobs("io")


async def test_a_second_file_for_one_film_is_treated_as_by_tus(
    make_house: MakeHouse, moto: Store, tmp_path: Path
) -> None:
    async with sender(make_house, moto) as mine:
        data = film(tmp_path, seconds=1).read_bytes()
        made = await mine.client.post("/api/v1/videos", json={"title": "Twice", "visibility": "private"})
        subject = f"video:{made.json()['id']}"
        ids = []
        for _ in range(2):
            answer = await mine.begin(len(data), subject=subject)
            ids.append(answer.json()["id"])
            await mine.send(ids[-1], 1, data=data)
        for id in ids:
            assert (await mine.ask(id, "complete")).status_code == 200
        await mine.house.run_jobs("io")
        originals = [key for key in await mine.keys() if key.startswith("originals/")]
        assert [key.rsplit("/", 1)[-1] for key in originals] == ids[:1]
        refused = await mine.begin(4, subject=subject)
        assert (refused.status_code, refused.json()["code"]) == (404, "files.not_expected")
