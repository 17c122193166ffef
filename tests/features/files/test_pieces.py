"""tus concatenation: files that come in pieces, and what becomes of the pieces."""

import asyncio
import hashlib
import itertools
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from tests.features.files.tickets import BYTES, TUS, Ticket, age_parts, age_value, blob_id, served, ticket
from tests.features.files.wires import token_of
from tests.support.browser import node
from tests.support.house import House

from matinee.features.files import service
from matinee.kernel.ids import UploadId
from matinee.kernel.time import utc_now

DATA = bytes(range(256)) * 40
CUTS = [0, 4000, 4001, len(DATA)]
PIECES = [DATA[a:b] for a, b in itertools.pairwise(CUTS)]


async def begin_piece(mine: Ticket, data: bytes, *, about: str | None = "") -> str:
    words = TUS | {"Upload-Length": str(len(data)), "Upload-Concat": "partial"}
    if about is not None:
        words["Upload-Metadata"] = about
    answer = await mine.client.post("/api/v1/uploads", headers=words)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def pieces(mine: Ticket, *, sent: bool = True) -> list[str]:
    addresses = [await begin_piece(mine, data) for data in PIECES]
    for address, data in zip(addresses, PIECES, strict=True):
        if sent:
            assert (await mine.bring(address, 0, data)).status_code == 204
    return addresses


async def final(mine: Ticket, addresses: list[str], **headers: str) -> httpx.Response:
    words = TUS | {"Upload-Concat": "final;" + " ".join(addresses), "Upload-Metadata": mine.about()}
    return await mine.client.post("/api/v1/uploads", headers=words | headers)


async def join_what_is_ordered(house: House) -> None:
    """As the worker does it; the other jobs would drop a file whose video is not there."""
    for job in await house.waiting("files.join_parts"):
        async with house.works.open() as work:
            await service.join_parts(work, UploadId(UUID(job["message"]["upload_id"])))


async def test_pieces_become_one_file_and_are_gone(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine)
    asked = await mine.client.head(addresses[0], headers=TUS)
    assert (asked.headers["upload-concat"], asked.headers["upload-offset"]) == ("partial", "4000")
    made = await final(mine, addresses)
    assert (made.status_code, "upload-offset" in made.headers) == (201, False)
    whole = made.headers["location"]
    before = await mine.client.head(whole, headers=TUS)
    assert before.headers["upload-length"] == str(len(DATA))
    assert before.headers["upload-concat"] == "final;" + " ".join(addresses)
    assert "upload-offset" not in before.headers
    await join_what_is_ordered(house)
    after = await mine.client.head(whole, headers=TUS)
    assert after.headers["upload-offset"] == after.headers["upload-length"] == str(len(DATA))
    assert after.headers["upload-concat"].startswith("final;")
    assert await mine.kept(whole) == DATA
    assert (await mine.blob(whole)).filename == "film.mp4"
    assert [part async for part in house.parts.storage.parts()] == []
    assert {(await mine.client.head(address, headers=TUS)).status_code for address in addresses} == {404}


async def test_a_file_may_be_made_of_pieces_that_still_come(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine, sent=False)
    made = await final(mine, [f"http://films.example{address}" for address in addresses])
    assert made.status_code == 201
    for address, data in reversed(list(zip(addresses, PIECES, strict=True))):
        await join_what_is_ordered(house)
        assert "upload-offset" not in (await mine.client.head(made.headers["location"], headers=TUS)).headers
        assert (await mine.bring(address, 0, data)).status_code == 204
    await join_what_is_ordered(house)
    assert await mine.kept(made.headers["location"]) == DATA


async def test_pieces_that_come_at_once_are_joined_once(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine, sent=False)
    whole = (await final(mine, addresses)).headers["location"]
    sent = [mine.bring(address, 0, data) for address, data in zip(addresses, PIECES, strict=True)]
    assert [answer.status_code for answer in await asyncio.gather(*sent)] == [204, 204, 204]
    await join_what_is_ordered(house)
    assert await mine.kept(whole) == DATA


async def test_a_file_in_pieces_shares_the_bytes_of_one_that_came_whole(house: House) -> None:
    mine = await ticket(house)
    first = await mine.address(len(DATA))
    assert (await mine.bring(first, 0, DATA)).status_code == 204
    joined = await ticket(house, mine.person)
    whole = (await final(joined, await pieces(joined))).headers["location"]
    await join_what_is_ordered(house)
    assert (await joined.blob(whole)).sha256 is None
    (order,) = await house.waiting("files.hash_blob")
    assert order["message"]["blob_id"] == str(blob_id(whole))
    async with house.works.open() as work:
        await service.hash_blob(work, blob_id(whole))
    assert (await joined.blob(whole)).sha256 == hashlib.sha256(DATA).hexdigest()
    async with house.works.open() as work:
        assert await service.share_original(work, blob_id(whole))
    assert (await joined.blob(whole)).key == (await mine.blob(first)).key
    assert await joined.kept(whole) == DATA


async def test_no_sweep_takes_the_pieces_of_an_unfinished_file(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine, sent=False)
    for address, data in list(zip(addresses, PIECES, strict=True))[:2]:
        assert (await mine.bring(address, 0, data)).status_code == 204
    whole = (await final(mine, addresses)).headers["location"]
    await age_parts(house.parts.storage, hours=30)
    async with house.works.open() as work:
        await service.sweep(work)
    async with house.works.open() as work:
        await service.sweep_orphans(work)
    assert await house.waiting("files.discard_part") == []
    assert (await mine.bring(addresses[2], 0, PIECES[2])).status_code == 204
    await join_what_is_ordered(house)
    assert await mine.kept(whole) == DATA
    blob = await mine.blob(whole)
    age_value(house.parts.storage, blob.key, hours=30)
    async with house.works.open() as work:
        assert (await service.sweep_orphans(work)).orphans == 0


async def test_the_quota_counts_a_file_in_pieces_once(house: House) -> None:
    mine = await ticket(house)
    async with house.works.open() as work:
        await service.set_quota(work, mine.person.account_id, len(DATA))

    async def used() -> int:
        return int((await mine.client.get("/api/v1/me/storage")).json()["used_bytes"])

    addresses = await pieces(mine)
    assert await used() == len(DATA)
    assert (await mine.begin(1)).json()["code"] == "files.quota_exceeded"
    assert (await final(mine, addresses)).status_code == 201
    assert await used() == len(DATA)
    await join_what_is_ordered(house)
    assert await used() == len(DATA)


async def test_what_cannot_be_joined_is_refused_with_a_reason(house: House) -> None:
    mine = await ticket(house, max_bytes=len(DATA) - 1)
    other = await ticket(house)
    addresses = await pieces(mine)
    strange = await begin_piece(other, b"abc")
    whole = await mine.address(10)
    piece = addresses[0]
    refusals = [
        ([strange], 404, "files.upload_not_found"),
        ([whole], 404, "files.upload_not_found"),
        ([piece, piece], 422, "files.bad_header"),
        (["/api/v1/uploads/nonsense"], 422, "files.bad_header"),
        ([], 422, "files.bad_header"),
        ([piece] * 65, 422, "files.bad_header"),
        (addresses, 413, "files.too_large"),
    ]
    for named, status, code in refusals:
        answer = await final(mine, named)
        assert (answer.status_code, answer.json()["code"]) == (status, code), named
    unexpected = await final(mine, addresses[1:], **{"Upload-Metadata": other.about()})
    assert unexpected.json()["code"] == "files.not_expected"
    body = await mine.client.post(
        "/api/v1/uploads",
        headers=TUS
        | {"Upload-Concat": f"final;{piece}", "Content-Type": BYTES, "Upload-Metadata": mine.about()},
        content=b"x",
    )
    assert (body.status_code, body.json()["code"]) == (403, "files.takes_no_bytes")
    assert (await final(mine, addresses[1:])).status_code == 201
    taken = await final(mine, addresses[1:2])
    assert (taken.status_code, taken.json()["code"]) == (409, "files.part_taken")
    ended = await mine.client.delete(addresses[1], headers=TUS)
    assert (ended.status_code, ended.json()["code"]) == (409, "files.part_taken")


async def test_a_file_of_pieces_takes_no_bytes_and_goes_with_its_pieces(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine, sent=False)
    await mine.bring(addresses[1], 0, PIECES[1])
    whole = (await final(mine, addresses)).headers["location"]
    refused = await mine.bring(whole, 0, b"x")
    assert (refused.status_code, refused.json()["code"]) == (403, "files.takes_no_bytes")
    assert (await mine.client.delete(whole, headers=TUS)).status_code == 204
    assert {(await mine.client.head(address, headers=TUS)).status_code for address in addresses} == {404}
    await house.run_jobs("io")
    assert [part async for part in house.parts.storage.parts()] == []
    assert (await mine.client.get("/api/v1/me/storage")).json()["used_bytes"] == 0


async def test_nobody_brings_pieces_for_whom_nobody_waits(house: House) -> None:
    mine = await ticket(house)
    stranger = Ticket(house, await house.person(), mine.subject)
    words = TUS | {"Upload-Length": "10", "Upload-Concat": "partial"}
    answer = await stranger.client.post("/api/v1/uploads", headers=words)
    assert (answer.status_code, answer.json()["code"]) == (404, "files.not_expected")
    named = await begin_piece(mine, b"0123456789", about=mine.about())
    assert (await mine.client.get("/api/v1/uploads")).json() == {"items": []}
    async with house.works.open() as work:
        await service.cancel_uploads(work, mine.subject)
    assert (await mine.client.head(named, headers=TUS)).status_code == 404


async def test_a_whole_lives_as_long_as_its_pieces_still_come(house: House) -> None:
    mine = await ticket(house)
    addresses = await pieces(mine, sent=False)
    whole = (await final(mine, addresses)).headers["location"]

    async def sweep_in(hours: float) -> None:
        house.works.clock = lambda: utc_now() + timedelta(hours=hours)
        async with house.works.open() as work:
            await service.sweep(work)

    await sweep_in(40)
    await mine.bring(addresses[0], 0, PIECES[0])
    await mine.bring(addresses[1], 0, PIECES[1][:1])
    await sweep_in(60)
    assert (await mine.client.head(whole, headers=TUS)).status_code == 200
    await sweep_in(100)
    house.works.clock = utc_now
    assert (await mine.client.head(whole, headers=TUS)).status_code == 404
    await house.run_jobs("io")
    assert [part async for part in house.parts.storage.parts()] == []


async def test_a_crash_before_the_joining_is_mended_by_the_sweep_and_lost_bytes_end_it(house: House) -> None:
    for lost in (False, True):
        mine = await ticket(house)
        addresses = await pieces(mine)
        whole = (await final(mine, addresses)).headers["location"]
        if lost:
            folder = house.settings.house.data_dir / "storage" / "parts"
            (folder / addresses[1].rsplit("/", 1)[-1]).unlink()
        async with house.works.open() as work:
            await work.session.execute(text("DELETE FROM procrastinate_jobs"))
            await service.sweep(work)
        await join_what_is_ordered(house)
        if lost:
            await house.run_jobs("io")
            assert (await mine.client.head(whole, headers=TUS)).status_code == 404
            assert [part async for part in house.parts.storage.parts()] == []
        else:
            assert await mine.kept(whole) == DATA


async def test_a_joining_that_waits_is_ordered_once_and_a_dead_one_anew(house: House) -> None:
    mine = await ticket(house)
    whole = (await final(mine, await pieces(mine))).headers["location"]

    async def ordered_after_a_sweep() -> int:
        async with house.works.open() as work:
            await service.sweep(work)
        return len(await house.waiting("files.join_parts"))

    assert [await ordered_after_a_sweep() for _ in range(2)] == [1, 1]
    async with house.works.open() as work:
        await work.session.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
    assert [await ordered_after_a_sweep() for _ in range(2)] == [1, 1]
    await join_what_is_ordered(house)
    assert await mine.kept(whole) == DATA


@pytest.mark.slow
async def test_tus_js_client_uploads_in_parallel(house: House, tmp_path: Path) -> None:
    mine = await ticket(house)
    file = tmp_path / "film.mp4"
    data = DATA * 200
    file.write_bytes(data)
    modules = Path(__file__).parents[3] / "web" / "node_modules"
    async with served(house.app) as base:
        process = await asyncio.create_subprocess_exec(
            node(), Path(__file__).with_name("tus_js_parallel.mjs"), modules, f"{base}/api/v1/uploads",
            await token_of(mine), mine.subject, file,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    await join_what_is_ordered(house)
    said = json.loads(out)
    assert await mine.kept(said["url"]) == data
    assert await mine.kept(said["resumed"]) == data
