"""tus over HTTP: what is answered to whom, and what is refused before a byte is taken."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

from tests.features.files.tickets import BYTES, TUS, Ticket, metadata, ticket
from tests.support.house import House

from matinee.features.files import service
from matinee.kernel.time import utc_now

DATA = bytes(range(256)) * 40


async def test_the_house_says_what_it_speaks(house: House) -> None:
    guest = await house.client()
    answer = await guest.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "expiration", "checksum", "concatenation",
        "concatenation-unfinished",
    }  # fmt: skip
    assert answer.headers["tus-checksum-algorithm"] == "md5,sha1,sha256"
    assert int(answer.headers["tus-max-size"]) > 1_000_000_000


async def test_bytes_in_two_parts_become_one_blob_and_one_fact(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    first = await mine.bring(address, 0, DATA[:5000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "5000")
    asked = await mine.client.head(address, headers=TUS)
    assert asked.headers["upload-length"] == str(len(DATA))
    assert asked.headers["upload-metadata"] == mine.about()
    assert asked.headers["cache-control"] == "no-store"
    before = utc_now()
    last = await mine.bring(address, 5000, DATA[5000:])
    assert last.headers["upload-offset"] == str(len(DATA))
    blob = await mine.blob(address)
    assert await mine.kept(address) == DATA
    assert (blob.owner_id, blob.purpose, blob.subject) == (mine.person.account_id, "video", mine.subject)
    assert before <= blob.received_at <= utc_now()
    facts = [job for job in await house.waiting() if job["message"].get("upload_id") == str(blob.id)]
    assert [fact["message"]["subject"] for fact in facts if "blob_id" in fact["message"]] == [mine.subject]
    # The answer to the last bytes may get lost: asking and bringing nothing more are both fine afterwards.
    assert await mine.offset(address) == len(DATA)
    assert (await mine.bring(address, len(DATA), b"")).status_code == 204


async def test_the_first_bytes_may_come_with_the_creation(house: House) -> None:
    mine = await ticket(house)
    words = TUS | {"Upload-Length": str(len(DATA)), "Upload-Metadata": mine.about(), "Content-Type": BYTES}
    part = await mine.client.post("/api/v1/uploads", headers=words, content=DATA[:100])
    assert (part.status_code, part.headers["upload-offset"]) == (201, "100")
    await mine.bring(part.headers["location"], 100, DATA[100:])
    assert await mine.kept(part.headers["location"]) == DATA
    whole = await mine.client.post("/api/v1/uploads", headers=words, content=DATA)
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(len(DATA)))
    assert await mine.kept(whole.headers["location"]) == DATA


async def test_a_client_that_only_posts_may_say_what_it_means(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    words = TUS | {"Upload-Offset": "0", "Content-Type": BYTES, "X-HTTP-Method-Override": "PATCH"}
    assert (await mine.client.post(address, headers=words, content=DATA[:10])).headers[
        "upload-offset"
    ] == "10"
    other = await mine.client.post(address, headers=TUS | {"X-HTTP-Method-Override": "GET"})
    assert (other.status_code, other.json()["code"]) == (405, "files.method")
    ended = await mine.client.post(address, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204


REFUSED: list[tuple[dict[str, str], int, str]] = [
    ({"Tus-Resumable": "0.2.2"}, 412, "files.tus_version"),
    ({"Upload-Length": "0"}, 422, "files.empty"),
    ({"Upload-Length": "-5"}, 422, "files.bad_header"),
    ({"Upload-Length": "１２"}, 422, "files.bad_header"),
    ({"Upload-Length": "9" * 30}, 422, "files.bad_header"),
    ({"Upload-Length": "2000001"}, 413, "files.too_large"),
    ({"Upload-Metadata": ""}, 422, "files.bad_metadata"),
    ({"Upload-Metadata": "filename not-base64!"}, 422, "files.bad_metadata"),
    ({"Upload-Metadata": "filename /////w=="}, 422, "files.bad_metadata"),
    ({"Upload-Metadata": "a " + "QUFB" * 1200}, 422, "files.bad_metadata"),
    ({"Upload-Metadata": metadata(purpose="video", subject="video:1")}, 422, "files.bad_metadata"),
    (
        {"Upload-Metadata": metadata(purpose="v/..", subject=f"video:{uuid4()}")},
        422,
        "files.bad_metadata",
    ),
    (
        {"Upload-Metadata": metadata(purpose="video", subject=f"video:{uuid4()}")},
        404,
        "files.not_expected",
    ),
]


async def test_a_creation_is_refused_with_a_reason(house: House) -> None:
    mine = await ticket(house, max_bytes=2_000_000)
    base = TUS | {"Upload-Length": "10", "Upload-Metadata": mine.about()}
    for headers, status, code in REFUSED:
        words = {name.encode(): value.encode() for name, value in (base | headers).items()}
        answer = await mine.client.post("/api/v1/uploads", headers=words)
        assert (answer.status_code, answer.json()["code"]) == (status, code), headers
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await mine.client.get("/api/v1/uploads")).json() == {"items": []}


async def test_bytes_are_refused_with_a_reason(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    refusals = {
        "files.wrong_offset": (409, await mine.bring(address, 7, DATA[7:])),
        "files.content_type": (415, await mine.bring(address, 0, DATA, **{"Content-Type": "video/mp4"})),
        "files.tus_version": (412, await mine.bring(address, 0, DATA, **{"Tus-Resumable": "2.0.0"})),
        "files.too_large": (413, await mine.bring(address, 0, DATA + b"more")),
        "files.bad_header": (422, await mine.bring(address, 0, DATA, **{"Upload-Offset": "x"})),
    }
    for code, (status, answer) in refusals.items():
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["tus-resumable"] == "1.0.0"
        assert answer.headers["content-type"] == "application/problem+json"
    assert await mine.offset(address) == 0
    without_version = await mine.client.head(address)
    assert (without_version.status_code, without_version.headers["tus-version"]) == (412, "1.0.0")


async def test_more_bytes_than_declared_are_not_taken_even_when_nobody_announced_how_many(
    house: House,
) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))

    async def pieces() -> AsyncIterator[bytes]:
        yield DATA
        yield b"and more"

    words = TUS | {"Upload-Offset": "0", "Content-Type": BYTES}
    answer = await mine.client.patch(address, headers=words, content=pieces())
    assert answer.status_code in (204, 413)
    if answer.status_code == 413:
        await mine.bring(address, await mine.offset(address), DATA)
    assert await mine.kept(address) == DATA


async def test_only_the_owner_knows_of_an_upload(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    other = await house.person()
    stranger = Ticket(house, other, mine.subject)
    assert (await other.client.head(address, headers=TUS)).status_code == 404
    assert (await stranger.bring(address, 0, DATA)).json()["code"] == "files.upload_not_found"
    assert (await other.client.delete(address, headers=TUS)).status_code == 404
    assert (await stranger.begin(10)).json()["code"] == "files.not_expected"
    assert (await other.client.get("/api/v1/uploads")).json() == {"items": []}
    guest = await house.client()
    assert (await guest.head(address, headers=TUS)).status_code == 401
    assert await mine.offset(address) == 0
    listed = (await mine.client.get("/api/v1/uploads")).json()["items"]
    assert [(item["subject"], item["size_bytes"], item["offset_bytes"]) for item in listed] == [
        (mine.subject, len(DATA), 0)
    ]


async def test_a_viewer_may_not_upload(house: House) -> None:
    viewer = await house.person("viewer")
    answer = await (await ticket(house, viewer)).begin(10)
    assert (answer.status_code, answer.json()["code"]) == (403, "house.refused")


async def test_an_ended_upload_is_gone_with_its_bytes(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    await mine.bring(address, 0, DATA[:1000])
    assert (await mine.client.delete(address, headers=TUS)).status_code == 204
    assert (await mine.client.head(address, headers=TUS)).status_code == 404
    await house.run_jobs("io")
    assert [part async for part in house.parts.storage.parts()] == []
    again = await mine.address(len(DATA))
    await mine.bring(again, 0, DATA)
    refused = await mine.client.delete(again, headers=TUS)
    assert (refused.status_code, refused.json()["code"]) == (409, "files.upload_complete")


async def test_a_file_name_is_a_name_and_never_a_path(house: House) -> None:
    mine = await ticket(house)
    words = {"Upload-Metadata": mine.about("..\\..\\etc/pass\x00wd\n.mp4")}
    address = (await mine.begin(len(DATA), **words)).headers["location"]
    await mine.bring(address, 0, DATA)
    assert (await mine.blob(address)).filename == "passwd.mp4"


async def test_an_upload_without_new_bytes_expires(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    await mine.bring(address, 0, DATA[:1000])
    house.works.clock = lambda: utc_now() + timedelta(days=3)
    assert (await mine.client.head(address, headers=TUS)).status_code == 404
    async with house.works.open() as work:
        await service.sweep(work)
    house.works.clock = utc_now
    await house.run_jobs("io")
    assert (await mine.client.head(address, headers=TUS)).status_code == 404
    assert [part async for part in house.parts.storage.parts()] == []
    assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0


async def test_an_expectation_that_was_withdrawn_lets_nothing_in(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    async with house.works.open() as work:
        await service.unexpect(work, mine.subject)
        assert [info.offset_bytes for info in await service.uploads_for(work, mine.subject)] == [0]
        await service.cancel_uploads(work, mine.subject)
    assert (await mine.begin(10)).json()["code"] == "files.not_expected"
    assert (await mine.bring(address, 0, DATA)).status_code == 404
