"""What who runs the house sees and may do, over HTTP and in the terminal."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import typer
from sqlalchemy import text
from tests.features.files.tickets import blob_id, ticket
from tests.features.videos.film import Film
from tests.support.films import film, upload
from tests.support.house import House, Person
from typer.testing import CliRunner, Result

from matinee.entrypoints.cli.storage import commands as storage
from matinee.entrypoints.parts import assemble, opened
from matinee.features.admin.commands import commands
from matinee.features.encoding import service as encoding
from matinee.features.files import service as files
from matinee.features.files.messages import HashBlob, SweepUploads
from matinee.infra.jobs.rescue import note_worker
from matinee.infra.work import Works
from matinee.kernel.ids import BlobId


async def with_jobs(house: House, number: int = 3) -> None:
    async with house.works.open() as work:
        for _ in range(number):
            work.send(HashBlob(blob_id=BlobId(uuid4())))


async def jobs(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = await person.client.get("/api/v1/admin/jobs", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def a_dead_job(house: House) -> int:
    """The number of a job that failed at its last try."""
    await with_jobs(house, 1)
    async with house.works.open() as work:
        found = await work.session.scalar(
            text("UPDATE procrastinate_jobs SET status = 'failed', attempts = 4 RETURNING id")
        )
        await work.session.execute(
            text("INSERT INTO infra_job_note (job_id, error) VALUES (:i, 'OSError: the disk is gone')"),
            {"i": found},
        )
    assert found is not None
    return int(found)


async def test_the_overview_counts_what_waits_and_what_videos_do(house: House) -> None:
    operator = await house.person("admin")
    await with_jobs(house)
    made = await operator.client.post("/api/v1/videos", json={"title": "A film"})
    assert made.status_code == 201
    seen = (await operator.client.get("/api/v1/admin/overview")).json()
    lanes = {queue["lane"]: queue for queue in seen["queues"]}
    assert set(lanes) >= {"io", "cpu", "gpu"}
    assert lanes["io"]["waiting"] >= 3
    assert lanes["io"]["oldest_waiting_s"] >= 0
    assert seen["workers"] == []
    assert 0 < seen["disk"]["free_bytes"] <= seen["disk"]["total_bytes"]
    assert seen["videos"]["by_state"]["uploading"] == 1
    assert seen["playable_s"] == {"p50": None, "p95": None}


async def test_the_overview_says_whose_encoders_hardly_get_a_processor(house: House) -> None:
    operator = await house.person("admin")

    async def since(name: str, **how: bool) -> str | None:
        await note_worker(house.works, name, {"cpu": 2}, 60, **how)
        workers = (await operator.client.get("/api/v1/admin/overview")).json()["workers"]
        (found,) = [worker for worker in workers if worker["name"] == name]
        return found["starving_since"]  # type: ignore[no-any-return]

    assert await since("one") is None
    noticed = await since("two", starving=True)
    assert noticed is not None
    assert await since("two", starving=True) == noticed
    assert await since("one") is None
    assert await since("two") is None


async def test_what_waits_is_what_is_due(house: House) -> None:
    operator = await house.person("admin")
    await with_jobs(house)

    async def waiting() -> tuple[int, bool]:
        queues = (await operator.client.get("/api/v1/admin/overview")).json()["queues"]
        (lane,) = [queue for queue in queues if queue["lane"] == "io"]
        return lane["waiting"], lane["oldest_waiting_s"] is None

    async def put_off(words: str) -> None:
        async with house.works.open() as work:
            await work.session.execute(text(f"UPDATE procrastinate_jobs SET scheduled_at = {words}"))

    due, _ = await waiting()
    assert due >= 3
    await put_off("now() + interval '1 hour'")
    assert await waiting() == (0, True)
    await put_off("now() - interval '1 second'")
    assert await waiting() == (due, False)


async def test_jobs_are_listed_newest_first_and_page_by_page(house: House) -> None:
    operator = await house.person("admin")
    await with_jobs(house, 5)
    first = (await operator.client.get("/api/v1/admin/jobs", params={"limit": 3})).json()
    rest = (
        await operator.client.get("/api/v1/admin/jobs", params={"limit": 3, "cursor": first["next_cursor"]})
    ).json()
    numbers = [job["id"] for job in first["items"] + rest["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 5
    assert rest["next_cursor"] is None
    assert {job["kind"] for job in first["items"]} == {"files.hash_blob"}
    for cursor in ("x", "-1", "9" * 20, "²"):
        answer = await operator.client.get("/api/v1/admin/jobs", params={"cursor": cursor})
        assert answer.status_code == 422, cursor


async def test_a_dead_job_shows_its_error_and_is_tried_again_by_button(house: House) -> None:
    operator = await house.person("admin")
    number = await a_dead_job(house)
    (dead,) = await jobs(operator, state="failed")
    assert (dead["id"], dead["error"]) == (number, "OSError: the disk is gone")
    refused = await operator.client.post(f"/api/v1/admin/jobs/{number}/cancel")
    assert refused.status_code == 409
    assert (await operator.client.post(f"/api/v1/admin/jobs/{number}/retry")).status_code == 204
    (waiting,) = await jobs(operator, state="waiting")
    assert (waiting["id"], waiting["attempts"]) == (number, 0)
    await house.run_jobs("io")
    assert number in [job["id"] for job in await jobs(operator, state="done")]


async def test_a_step_s_cancel_cancels_its_encode_and_nothing_else_can_be_cancelled(
    house: House, tmp_path: Path
) -> None:
    operator, creator = await house.person("admin"), await house.person()
    await with_jobs(house, 1)
    (other,) = await jobs(operator)
    refused = await operator.client.post(f"/api/v1/admin/jobs/{other['id']}/cancel")
    assert (refused.status_code, "never be done" in refused.text) == (409, True)
    video = await upload(creator.client, film(tmp_path, seconds=2))
    async with house.works.open() as work:
        (blob_id,) = await work.session.scalars(text("SELECT id FROM files_blob"))
        await encoding.begin(work, video["id"], blob_id, work.now)
    (check,) = [job for job in await jobs(operator) if job["kind"] == "encoding.run_urgent_step"]
    assert (await operator.client.post(f"/api/v1/admin/jobs/{check['id']}/cancel")).status_code == 204
    assert (await creator.client.get(f"/api/v1/videos/{video['id']}")).json()["state"] == "cancelled"
    assert check["id"] in [found["id"] for found in await jobs(operator, state="cancelled")]
    assert (await operator.client.post(f"/api/v1/admin/jobs/{check['id']}/cancel")).status_code == 409
    assert (await operator.client.post(f"/api/v1/admin/jobs/{check['id']}/retry")).status_code == 409
    assert (await operator.client.post("/api/v1/admin/jobs/123456/retry")).status_code == 404


async def test_nobody_else_sees_or_steers_jobs(house: House) -> None:
    creator = await house.person("creator")
    await with_jobs(house, 1)
    for path in ("overview", "jobs", "encodes"):
        assert (await creator.client.get(f"/api/v1/admin/{path}")).status_code == 403
    assert (await creator.client.post("/api/v1/admin/jobs/1/cancel")).status_code == 403
    operator = await house.person("admin")
    gateway = house.app.state.gateway
    assert await gateway.resolve(house.works, creator.actor, "jobs") is None
    assert await gateway.resolve(house.works, operator.actor, "jobs") == "jobs"
    assert await gateway.resolve(house.works, operator.actor, "jobs:1") is None


async def test_encodes_are_shown_with_their_video_and_steps(house: House, tmp_path: Path) -> None:
    operator = await house.person("admin")
    assert (await operator.client.get("/api/v1/admin/encodes")).json() == {"items": []}
    file = tmp_path / "film.mp4"
    file.write_text("This is not a film at all.\n" * 50)
    video = await upload((await house.person()).client, file)
    await house.run_jobs()
    (encode,) = (await operator.client.get("/api/v1/admin/encodes")).json()["items"]
    assert (encode["video"]["id"], encode["state"]) == (video["id"], "rejected")
    assert [step["name"] for step in encode["steps"]]
    assert (await operator.client.get("/api/v1/admin/encodes", params={"active": True})).json()["items"] == []


async def terminal(house: House, *arguments: str) -> Result:
    """`matinee jobs …`."""
    return await in_terminal(house, commands, *arguments)


async def in_terminal(house: House, verbs: typer.Typer, *arguments: str) -> Result:
    """`matinee …` over parts of its own, as a process of its own would have."""

    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    return await asyncio.to_thread(CliRunner().invoke, verbs, list(arguments), obj=open_works)


async def test_jobs_are_steered_from_the_terminal(house: House) -> None:
    number = await a_dead_job(house)
    async with house.works.open() as work:
        work.send(SweepUploads())
    listed = await terminal(house, "ls", "--state", "failed")
    assert (listed.exit_code, str(number) in listed.output) == (0, True)
    assert "files.sweep_uploads" not in listed.output
    assert "the disk is gone" in (await terminal(house, "show", str(number))).output
    assert (await terminal(house, "retry", str(number))).exit_code == 0
    for refused in (("retry", str(number)), ("cancel", str(number)), ("show", "999999")):
        answer = await terminal(house, *refused)
        assert (answer.exit_code, len(answer.output.splitlines())) == (1, 1), "a sentence"
    assert (await terminal(house, "ls", "--state", "asleep")).exit_code == 2


async def test_a_paused_lane_begins_nothing_until_it_goes_on(house: House) -> None:
    operator = await house.person("admin")
    await with_jobs(house, 2)
    assert (await operator.client.post("/api/v1/admin/lanes/io/pause")).status_code == 204
    assert (await operator.client.post("/api/v1/admin/lanes/attic/pause")).status_code == 404
    seen = (await operator.client.get("/api/v1/admin/overview")).json()
    assert [queue["lane"] for queue in seen["queues"] if queue["paused_at"]] == ["io"]

    async def left() -> int:
        return sum(job["kind"] == "files.hash_blob" for job in await jobs(operator, state="waiting"))

    async with _working(house):
        await asyncio.sleep(1.5)  # longer than an idle worker takes to look
        assert await left() == 2
        assert (await terminal(house, "resume", "io")).exit_code == 0
        async with asyncio.timeout(20):
            while await left():
                await asyncio.sleep(0.1)
    assert "io" in (await terminal(house, "lanes")).output


@asynccontextmanager
async def _working(house: House) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(house.parts.queue.work(house.works, {"io": 2}, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def test_the_storage_report_says_whose_and_what_the_bytes_are(house: House) -> None:
    operator, owner = await house.person("admin"), await house.person(handle="keeper")
    await Film.playing(house, owner)
    for _ in range(2):
        mine = await ticket(house, owner)
        address = await mine.address(1000)
        await mine.bring(address, 0, b"x" * 1000)
    async with house.works.open() as work:
        assert await files.share_original(work, blob_id(address))
    answer = await operator.client.get("/api/v1/admin/storage")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["shared_bytes"] == 1000
    total = report["originals_bytes"] + report["generated_bytes"]
    assert report["stored_bytes"] == total + report["unfinished_bytes"] - 1000
    for sort in ("rooms", "kinds", "ages"):
        assert sum(row["size_bytes"] for row in report[sort]) == total, sort
    assert [row["name"] for row in report["rooms"]] == ["videos"]
    assert {row["name"] for row in report["kinds"]} >= {"source", "rendition"}
    assert "240p" in {row["name"] for row in report["renditions"]}
    assert [row["name"] for row in report["ages"]] == ["a day", "a week", "a month", "a year", "longer"]
    assert report["ages"][0]["size_bytes"] == total
    (account,) = report["accounts"]
    assert account["handle"] == "keeper"
    assert account["originals_bytes"] + account["generated_bytes"] == total
    assert (await owner.client.get("/api/v1/admin/storage")).status_code == 403


async def test_the_terminal_tells_and_sweeps_the_storage(house: House) -> None:
    await Film.playing(house, await house.person(handle="keeper"))
    told = await in_terminal(house, storage, "report")
    assert told.exit_code == 0, told.output
    assert "keeper" in told.output
    assert "240p" in told.output
    as_json = json.loads((await in_terminal(house, storage, "report", "--json")).output)
    assert as_json["accounts"][0]["handle"] == "keeper"
    swept = await in_terminal(house, storage, "sweep", "--dry-run", "--json")
    assert json.loads(swept.output)["orphans"] == 0
