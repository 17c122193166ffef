"""From a whole upload to a stream: what the uploader and a viewer see through HTTP."""

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
from PIL import Image
from tests.conftest import MakeHouse
from tests.support import films as f
from tests.support.house import House, Person

from matinee.features.encoding import service as encoding
from matinee.features.videos.messages import VideoCancelAsked, VideoRetryAsked
from matinee.kernel.ids import VideoId

TALL: dict[str, Any] = {"size": "1280x720", "seconds": 5, "fps": 10, "key_every_s": 3}
"""A film of four rungs."""


@contextlib.asynccontextmanager
async def worker(house: House) -> AsyncIterator[None]:
    """A worker of this process, as it runs beside the API."""
    stop = asyncio.Event()
    task = asyncio.create_task(house.parts.queue.work(house.works, {"io": 4, "cpu": 2}, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(person: Person, video_id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The video as soon as it is as `wanted`."""
    async with asyncio.timeout(60):
        while True:
            video = await f.get(person.client, video_id)
            if wanted(video):
                return video
            await asyncio.sleep(0.05)


async def heights(person: Person, video_id: str) -> set[int]:
    """What the master offers now; nothing while there is none."""
    video = await f.get(person.client, video_id)
    if video["state"] not in ("playable", "ready"):
        return set()
    return {p.stream_info.resolution[1] for p in (await f.master(person.client, video)).playlists}


async def test_a_film_that_browsers_play_becomes_ready_on_every_rung(
    house: House, films: Path, tmp_path: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, **TALL))
    await house.run_jobs()
    video = await f.get(person.client, made["id"])
    assert video["state"] == "ready", video
    assert video["playable_s"] is not None
    assert [rung["name"] for rung in video["ladder"]] == ["240p", "360p", "480p", "720p"]
    assert {rung["state"] for rung in video["ladder"]} == {"done"}
    assert video["source"]["video"]["codec"] == "h264"
    master = await f.master(person.client, video)
    assert len(master.playlists) == 4
    for playlist in master.playlists:
        data = await f.stream(person.client, urljoin(video["playback"]["hls"], playlist.uri))
        times = f.frames(data, tmp_path)
        assert len(times) == 50
        assert times == sorted(times)
    assert video["poster"] is not None
    poster = await person.client.get(f"{video['poster']['base']}/320.webp")
    assert poster.status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        {"key_every_s": 1},
        pytest.param({"key_every_s": 10, "seconds": 12}, marks=pytest.mark.slow),
        pytest.param({"key_every_s": 1000, "seconds": 12}, marks=pytest.mark.slow),
        {"codec": "mpeg4"},
        pytest.param({"audio": False}, marks=pytest.mark.slow),
        pytest.param({"codec": "mpeg4", "audio": False}, marks=pytest.mark.slow),
    ],
    ids=str,
)
async def test_the_film_plays_while_its_ladder_still_waits(
    make_house: MakeHouse, films: Path, tmp_path: Path, kind: dict[str, Any]
) -> None:
    hold = tmp_path / "hold"
    hold.mkdir()
    for name in ("all-0", "low-0", "high-0"):
        (hold / name).touch()
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, **kind))
        video = await until(person, made["id"], lambda video: video["state"] == "playable")
        copied = kind.get("codec", "h264") == "h264" and kind.get("key_every_s", 2) <= 10
        assert video["source_playing"] is copied, video
        master = await f.master(person.client, video)
        data = await f.stream(person.client, urljoin(video["playback"]["hls"], master.playlists[0].uri))
        assert len(f.frames(data, tmp_path)) >= 25
        for name in ("all-0", "low-0", "high-0"):
            (hold / name).unlink()
        ready = await until(person, made["id"], lambda video: video["state"] == "ready")
        assert ready["playback"]["revision"] >= video["playback"]["revision"]
        data = await f.stream(person.client, urljoin(ready["playback"]["hls"], master.playlists[0].uri))
        # Of its own length: with MP3 in AVI, ffmpeg leaves a frame out, which is shown twice.
        assert len(f.frames(data, tmp_path)) == round(ready["duration_s"] * 25)
        assert abs(ready["duration_s"] - kind.get("seconds", 6)) < 0.05


@pytest.mark.slow
async def test_the_low_rungs_play_while_the_high_ones_are_held(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.mkdir()
    (hold / "high-0").touch()
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, **TALL))
        # The sound may come last; nothing plays from two rungs before it.
        async with asyncio.timeout(60):
            while await heights(person, made["id"]) != {240, 360}:
                await asyncio.sleep(0.1)
        video = await f.get(person.client, made["id"])
        assert video["state"] == "playable"
        assert [rung["state"] for rung in video["ladder"]][:2] == ["done", "done"]
        figures = (await person.client.get("/metrics")).text
        assert 'matinee_encodes{state="encoding"} 1.0' in figures
        assert float(figures.split("\nmatinee_encode_speed ")[1].split()[0]) > 0
        (hold / "high-0").unlink()
        video = await until(person, made["id"], lambda video: video["state"] == "ready")
        assert 'matinee_encodes{state="encoding"} 0.0' in (await person.client.get("/metrics")).text
        assert await heights(person, made["id"]) == {240, 360, 480, 720}


async def test_what_is_not_a_video_is_rejected_with_a_sentence_and_its_bytes_go(
    house: House, tmp_path: Path
) -> None:
    person = await house.person()
    path = tmp_path / "notes.mp4"
    path.write_text("Milk, bread, two lemons.\n" * 100)
    made = await f.upload(person.client, path)
    await house.run_jobs()
    video = await f.get(person.client, made["id"])
    assert video["state"] == "rejected"
    assert video["reason_code"] == "encoding.not_a_video"
    assert len(video["reason"].split()) > 4
    usage = (await person.client.get("/api/v1/me/storage")).json()
    assert usage["used_bytes"] == 0
    left = [stored async for stored in house.parts.storage.list()]
    assert left == []


def broken_ffmpeg(folder: Path, behaviour: str) -> tuple[Path, Path]:
    """A program that fails at its job as long as a file lies beside it, and is ffmpeg otherwise."""
    switch = folder / "broken"
    switch.touch()
    program = folder / "ffmpeg"
    program.write_text(f'#!/bin/sh\nif [ -e "{switch}" ]; then {behaviour}; fi\nexec "{f.FFMPEG}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return program, switch


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param("echo 'the machine is on fire' >&2; exit 1", id="dies"),
        pytest.param("sleep 600", id="hangs", marks=pytest.mark.slow),
    ],
)
async def test_an_ffmpeg_that_dies_or_hangs_fails_the_encode_and_a_retry_finishes_it(
    make_house: MakeHouse, films: Path, tmp_path: Path, behaviour: str
) -> None:
    program, switch = broken_ffmpeg(tmp_path, behaviour)
    house = await make_house(ffmpeg=program, encode_quiet_s=1)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, codec="mpeg4", seconds=2))
        video = await until(person, made["id"], lambda video: video["state"] == "failed")
        assert "Your file is kept" in video["reason"]
        if "fire" in behaviour:
            assert "the machine is on fire" in video["error_log"]
        stranger = await house.person()
        seen = await stranger.client.get(f"/api/v1/videos/{made['id']}")
        assert seen.json().get("error_log") is None
        switch.unlink()
        again = await person.client.post(f"/api/v1/videos/{made['id']}/retry")
        assert again.status_code == 200, again.text
        await until(person, made["id"], lambda video: video["state"] == "ready")


async def test_a_cancelled_encode_stops_and_can_be_taken_up_again(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.mkdir()
    (hold / "all-0").touch()
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films))
        await until(person, made["id"], lambda video: video["state"] == "playable")
        assert (await person.client.post(f"/api/v1/videos/{made['id']}/cancel")).status_code == 200
        async with asyncio.timeout(30):
            while True:
                async with house.works.open() as work:
                    steps = await encoding.steps_of(work, VideoId(made["id"]))
                if "cancelled" in {step.state for step in steps}:
                    break
                await asyncio.sleep(0.05)
        (hold / "all-0").unlink()
        assert (await f.get(person.client, made["id"]))["state"] == "cancelled"
        assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).status_code == 200
        await until(person, made["id"], lambda video: video["state"] == "ready")


async def test_cancel_and_retry_delivered_in_the_wrong_order_end_where_the_owner_left_it(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films))
    video_id = VideoId(made["id"])
    await house.run_jobs("gpu")
    async with house.works.open() as work:
        from matinee.features.encoding import handlers

        await handlers.take_up_again(work, VideoRetryAsked(video_id=video_id))
        await handlers.stop_cancelled(work, VideoCancelAsked(video_id=video_id))
    await house.run_jobs()
    assert (await f.get(person.client, made["id"]))["state"] == "ready"


async def test_deleting_a_film_in_mid_encode_frees_everything(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = tmp_path / "hold"
    hold.mkdir()
    (hold / "all-0").touch()
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films))
        await until(person, made["id"], lambda video: video["state"] == "playable")
        assert (await person.client.delete(f"/api/v1/videos/{made['id']}")).status_code == 204
        (hold / "all-0").unlink()
        async with asyncio.timeout(30):
            while await kept_of(house, UUID(made["id"])):
                await asyncio.sleep(0.1)


async def kept_of(house: House, id: UUID) -> list[object]:
    async with house.works.open() as work:
        steps = await encoding.steps_of(work, VideoId(id))
    return [*steps, *[stored async for stored in house.parts.storage.list()]]


@pytest.mark.slow
async def test_a_picture_of_the_owners_own_becomes_the_poster(
    house: House, films: Path, tmp_path: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films))
    await house.run_jobs()
    before = (await f.get(person.client, made["id"]))["poster"]
    picture = tmp_path / "still.png"
    Image.new("RGB", (1600, 900), (200, 30, 30)).save(picture)
    await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
    await house.run_jobs()
    after = (await f.get(person.client, made["id"]))["poster"]
    assert after["base"] != before["base"]
    assert (await person.client.get(f"{after['base']}/640.jpg")).status_code == 200
    picture.write_bytes(b"GIF89a and then words")
    await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
    await house.run_jobs()
    refused = await f.get(person.client, made["id"])
    assert refused["poster"] == after
    assert "cannot be read" in refused["poster_reason"]


async def test_a_step_that_a_dead_worker_left_behind_repeats_only_what_is_missing(
    make_house: MakeHouse, films: Path
) -> None:
    house = await make_house(stalled_after_s=2)
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=30, size="160x90", fps=10, audio=False))
    await house.run_jobs()
    before = {s.key: s.modified_at async for s in house.parts.storage.list() if s.key.endswith(".m4s")}
    from sqlalchemy import text

    async with house.works.open() as work:
        await work.session.execute(
            text(
                "UPDATE encoding_step SET state = 'running' WHERE name LIKE 'all-%';"
                " UPDATE encoding_encode SET state = 'encoding'"
            )
        )
        await work.session.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"
                " WHERE task_name = 'encoding.run_long_step'"
            )
        )
    async with worker(house):
        async with asyncio.timeout(30):
            while True:
                async with house.works.open() as work:
                    steps = await encoding.steps_of(work, VideoId(made["id"]))
                if {step.state for step in steps} == {"done"}:
                    break
                await asyncio.sleep(0.1)
    after = {s.key: s.modified_at async for s in house.parts.storage.list() if s.key.endswith(".m4s")}
    assert after == before


async def test_a_film_that_is_cancelled_before_its_whole_file_is_begun_with_stays_so(
    house: House, films: Path
) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/cancel")).status_code == 200
    await house.run_jobs()
    assert (await f.get(person.client, made["id"]))["state"] == "cancelled"
    assert [stored.key async for stored in house.parts.storage.list("originals")] == []
    assert (await person.client.post(f"/api/v1/videos/{made['id']}/retry")).json()["state"] == "uploading"
