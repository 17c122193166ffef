"""What may be fetched from an address: how much, how long, how many at once, from where, and by whom."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.videos.test_imports import DATA, OPEN, begin, fetch, kept, look
from tests.support.house import House
from tests.support.origin import Asked, Origin, answer, origin

from matinee.features.files import service as files
from matinee.features.files.service import fetch_run
from matinee.kernel.time import utc_now


async def endless(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
    await answer(writer, "HTTP/1.1 200 OK")
    while True:
        writer.write(bytes(1 << 20))
        await writer.drain()


async def test_an_endless_file_ends_at_the_limit_or_at_the_quota(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_run, "STEP_BYTES", 3_000_000)
    house = await make_house(**OPEN, max_upload_bytes=10_000_000)
    person, poor = await house.person(), await house.person()
    async with house.works.open() as work:
        await files.set_quota(work, poor.account_id, 5_000_000)
    async with origin(b"", endless) as server:
        video, other = await begin(person, server.address), await begin(poor, server.address)
        await fetch(house)
    failed, full = await look(person, video), await look(poor, other)
    assert (failed["state"], failed["reason_code"]) == ("failed", "files.too_large")
    assert "10 MB" in failed["reason"]
    assert (full["state"], full["reason_code"]) == ("failed", "files.quota_exceeded")
    assert await kept(house) == []
    used = (await poor.client.get("/api/v1/me/storage")).json()["used_bytes"]
    assert used <= 5_000_000


async def test_a_file_that_does_not_fit_is_refused_before_its_bytes_come(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN, max_upload_bytes=1_000_000)
    person = await house.person()
    async with origin(DATA) as server:
        video = await begin(person, server.address)
        await fetch(house)
    failed = await look(person, video)
    assert (failed["reason_code"], "3.07 MB" in failed["reason"]) == ("files.too_large", True)
    async with origin(b"") as server:
        empty = await begin(person, server.address)
        await fetch(house)
    assert (await look(person, empty))["reason_code"] == "files.empty"


async def test_an_import_that_takes_too_long_is_given_up(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN, import_max_h=1)
    person = await house.person()
    async with origin(DATA) as server:
        video = await begin(person, server.address)
        house.works.clock = lambda: utc_now() + timedelta(hours=2)
        async with house.works.open() as work:
            await files.start_fetches(work)
        await fetch(house)
        house.works.clock = utc_now
        assert server.asked == []
    assert "within 1 hours" in (await look(person, video))["reason"]


async def test_only_so_many_run_side_by_side_and_everybody_gets_a_turn(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN, imports_at_once=3, imports_each=2)
    first, second = await house.person(), await house.person()
    for _ in range(5):
        await begin(first, "http://127.0.0.1:9/a.mp4")
    await begin(second, "http://127.0.0.1:9/b.mp4")
    async with house.works.open() as work:
        await files.start_fetches(work)
        await files.start_fetches(work)
    async with house.works.open() as work:
        rows = await work.session.execute(
            text("SELECT owner_id, count(*) FROM files_fetch WHERE state = 'running' GROUP BY owner_id")
        )
        assert dict(rows.all()) == {first.account_id: 2, second.account_id: 1}
    metrics = (await (await house.client()).get("/metrics")).text
    assert 'matinee_fetches_open{state="running"} 3.0' in metrics
    assert 'matinee_fetches_open{state="waiting"} 3.0' in metrics


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a.mp4", "http://[::1]/a", "ftp://films.example/a", "http://a:b@films.example/", "x"],
)
async def test_an_address_that_may_not_be_asked_makes_no_video(house: House, url: str) -> None:
    person = await house.person()
    answer = await person.client.post("/api/v1/imports", json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "fetch.address_refused")
    assert (await person.client.get("/api/v1/me/videos")).json()["items"] == []


async def test_a_redirect_into_this_machine_is_refused_on_the_video(make_house: MakeHouse) -> None:
    house = await make_house(import_networks="127.0.0.2/32", import_ports="1-65535")
    person = await house.person()
    async with origin(DATA) as inside:

        async def leads(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
            await answer(writer, "HTTP/1.1 302 Found", f"Location: {inside.address}", "Content-Length: 0")

        async with origin(DATA, leads, host="127.0.0.2") as outside:
            video = await begin(person, outside.address.replace("127.0.0.1", "127.0.0.2"))
            await fetch(house)
        assert inside.asked == []
    failed = await look(person, video)
    assert (failed["state"], failed["reason_code"]) == ("failed", "fetch.address_refused")
    assert "private network" in failed["reason"]


async def test_who_may_not_import_and_a_house_that_does_not(house: House, make_house: MakeHouse) -> None:
    viewer = await house.person("viewer")
    refused = await viewer.client.post("/api/v1/imports", json={"url": "https://films.example/a.mp4"})
    assert refused.status_code == 403


async def test_a_house_may_fetch_nothing_at_all(make_house: MakeHouse) -> None:
    house = await make_house(imports_at_once=0)
    person = await house.person()
    off = await person.client.post("/api/v1/imports", json={"url": "https://films.example/a.mp4"})
    assert (off.status_code, off.json()["code"]) == (403, "files.fetches_off")


async def test_a_fetch_takes_no_bytes_from_others_and_is_exported(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    await begin(person, "http://127.0.0.1:9/a.mp4?key=secret")
    (listed,) = (await person.client.get("/api/v1/uploads")).json()["items"]
    words = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    sent = await person.client.patch(f"/api/v1/uploads/{listed['id']}", headers=words, content=b"")
    assert (sent.status_code, sent.json()["code"]) == (403, "files.takes_no_bytes")
    async with house.works.open() as work:
        exported = [told async for _, told in files.export(work, person.account_id)]
    assert "http://127.0.0.1:9/a.mp4?key=secret" in str(exported)
