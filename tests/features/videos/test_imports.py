"""Films fetched from an address: whole, broken off, changed meanwhile, failed, cancelled, taken up again."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.files.wires import until
from tests.support.films import film
from tests.support.house import House, Person
from tests.support.origin import Asked, Origin, answer, origin

from matinee.features.files import service as files
from matinee.features.files.service import fetch_run
from matinee.kernel.ids import BlobId
from matinee.kernel.time import utc_now

DATA = bytes(range(256)) * 12_000
OPEN = {"import_networks": "127.0.0.0/8", "import_ports": "1-65535"}


async def begin(person: Person, url: str, **form: Any) -> dict[str, Any]:
    answer = await person.client.post("/api/v1/imports", json={"url": url} | form)
    assert answer.status_code == 201, answer.text
    video: dict[str, Any] = answer.json()
    return video


async def look(person: Person, video: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await person.client.get(f"/api/v1/videos/{video['id']}")).json()
    return found


async def fetch(house: House, *, tries: int = 20) -> None:
    """Run what fetches, and nothing that looks into the file; waiting tries come at once."""
    for _ in range(tries):
        async with house.works.open() as work:
            await work.session.execute(text("UPDATE files_fetch SET not_before = now() - interval '1 hour'"))
            await files.start_fetches(work)
        async with house.works.open() as work:
            found = await work.session.execute(
                text("SELECT upload_id FROM files_fetch WHERE state = 'running'")
            )
            ids = list(found.scalars())
        if not ids:
            break
        for id in ids:
            async with house.works.open() as work:
                await files.run_fetch(work, id)
    # What was said of failures reaches the videos.
    for job in await house.waiting("videos.note_import_failed"):
        from matinee.features.files.messages import FetchFailed
        from matinee.features.videos import service as videos

        async with house.works.open() as work:
            await videos.note_failure(work, FetchFailed.from_json(job["message"]))


async def kept(house: House) -> list[bytes]:
    async with house.works.open() as work:
        ids = list((await work.session.execute(text("SELECT id FROM files_blob ORDER BY id"))).scalars())
        keys = [(await files.blob(work, BlobId(id))).key for id in ids]
    return [b"".join([chunk async for chunk in house.parts.storage.read(key)]) for key in keys]


async def test_a_film_at_an_address_becomes_a_video_that_plays(make_house: MakeHouse, tmp_path: Path) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    async with origin(film(tmp_path, seconds=2).read_bytes()) as server:
        video = await begin(person, server.address, visibility="public")
        assert (video["state"], video["title"], video["filename"]) == (
            "uploading", "forty bowls", "forty_bowls.mp4",
        )  # fmt: skip
        assert video["upload"]["fetch"]["host"] == "127.0.0.1"
        assert "secret" not in str(video)
        await house.run_jobs()
        done = await look(person, video)
        assert (done["state"], done["upload"]) == ("ready", None)
        assert server.asked[0].target == "/films/forty_bowls.mp4?key=secret"
    async with house.works.open() as work:
        assert await work.session.scalar(text("SELECT count(*) FROM files_fetch")) == 0
        assert await work.session.scalar(text("SELECT import_url FROM videos_video")) is None


async def test_a_fetch_that_breaks_goes_on_from_the_last_byte(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    cuts = [1_000_000, 1_000_000, 2_500_000, None]

    async def breaks(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await self.give(asked, writer, stop_at=cuts[len(self.asked) - 1])

    async with origin(DATA, breaks) as server:
        await begin(person, server.address)
        await fetch(house)
        starts = [asked.start for asked in server.asked]
    assert starts == [0, 1_000_000, 1_000_000, 2_500_000]
    assert await kept(house) == [DATA]


async def test_a_source_that_changes_is_fetched_anew(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    other = DATA[::-1] + b"longer"

    async def changes(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(self.asked) == 2:
            self.data, self.etag = other, '"two"'
        await self.give(asked, writer, stop_at=1_000_000 if len(self.asked) == 1 else None)

    async with origin(DATA, changes) as server:
        await begin(person, server.address)
        await fetch(house)
        assert len(server.asked) == 2
    assert await kept(house) == [other]


async def test_a_source_that_changes_under_the_same_name_for_its_version_is_fetched_anew(
    make_house: MakeHouse,
) -> None:
    """It answers with a part, but of a file of another size."""
    house = await make_house(**OPEN)
    person = await house.person()

    async def changes(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(self.asked) == 2:
            self.data = DATA + b"more"
        await self.give(asked, writer, stop_at=1_000_000 if len(self.asked) == 1 else None)

    async with origin(DATA, changes) as server:
        await begin(person, server.address)
        await fetch(house)
        assert [asked.start for asked in server.asked] == [0, 1_000_000, 0]
    assert await kept(house) == [DATA + b"more"]


async def test_a_source_that_cannot_go_on_begins_anew_and_is_left_after_some_times(
    make_house: MakeHouse,
) -> None:
    house = await make_house(**OPEN)
    person = await house.person()

    async def weak(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.etag = 'W/"one"'
        await self.give(asked, writer, stop_at=1_000_000 if len(self.asked) < 3 else None)

    async def hopeless(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.etag = None
        await self.give(asked, writer, stop_at=1_000_000)

    async with origin(DATA, weak) as server:
        await begin(person, server.address)
        await fetch(house)
    assert await kept(house) == [DATA]
    async with origin(DATA, hopeless) as server:
        video = await begin(person, server.address)
        await fetch(house)
        assert len(server.asked) == 7
    failed = await look(person, video)
    assert (failed["state"], "cannot go on in the middle" in failed["reason"]) == ("failed", True)


async def test_a_file_of_unknown_size_is_fetched_to_its_end(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    monkeypatch.setattr(fetch_run, "STEP_BYTES", 700_001)

    async def chunked(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
        for at in range(0, len(self.data), 100_000):
            piece = self.data[at : at + 100_000]
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        if len(self.asked) > 1:  # the first time it breaks right before the end
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    async with origin(DATA, chunked) as server:
        await begin(person, server.address)
        await fetch(house)
        assert len(server.asked) == 2
    assert await kept(house) == [DATA]
    assert (await person.client.get("/api/v1/me/storage")).json()["used_bytes"] == len(DATA)


async def test_a_failed_import_says_why_and_is_tried_again(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    good = False

    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if good:
            await self.give(asked, writer)
        else:
            await answer(writer, "HTTP/1.1 404 Not Found", "Content-Length: 0")

    async with origin(DATA, behave) as server:
        video = await begin(person, server.address)
        await fetch(house)
        failed = await look(person, video)
        assert (failed["state"], failed["reason_code"]) == ("failed", "fetch.not_there")
        assert "404" in failed["reason"]
        good = True
        again = await person.client.post(f"/api/v1/videos/{video['id']}/retry")
        assert (again.status_code, again.json()["state"], again.json()["reason"]) == (200, "uploading", None)
        await fetch(house)
    assert await kept(house) == [DATA]


@pytest.mark.parametrize(
    ("most", "word"),
    [({"quota_bytes": 20_000_000}, "storage"), ({"max_upload_bytes": 20_000_000}, "at most 20 MB")],
)
async def test_a_file_beyond_quota_or_limit_fails_at_once_whatever_the_disk_holds(
    make_house: MakeHouse, most: dict[str, int], word: str
) -> None:
    house = await make_house(**OPEN, **most, disk_reserve_bytes=10**15)
    person = await house.person()

    async def behave(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answer(writer, "HTTP/1.1 200 OK", "Content-Length: 99999999")

    async with origin(DATA, behave) as server:
        video = await begin(person, server.address)
        await fetch(house)
        assert len(server.asked) == 1
    failed = await look(person, video)
    assert (failed["state"], word in failed["reason"]) == ("failed", True), failed["reason"]


async def test_a_server_that_is_away_is_asked_again_and_then_left(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    async with origin(DATA) as server:
        pass
    video = await begin(person, server.address)
    await fetch(house, tries=1)
    waits = await look(person, video)
    assert waits["state"] == "uploading"
    told = waits["upload"]["fetch"]
    assert (told["state"], "cannot be reached" in told["trouble"]) == ("waiting", True)
    assert told["next_try_at"] is not None
    await fetch(house)
    failed = await look(person, video)
    assert (failed["state"], "tried 8 times" in failed["reason"]) == ("failed", True)


async def test_a_cancelled_import_stops_and_may_be_taken_up_again(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    go_on = asyncio.Event()

    async def slow(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(self.asked) > 1:
            await self.give(asked, writer)
            return
        await answer(writer, "HTTP/1.1 200 OK", f"Content-Length: {len(DATA)}", body=DATA[:500_000])
        await go_on.wait()
        writer.write(DATA[500_000:])

    async with origin(DATA, slow) as server:
        video = await begin(person, server.address)
        running = asyncio.create_task(fetch(house, tries=1))

        async def offset() -> int:
            upload = (await look(person, video))["upload"]
            return int(upload["offset_bytes"])

        await until(offset, lambda held: held == 500_000)
        cancelled = await person.client.post(f"/api/v1/videos/{video['id']}/cancel")
        assert cancelled.json()["state"] == "cancelled"
        go_on.set()
        await running
        await house.run_jobs("io")
        assert await kept(house) == []
        assert [part async for part in house.parts.storage.parts()] == []
        assert (await look(person, video))["state"] == "cancelled"
        assert (await person.client.post(f"/api/v1/videos/{video['id']}/retry")).json()[
            "state"
        ] == "uploading"
        await fetch(house)
    assert await kept(house) == [DATA]


async def test_a_worker_that_dies_in_the_middle_leaves_what_is_durable_to_the_next(
    make_house: MakeHouse,
) -> None:
    house = await make_house(**OPEN, upload_lease_s=1)
    person = await house.person()

    async def stops(self: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(self.asked) > 1:
            await self.give(asked, writer)
            return
        await answer(
            writer, "HTTP/1.1 200 OK", f"Content-Length: {len(DATA)}", 'ETag: "one"', body=DATA[:1_500_000]
        )
        await asyncio.sleep(60)

    async with origin(DATA, stops) as server:
        video = await begin(person, server.address)
        dying = asyncio.create_task(fetch(house, tries=1))

        async def offset() -> int:
            return int((await look(person, video))["upload"]["offset_bytes"])

        await until(offset, lambda held: held == 1_500_000)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        async with house.works.open() as work:  # as if it had not even had the time to give its lease back
            await work.session.execute(
                text(
                    "UPDATE files_upload SET lease_owner = id, lease_expires_at = now() + interval '1 second'"
                )
            )
        await fetch(house)
        assert [asked.start for asked in server.asked] == [0, 1_500_000]
    assert await kept(house) == [DATA]


async def test_a_fetch_whose_job_was_lost_is_woken(make_house: MakeHouse) -> None:
    house = await make_house(**OPEN)
    person = await house.person()
    async with origin(DATA) as server:
        await begin(person, server.address)
        async with house.works.open() as work:
            await files.start_fetches(work)
        async with house.works.open() as work:
            await work.session.execute(text("DELETE FROM procrastinate_jobs"))
            await files.sweep(work)
        assert await house.waiting("files.run_fetch") == []
        house.works.clock = lambda: utc_now() + timedelta(minutes=6)
        for _ in range(2):
            async with house.works.open() as work:
                await files.sweep(work)
        assert len(await house.waiting("files.run_fetch")) == 1
        await fetch(house)
    assert await kept(house) == [DATA]
