"""The storyboard of a film: when it is made, who may see it, and what becomes of it."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.encoding.test_encode import until, worker
from tests.support import films as f
from tests.support.house import House, Person

from matinee.features.encoding import service as encoding
from matinee.kernel.ids import VideoId


def holding(folder: Path, *names: str) -> Path:
    """A folder whose files hold the steps of these names."""
    hold = folder / "hold"
    hold.mkdir()
    for name in names:
        (hold / name).touch()
    return hold


def has_storyboard(video: dict[str, Any]) -> bool:
    return bool(video["playback"] and video["playback"]["storyboard"])


async def state_of_step(house: House, video_id: str) -> str:
    async with house.works.open() as work:
        steps = await encoding.steps_of(work, VideoId(UUID(video_id)))
    return next((step.state for step in steps if step.name == "storyboard"), "none")


async def until_step(house: House, video_id: str, state: str) -> None:
    async with asyncio.timeout(60):
        while await state_of_step(house, video_id) != state:
            await asyncio.sleep(0.05)


async def sheets(person: Person, video: dict[str, Any]) -> dict[str, bytes]:
    """All sheets that the storyboard names."""
    address = video["playback"]["storyboard"]
    told = await person.client.get(address)
    assert told.status_code == 200
    names = {line.partition("#")[0] for line in told.text.splitlines() if "#xywh=" in line}
    answers = {name: await person.client.get(urljoin(address, name)) for name in names}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: answer.content for name, answer in answers.items()}


async def test_a_film_gets_its_storyboard_and_a_stranger_none_of_a_private_one(
    house: House, films: Path
) -> None:
    person, stranger = await house.person(), await house.person()
    made = await f.upload(person.client, f.film(films, seconds=9), visibility="private")
    await house.run_jobs()
    video = await f.get(person.client, made["id"])
    ((name, data),) = (await sheets(person, video)).items()
    assert name == "storyboard/100.webp"
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", (3 * 160, 90))
    for path in ("storyboard.vtt", name):
        for client in (stranger.client, await house.client()):
            assert (await client.get(f"/media/{made['id']}/open/{path}")).status_code == 404
    used = (await person.client.get("/api/v1/me/storage")).json()["by_purpose"]
    assert used["storyboard"] == len(data)
    assert (await person.client.delete(f"/api/v1/videos/{made['id']}")).status_code == 204
    await house.run_jobs()
    assert "storyboard" not in (await person.client.get("/api/v1/me/storage")).json()["by_purpose"]
    assert [stored async for stored in house.parts.storage.list()] == []


@pytest.mark.slow
async def test_a_film_is_ready_without_its_storyboard_which_comes_after(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = holding(tmp_path, "storyboard")
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, size="160x90"))
        video = await until(person, made["id"], lambda video: video["state"] == "ready")
        assert not has_storyboard(video)
        (hold / "storyboard").unlink()
        video = await until(person, made["id"], has_storyboard)
        assert video["state"] == "ready"
        await until_step(house, made["id"], "done")


@pytest.mark.slow
async def test_a_storyboard_that_a_dead_worker_left_behind_is_made_again(
    make_house: MakeHouse, films: Path
) -> None:
    house = await make_house(stalled_after_s=2)
    person = await house.person()
    made = await f.upload(person.client, f.film(films, size="160x90"))
    await house.run_jobs()
    before = await sheets(person, await f.get(person.client, made["id"]))
    used = (await person.client.get("/api/v1/me/storage")).json()["by_purpose"]["storyboard"]
    async with house.works.open() as work:
        await work.session.execute(
            text(
                "UPDATE encoding_step SET state = 'running' WHERE name = 'storyboard';"
                " UPDATE videos_video SET storyboard = NULL, storyboards_made = 0;"
                " UPDATE files_tree SET size_bytes = 0 WHERE purpose = 'storyboard';"
                " UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"
                " WHERE task_name = 'encoding.run_urgent_step' AND args->'message'->>'step' = 'storyboard'"
            )
        )
    await house.parts.storage.delete_prefix(
        "originals"
    )  # it is made of the lowest rung: nobody asks for the film
    async with worker(house):
        video = await until(person, made["id"], has_storyboard)
        await until_step(house, made["id"], "done")
    assert await sheets(person, video) == before
    assert (await person.client.get("/api/v1/me/storage")).json()["by_purpose"]["storyboard"] == used


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_film_whose_storyboard_cannot_be_made_is_ready_all_the_same(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = holding(tmp_path, "storyboard")
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, size="160x90", audio=False))
        await until(person, made["id"], lambda video: video["state"] == "ready")
        for stored in [one async for one in house.parts.storage.list() if one.key.endswith("/0.m4s")]:
            await house.parts.storage.put_bytes(stored.key, b"no film " * 100)
        (hold / "storyboard").unlink()
        async with asyncio.timeout(60):
            while await house.waiting("encoding.run_urgent_step"):
                await asyncio.sleep(0.1)
        await until_step(house, made["id"], "failed")
    video = await f.get(person.client, made["id"])
    assert (video["state"], video["reason"], has_storyboard(video)) == ("ready", None, False)


@pytest.mark.slow
async def test_a_cancelled_film_with_another_file_gets_another_storyboard(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    hold = holding(tmp_path, "high-0")
    house = await make_house(hold_dir=hold)
    person = await house.person()
    async with worker(house):
        made = await f.upload(person.client, f.film(films, size="1280x720", seconds=5, key_every_s=3))
        video = await until(person, made["id"], has_storyboard)
        assert video["state"] == "playable"
        first = await sheets(person, video)
        assert (await person.client.post(f"/api/v1/videos/{made['id']}/cancel")).status_code == 200
        (hold / "high-0").unlink()
        await f.send(
            person.client, f.film(films, size="160x90"), purpose="video", subject=f"video:{made['id']}"
        )
        video = await until(person, made["id"], lambda video: video["state"] == "ready")
        video = await until(person, made["id"], has_storyboard)
    second = await sheets(person, video)
    assert (set(first), set(second)) == ({"storyboard/100.webp"}, {"storyboard/200.webp"})
    gone = urljoin(video["playback"]["storyboard"], "storyboard/100.webp")
    assert (await person.client.get(gone)).status_code == 404
