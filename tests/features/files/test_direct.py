"""Uploads straight to the store: what is promised where all goes well, and what is refused."""

import asyncio
from uuid import uuid4

import pytest
from tests.conftest import MakeHouse
from tests.features.files.senders import FILM, PART, sender
from tests.features.files.tickets import TUS, ticket
from tests.support.stores import Store

from matinee.features.files import service
from matinee.features.files.rules import MOST_PARTS, part_bytes_for, part_sizes
from matinee.kernel.ids import AccountId


@pytest.fixture(params=["moto", "nanio"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("size_bytes", [1, PART, PART + 1, 20 * 10**9, 64 * 10**9, 5 << 40])
def test_parts_are_few_and_neither_tiny_nor_huge(size_bytes: int) -> None:
    part_bytes = part_bytes_for(size_bytes)
    sizes = part_sizes(size_bytes, part_bytes)
    assert sum(sizes) == size_bytes
    assert len(sizes) <= MOST_PARTS
    assert part_bytes >= 8 << 20
    assert part_bytes <= 64 << 20 or size_bytes > MOST_PARTS * (64 << 20)
    assert set(sizes[:-1]) <= {part_bytes}
    assert 0 < sizes[-1] <= part_bytes


async def test_a_file_goes_straight_to_the_store(make_house: MakeHouse, store: Store) -> None:
    async with sender(make_house, store) as mine:
        way = await mine.client.get("/api/v1/direct-uploads")
        assert way.json() == {"way": "direct", "part_bytes": PART}
        begun = await mine.begin()
        assert begun.status_code == 201
        id = begun.json()["id"]
        assert begun.headers["location"] == f"/api/v1/direct-uploads/{id}"
        assert (begun.json()["parts"], begun.json()["part_bytes"]) == (3, PART)
        await mine.send(id, 2)
        state = await mine.state(id)
        assert (state["held"], state["held_bytes"], state["complete"]) == ([2], PART, False)
        listed = (await mine.client.get("/api/v1/uploads")).json()["items"]
        assert [(item["id"], item["offset_bytes"], item["direct"]) for item in listed] == [(id, PART, True)]
        await mine.send(id, 1, 3)
        done = await mine.ask(id, "complete")
        assert done.status_code == 200, done.text
        assert (done.json()["complete"], done.json()["held"]) == (True, [1, 2, 3])
        assert await mine.kept(id) == FILM
        assert await mine.pending() == []
        usage = (await mine.client.get("/api/v1/me/storage")).json()
        assert usage["by_purpose"] == {"video": len(FILM)}


async def test_a_finished_one_says_what_a_finished_tus_upload_says(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun(5)
        await mine.send(id, 1, data=b"film!")
        before = await mine.house.waiting()
        assert (await mine.ask(id, "complete")).status_code == 200
        direct = [job for job in await mine.house.waiting() if job not in before]
        other = await ticket(mine.house, mine.ticket.person)
        before = await mine.house.waiting()
        address = await other.address(5)
        assert (await other.bring(address, 0, b"film!")).status_code == 204
        tus = [job for job in await mine.house.waiting() if job not in before]

    def shape(jobs: list[dict[str, object]]) -> list[tuple[object, ...]]:
        """What others hear. How the hash is found is the room's own matter: tus has read all bytes."""
        return [(job["kind"], *sorted(job)) for job in jobs if not str(job["kind"]).startswith("files.")]

    assert shape(direct) == shape(tus)
    assert direct


async def test_an_address_takes_its_part_alone_and_exactly_its_bytes(
    make_house: MakeHouse, nanio: Store
) -> None:
    async with sender(make_house, nanio) as mine:
        id = await mine.begun()
        url = (await mine.addresses(id, 3))[3]
        assert "content-length" in url
        for spoiled, data in (
            (url.replace("partNumber=3", "partNumber=4"), b"the end"),
            (url, b"the end, and more"),
            (url, b"the"),
        ):
            assert (await mine.browser.put(spoiled, content=data)).status_code == 403
        assert (await mine.browser.put(url, content=b"the end")).status_code == 200


async def test_addresses_are_signed_for_where_browsers_reach_the_store(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto, s3_public_endpoint="https://films.example:9000") as mine:
        id = await mine.begun()
        assert (await mine.addresses(id, 1))[1].startswith("https://films.example:9000/films/t/")
        page = await mine.client.get("/")
        assert (
            "connect-src 'self' ws: wss: https://films.example:9000;"
            in page.headers["content-security-policy"]
        )


@pytest.mark.parametrize("in_bucket", [False, True])
async def test_a_house_without_it_says_tus_and_opens_no_door(
    make_house: MakeHouse, moto: Store, in_bucket: bool
) -> None:
    mine = await ticket(await make_house(**(moto.settings() if in_bucket else {"s3_direct_uploads": True})))
    answer = await mine.client.get("/api/v1/direct-uploads")
    assert answer.json() == {"way": "tus", "part_bytes": None}
    told = {"purpose": "video", "subject": mine.subject, "size_bytes": 5}
    refused = await mine.client.post("/api/v1/direct-uploads", json=told)
    assert (refused.status_code, refused.json()["code"]) == (409, "files.direct_off")
    page = await mine.client.get("/")
    assert "connect-src 'self' ws: wss:;" in page.headers["content-security-policy"]


async def test_what_is_refused_is_refused_before_a_byte(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto, max_upload_bytes=100 * PART) as mine:
        async with mine.house.works.open() as work:
            await service.set_quota(work, mine.ticket.person.account_id, 10 * PART)
        for facts, status, code in (
            ({"size_bytes": 0}, 422, "files.empty"),
            ({"size_bytes": 101 * PART}, 413, "files.too_large"),
            ({"size_bytes": 11 * PART}, 413, "files.quota_exceeded"),
            ({"subject": f"video:{uuid4()}"}, 404, "files.not_expected"),
            ({"purpose": "Video!"}, 422, "files.bad_metadata"),
            ({"subject": "the film"}, 422, "files.bad_metadata"),
            ({"size_bytes": -1}, 422, "house.invalid"),
        ):
            answer = await mine.begin(**facts)
            assert (answer.status_code, answer.json()["code"]) == (status, code), facts
        assert await mine.pending() == []
        await mine.begun(6 * PART)
        answer = await mine.begin(5 * PART)
        assert answer.json()["code"] == "files.quota_exceeded"


async def test_a_strangers_upload_is_not_there(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        stranger = await mine.house.person()
        guest = await mine.house.client()
        address = f"/api/v1/direct-uploads/{id}"
        for client, status in ((stranger.client, 404), (guest, 401)):
            for answer in (
                await client.get(address),
                await client.post(f"{address}/addresses", json={"parts": [1]}),
                await client.post(f"{address}/complete"),
                await client.delete(address),
            ):
                assert answer.status_code == status
        assert (await mine.state(id))["held"] == []


async def test_only_parts_that_there_are_get_addresses_and_not_many_at_once(
    make_house: MakeHouse, moto: Store
) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        for numbers in ([0], [4], [1, -1]):
            answer = await mine.ask(id, "addresses", parts=numbers)
            assert (answer.status_code, answer.json()["code"]) == (422, "files.no_such_part")
        for numbers in ([], list(range(1, 34))):
            assert (await mine.ask(id, "addresses", parts=numbers)).status_code == 422


async def test_a_file_is_made_of_all_its_parts_or_not_at_all(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 3)
        answer = await mine.ask(id, "complete")
        assert (answer.status_code, answer.json()["code"]) == (409, "files.parts_missing")
        assert answer.json()["detail"].endswith("than they must: 2.")
        # moto takes any signature: so a part of another size can come.
        url = (await mine.addresses(id, 2))[2]
        assert (await mine.browser.put(url, content=b"x" * (PART - 1))).status_code == 200
        answer = await mine.ask(id, "complete")
        assert (answer.status_code, answer.json()["code"]) == (409, "files.parts_missing")
        assert (await mine.state(id))["held"] == [1, 3]
        await mine.send(id, 2)
        assert (await mine.ask(id, "complete")).status_code == 200
        assert await mine.kept(id) == FILM


async def test_completing_twice_and_at_once_makes_one_file(make_house: MakeHouse, store: Store) -> None:
    async with sender(make_house, store) as mine:
        id = await mine.begun()
        await mine.send(id, 1, 2, 3)
        answers = await asyncio.gather(*(mine.ask(id, "complete") for _ in range(4)))
        assert 200 in {answer.status_code for answer in answers}
        assert {answer.status_code for answer in answers} <= {200, 503}
        for _ in range(2):
            assert (await mine.ask(id, "complete")).json()["complete"] is True
        assert (await mine.state(id))["complete"] is True
        assert await mine.kept(id) == FILM
        assert len(await mine.house.waiting("files.hash_blob")) == 1
        answer = await mine.ask(id, "addresses", parts=[1])
        assert (answer.status_code, answer.json()["code"]) == (409, "files.upload_complete")
        answer = await mine.cancel(id)
        assert (answer.status_code, answer.json()["code"]) == (409, "files.upload_complete")


async def test_a_cancelled_one_leaves_nothing(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1)
        assert (await mine.cancel(id)).status_code == 204
        assert (await mine.cancel(id)).status_code == 404
        for verb in ("", "complete"):
            assert (await mine.ask(id, verb)).status_code == 404
        assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0
        await mine.house.run_jobs("io")
        assert await mine.pending() == []
        assert await mine.keys() == []


async def test_tus_and_parts_do_not_mix(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun(5)
        address = f"/api/v1/uploads/{id}"
        head = await mine.client.head(address, headers=TUS)
        assert (head.status_code, head.headers["upload-length"]) == (200, "5")
        refused = await mine.ticket.bring(address, 0, b"film!")
        assert (refused.status_code, refused.json()["code"]) == (403, "files.takes_no_bytes")
        by_tus = (await mine.ticket.address(5)).rsplit("/", 1)[-1]
        for verb in ("", "complete"):
            assert (await mine.ask(by_tus, verb)).status_code == 404
        assert (await mine.client.delete(address, headers=TUS)).status_code == 204
        await mine.house.run_jobs("io")
        assert await mine.pending() == []


async def test_tus_goes_on_beside_it(make_house: MakeHouse, moto: Store) -> None:
    """Programs such as `matinee upload` know tus alone."""
    async with sender(make_house, moto) as mine:
        address = await mine.ticket.address(5)
        assert (await mine.ticket.bring(address, 0, b"film!")).status_code == 204
        assert await mine.ticket.kept(address) == b"film!"


async def test_export_tells_of_it_and_erasure_leaves_no_part(make_house: MakeHouse, moto: Store) -> None:
    async with sender(make_house, moto) as mine:
        id = await mine.begun()
        await mine.send(id, 1)
        await mine.state(id)
        account_id: AccountId = mine.ticket.person.account_id
        async with mine.house.works.open() as work:
            told = [
                line async for name, line in service.export(work, account_id) if name == "unfinished.ndjson"
            ]
        assert [(one["id"], one["offset_bytes"]) for one in told] == [(id, PART)]  # type: ignore[index]
        erased = False
        while not erased:
            async with mine.house.works.open() as work:
                erased = await service.erase(work, account_id)
        await mine.house.run_jobs("io")
        assert await mine.pending() == []
