"""What could leave an encode in between: each ends in going on, or in a reason that says what happened."""

import asyncio
import errno
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from PIL import Image
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.encoding.test_encode import broken_ffmpeg, until, worker
from tests.infra.test_silent_database import FULL, full
from tests.support import films as f
from tests.support.house import House, Person

from matinee.engines.media import Rejected, tracks
from matinee.features.encoding import handlers
from matinee.features.encoding import service as encoding
from matinee.features.encoding.messages import NormalisePoster
from matinee.features.encoding.schemas import StepInfo
from matinee.features.encoding.service import ordering, publish, run
from matinee.features.files.messages import UploadCompleted
from matinee.features.videos.messages import VideoRetryAsked
from matinee.infra.jobs import ledger
from matinee.infra.storage.port import Stored
from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import VideoId

LONG: dict[str, Any] = {"seconds": 84, "size": "160x90", "fps": 10, "codec": "mpeg4", "audio": False}
"""Three chunks of one rung, which begin with segments 0, 7 and 14. Its sound would cost more than its pictures."""


async def steps(house: House, video: dict[str, Any]) -> dict[str, StepInfo]:
    async with house.works.open() as work:
        return {step.name: step for step in await encoding.steps_of(work, VideoId(UUID(video["id"])))}


async def written(house: House, words: str) -> None:
    async with house.works.open() as work:
        await work.session.execute(text(words))


def impatient(house: House) -> None:
    """Jobs that failed are tried again at once."""
    for kind in encoding.STEP_KINDS:
        strategy: Any = house.parts.queue.app.tasks[kind].retry_strategy
        strategy.backoff_s = 0


async def dead_letters(house: House) -> list[ledger.JobInfo]:
    async with house.works.open() as work:
        return await ledger.jobs(work.session, state="failed")


async def ended(house: House, person: Person, video: dict[str, Any]) -> dict[str, Any]:
    await house.run_jobs()
    return await f.get(person.client, video["id"])


async def stored(house: House) -> dict[str, tuple[object, int]]:
    found = house.parts.storage.list()
    return {s.key: (s.modified_at, s.size_bytes) async for s in found if s.key.endswith(".m4s")}


async def segments(house: House) -> list[tuple[int, float, int]]:
    """Number, seconds and bytes of all that are recorded."""
    async with house.works.open() as work:
        query = "SELECT number, duration_s, size_bytes FROM videos_segment ORDER BY rendition_id, number"
        return [(row[0], row[1], row[2]) for row in await work.session.execute(text(query))]


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param("echo 'poison in the middle' >&2; exit 1", id="dies", marks=pytest.mark.slow),
        pytest.param("sleep 600", id="hangs"),
    ],
)
async def test_a_poisoned_chunk_fails_alone_and_its_retry_repeats_nothing_else(
    make_house: MakeHouse, films: Path, tmp_path: Path, behaviour: str
) -> None:
    only = f'case "$*" in */.*-7.mp4*) {behaviour};; esac'
    program, switch = broken_ffmpeg(tmp_path, only)
    house = await make_house(ffmpeg=program, encode_quiet_s=1)
    impatient(house)
    person = await house.person()
    made = await f.upload(person.client, f.film(films, **LONG))
    video = await ended(house, person, made)
    assert video["state"] == "failed"
    assert "Your file is kept" in video["reason"]
    assert ("hung and was stopped" if "sleep" in behaviour else "Encoding failed") in video["reason"]
    assert "sleep" in behaviour or "poison in the middle" in video["error_log"]
    before = await steps(house, made)
    (poisoned,) = [step for step in before.values() if step.state == "failed"]
    assert poisoned.attempts == 4
    chunks = {step.state for step in before.values() if step.kind == "chunk" and step is not poisoned}
    assert chunks <= {"done", "waiting", "cancelled"}, "only what is poisoned has failed"
    assert len(await dead_letters(house)) == 1
    whole = [step.name for step in before.values() if step.kind == "chunk" and step.state == "done"]
    kept = [f"/{n}.m4s" for name in whole for n in range(7 * int(name[-1]), 7 * int(name[-1]) + 7)]
    segments = {key: told for key, told in (await stored(house)).items() if key.endswith(tuple(kept))}
    switch.unlink()
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 200
    assert (await ended(house, person, made))["state"] == "ready"
    after = await steps(house, made)
    done = [name for name, step in before.items() if step.state == "done"]
    again = [name for name in done if after[name].attempts > before[name].attempts]
    assert again == [], "a step that was done ran again"
    assert after[poisoned.name].attempts == 1
    assert segments.items() <= (await stored(house)).items()


async def due(house: House) -> None:
    await written(house, "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")


def failing_disk(patch: pytest.MonkeyPatch, number: int) -> list[Path]:
    """Segments after the third cannot be written. Returns those that were tried."""
    tried: list[Path] = []
    plain = tracks.replace_file

    def failing(path: Path, data: bytes) -> None:
        if path.name.endswith(".m4s") and int(path.stem) > 2:
            tried.append(path)
            raise OSError(number, os.strerror(number))
        plain(path, data)

    patch.setattr(tracks, "replace_file", failing)
    return tried


async def test_a_disk_that_fails_puts_a_step_off_and_uses_up_none_of_its_tries(
    house: House, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    with monkeypatch.context() as patch:
        tried = failing_disk(patch, errno.EIO)
        made = await f.upload(person.client, f.film(films, **LONG))
        for _ in range(5):
            video = await ended(house, person, made)
            assert video["state"] == "playable"
            assert video["progress"]["waits"].startswith("This machine failed: Input/output error.")
            assert video["progress"]["left_s"] is None
            assert (await f.get(await house.client(), made["id"]))["progress"]["waits"] is None
            await due(house)
        assert len(tried) >= 5
        assert await dead_letters(house) == []
        async with house.works.open() as work:
            left = await ledger.jobs(work.session, state="waiting")
        assert {job.attempts for job in left} == {0}
    assert (await ended(house, person, made))["state"] == "ready"
    assert list((house.settings.house.data_dir / "scratch").iterdir()) == []


async def test_a_disk_that_stays_full_is_named_and_the_retry_finishes(
    house: House, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(house)
    monkeypatch.setattr(ordering, "PUT_OFF_TIMES", 1)
    person = await house.person()
    with monkeypatch.context() as patch:
        failing_disk(patch, errno.ENOSPC)
        made = await f.upload(person.client, f.film(films, **LONG))
        assert (await ended(house, person, made))["state"] == "playable"
        await due(house)
        video = await ended(house, person, made)
    assert video["state"] == "failed"
    assert "The disk of the house's working folder is full." in video["reason"]
    assert str(house.settings.house.data_dir) not in video["reason"]
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 200
    assert (await ended(house, person, made))["state"] == "ready"


async def test_a_store_that_is_away_for_long_fails_no_film(
    house: House, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(house)
    person = await house.person()
    away = True
    plain = house.parts.storage.put_file

    async def put_file(key: str, path: Path, *, move: bool = False) -> Stored:
        if away and key.endswith("/3.m4s"):
            raise Unavailable("The store cannot be reached: no connection.")
        return await plain(key, path, move=move)

    monkeypatch.setattr(house.parts.storage, "put_file", put_file)
    made = await f.upload(person.client, f.film(films, **LONG))
    for _ in range(3):
        video = await ended(house, person, made)
        assert video["state"] == "playable"
        assert video["progress"]["waits"].startswith("The store cannot be reached: no connection.")
        await due(house)
    tried = {step.attempts for step in (await steps(house, made)).values() if step.state == "failed"}
    assert tried == {12}, "at once after a fault that is soon over, and later again"
    assert await dead_letters(house) == []
    away = False
    assert (await ended(house, person, made))["state"] == "ready"


@pytest.mark.slow
async def test_a_database_without_room_fails_no_film_and_it_goes_on_once_there_is_some(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2, codec="mpeg4"))
    await written(house, FULL)
    await written(house, full("videos_segment"))
    for _ in range(6):
        assert (await ended(house, person, made))["state"] in ("checking", "encoding")
        await due(house)
    assert await dead_letters(house) == []
    failed = [step for step in (await steps(house, made)).values() if step.state == "failed"]
    assert failed
    assert all("No space left on device" in (step.log or "") for step in failed)
    await written(house, "DROP TRIGGER no_room ON videos_segment")
    assert (await ended(house, person, made))["state"] == "ready"


async def test_what_a_dead_worker_stored_and_did_not_record_is_recorded_and_not_made_again(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, **LONG))
    ready = await ended(house, person, made)
    before, recorded = await stored(house), await segments(house)
    cut = next(key for key in before if key.endswith("/9.m4s"))
    path = await house.parts.storage.here(cut)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-1])
    await written(house, "DELETE FROM videos_segment WHERE number BETWEEN 8 AND 11")
    await written(house, "UPDATE encoding_step SET state = 'running' WHERE first_segment = 7")
    await written(house, "UPDATE encoding_encode SET state = 'encoding'")
    await written(house, "UPDATE videos_video SET state = 'encoding'")
    await written(
        house, "UPDATE procrastinate_jobs SET status = 'todo' WHERE args->'message'->>'step' LIKE '%-1'"
    )
    assert (await ended(house, person, made))["state"] == "ready"
    after = await stored(house)
    assert {key for key in before if after[key][0] != before[key][0]} == {cut}, (
        "only what is not whole is made again"
    )
    assert [row[:2] for row in await segments(house)] == [row[:2] for row in recorded]
    assert {now for now in await segments(house) if now not in recorded} <= {(9, 4.0, after[cut][1])}
    assert (await f.get(person.client, made["id"]))["duration_s"] == ready["duration_s"]


@pytest.mark.slow
async def test_a_step_that_fails_records_what_it_has_stored(
    make_house: MakeHouse, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house()
    monkeypatch.setattr(publish, "FLUSH_S", 3600.0)
    plain = house.parts.storage.put_file

    async def breaking(key: str, path: Path, *, move: bool = False) -> Stored:
        if key.endswith("/12.m4s"):
            raise Unavailable("The store does not answer.")
        return await plain(key, path, move=move)

    monkeypatch.setattr(house.parts.storage, "put_file", breaking)
    person = await house.person()
    made = await f.upload(person.client, f.film(films, **LONG))
    await ended(house, person, made)
    assert {step.state for name, step in (await steps(house, made)).items() if name.endswith("-1")} == {
        "failed"
    }
    assert {number for number, *_ in await segments(house)} >= set(range(7, 12))


@pytest.mark.slow
async def test_a_film_is_not_dropped_for_a_picture_that_cannot_be_made(
    house: House, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(house)
    person = await house.person()

    async def killed(*_: object, **__: object) -> None:
        raise Rejected(
            "unsupported", "This picture cannot be read: it may be damaged.", "reader ended with -9"
        )

    with monkeypatch.context() as patch:
        patch.setattr(run, "make_posters", killed)
        with structlog.testing.capture_logs() as lines:
            made = await f.upload(person.client, f.film(films, seconds=2))
            video = await ended(house, person, made)
        assert (video["state"], video["poster"], video["reason_code"]) == (
            "ready",
            None,
            "encoding.no_pictures",
        )
        assert "try again, or choose a picture of your own" in video["reason"]
        assert "reader ended with -9" in video["error_log"]
        assert video["playback"]["storyboard"]
        guest = await house.client()
        assert (await f.get(guest, made["id"]))["reason"] is None
        assert [line["step"] for line in lines if line["event"] == "encoding.step_given_up"] == ["pictures"]
        assert 'matinee_encodes_without{kind="pictures"} 1.0' in (await guest.get("/metrics")).text
        assert len(await dead_letters(house)) == 1
        async with house.works.open() as work:
            assert await encoding.mend(work) == 0
        taken = await person.client.post(f"/api/v1/videos/{made['id']}/retry")
        assert (taken.status_code, taken.json()["state"], taken.json()["reason"]) == (200, "ready", None)
        video = await ended(house, person, made)
        assert (video["state"], video["reason_code"]) == ("ready", "encoding.no_pictures")
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 200
    video = await ended(house, person, made)
    assert (video["state"], video["reason"], video["error_log"]) == ("ready", None, None)
    assert video["poster"]
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 409
    assert 'matinee_encodes_without{kind="pictures"} 0.0' in (await guest.get("/metrics")).text


@pytest.mark.slow
async def test_a_picture_of_the_owners_own_stands_for_those_that_could_not_be_made(
    house: House, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(house)
    person = await house.person()

    async def no_pictures(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(run, "make_posters", no_pictures)
    made = await f.upload(person.client, f.film(films, seconds=2))
    assert (await ended(house, person, made))["reason_code"] == "encoding.no_pictures"
    Image.new("RGB", (1600, 900), (200, 30, 30)).save(picture := tmp_path / "still.png")
    await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
    video = await ended(house, person, made)
    assert (video["state"], video["reason_code"]) == ("ready", None)
    assert video["poster"]


@pytest.mark.slow
async def test_a_check_whose_worker_died_after_its_plan_ends_once_more(house: House, films: Path) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    await house.run_jobs()
    await written(house, "UPDATE encoding_step SET state = 'running' WHERE name = 'check'")
    await written(house, "UPDATE encoding_encode SET state = 'encoding'")
    await written(
        house,
        "UPDATE procrastinate_jobs SET status = 'todo' WHERE args->'message'->>'step' = 'check'",
    )
    await house.run_jobs()
    found = await steps(house, made)
    assert {step.state for step in found.values()} == {"done"}
    assert found["check"].attempts == 2


@pytest.mark.parametrize("ended_as", [pytest.param("failed", marks=pytest.mark.slow), None])
async def test_a_step_that_lost_its_job_is_found(house: House, films: Path, ended_as: str | None) -> None:
    """Its job lies among the dead letters and nobody could bury it, or there is none at all."""
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    await house.run_jobs()
    await written(house, "UPDATE encoding_step SET state = 'running' WHERE kind = 'chunk'")
    await written(house, "UPDATE encoding_encode SET state = 'encoding'")
    await written(house, "UPDATE videos_video SET state = 'encoding'")
    chunks = "WHERE task_name = 'encoding.run_long_step'"
    dead = f"UPDATE procrastinate_jobs SET status = 'failed' {chunks}"
    await written(house, dead if ended_as else f"DELETE FROM procrastinate_jobs {chunks}")
    async with house.works.open() as work:
        assert await encoding.mend(work) == 1
    video = await ended(house, person, made)
    if ended_as:
        assert video["state"] == "failed"
        assert "worker ended without a word" in video["reason"]
        assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 200
        video = await ended(house, person, made)
    assert video["state"] == "ready"
    async with house.works.open() as work:
        assert await encoding.mend(work) == 0


@pytest.mark.slow
async def test_an_encode_whose_last_step_was_not_counted_ends(house: House, films: Path) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    await house.run_jobs()
    await written(house, "UPDATE encoding_encode SET state = 'encoding'")
    await written(house, "UPDATE videos_video SET state = 'playable', ready_at = NULL")
    async with house.works.open() as work:
        assert await encoding.mend(work) == 1
    assert (await f.get(person.client, made["id"]))["state"] == "ready"


@pytest.mark.slow
async def test_what_has_a_job_is_left_alone(make_house: MakeHouse, films: Path, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.mkdir()
    (hold / "all-0").touch()
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, seconds=2))
        await until(person, made["id"], lambda video: video["state"] == "playable")
        async with asyncio.timeout(30):
            while (await steps(house, made))["all-0"].state != "running":
                await asyncio.sleep(0.05)
        async with house.works.open() as work:
            assert await encoding.mend(work) == 0
        (hold / "all-0").unlink()
        await until(person, made["id"], lambda video: video["state"] == "ready")


async def test_a_picture_that_nobody_could_prepare_says_so_and_frees_its_bytes(
    house: House, films: Path, tmp_path: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    Image.new("RGB", (160, 90), (200, 30, 30)).save(picture := tmp_path / "still.png")
    await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
    for job in await house.waiting("encoding.take_source"):
        message = UploadCompleted.from_json(job["message"])
        async with house.works.open() as work:
            await handlers.take_source(work, message)
    (job,) = await house.waiting("encoding.make_poster")
    async with house.works.open() as work:
        await handlers.bury_poster(work, NormalisePoster.from_json(job["message"]), "the last error")
    video = await f.get(person.client, made["id"])
    assert "could not prepare" in video["poster_reason"]
    kept = (await person.client.get("/api/v1/me/storage")).json()
    assert kept["used_bytes"] == f.film(films, seconds=2).stat().st_size


@pytest.mark.slow
async def test_a_file_that_nobody_could_begin_with_says_so_and_can_be_begun_later(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    (job,) = await house.waiting("encoding.take_source")
    message = UploadCompleted.from_json(job["message"])
    async with house.works.open() as work:
        await handlers.bury_source(work, message, "the last error")
    video = await f.get(person.client, made["id"])
    assert (video["state"], "could not begin" in video["reason"]) == ("failed", True)
    assert (await ended(house, person, made))["state"] == "ready"


@pytest.mark.slow
async def test_a_retry_that_nobody_could_take_up_fails_and_may_be_asked_for_again(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    await house.run_jobs("gpu")
    async with house.works.open() as work:
        for job in await house.waiting("encoding.take_source"):
            await handlers.take_source(work, UploadCompleted.from_json(job["message"]))
    again = f"/api/v1/videos/{made['id']}/retry"
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/cancel")).status_code == 200
    assert (await person.client.post(again)).status_code == 200
    async with house.works.open() as work:
        await handlers.bury_retry(work, VideoRetryAsked(video_id=VideoId(UUID(made["id"]))), "the last error")
    video = await f.get(person.client, made["id"])
    assert (video["state"], "could not be taken up" in video["reason"]) == ("failed", True)
    assert (await person.client.post(again)).status_code == 200
    assert (await ended(house, person, made))["state"] == "ready"
