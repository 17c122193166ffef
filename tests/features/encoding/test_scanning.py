"""Where the house has a virus scanner, nothing is decoded that it did not let pass."""

from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support import films as f
from tests.support.house import House
from tests.support.scanner import HARMFUL, Mood, clamd

from matinee.features.encoding import service as encoding
from matinee.kernel.ids import VideoId

SHORT = {"size": "320x180", "seconds": 2, "fps": 10}


async def at_once(house: House) -> None:
    """What waits for a later moment may run now."""
    async with house.works.open() as work:
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
        )


async def test_a_harmful_file_is_rejected_before_it_is_decoded_and_its_bytes_go(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    async with clamd() as scanner:
        house = await make_house(clamd_url=scanner.url, ffmpeg=tmp_path / "never started")
        person = await house.person()
        path = tmp_path / "film.mp4"
        path.write_bytes(f.film(films, **SHORT).read_bytes() + HARMFUL)
        made = await f.upload(person.client, path)
        await house.run_jobs()
    video = await f.get(person.client, made["id"])
    assert (video["state"], video["reason_code"]) == ("rejected", "encoding.harmful")
    assert "virus scanner" in video["reason"]
    assert [stored async for stored in house.parts.storage.list()] == []
    async with house.works.open() as work:
        (check,) = await encoding.steps_of(work, VideoId(video["id"]))
    assert check.log == "The scanner calls it Test.Harmful."


@pytest.mark.parametrize("mood", ["away", "full"])
async def test_a_film_waits_for_its_scanner_for_as_long_as_it_is_away(
    make_house: MakeHouse, films: Path, mood: Mood
) -> None:
    async with clamd() as scanner:
        scanner.mood = mood
        house = await make_house(clamd_url=scanner.url)
        person = await house.person()
        made = await f.upload(person.client, f.film(films, **SHORT))
        for _ in range(8):  # more often than a step is tried that fails
            await house.run_jobs()
            await at_once(house)
        video = await f.get(person.client, made["id"])
        assert video["state"] == "checking"
        assert "virus scanner of this house does not answer" in video["progress"]["waits"]
        scanner.mood = "well"
        await house.run_jobs()
        assert (await f.get(person.client, made["id"]))["state"] == "ready"
        assert scanner.seen_bytes[-1] == f.film(films, **SHORT).stat().st_size


async def test_a_harmful_picture_becomes_no_poster(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    async with clamd() as scanner:
        house = await make_house(clamd_url=scanner.url)
        person = await house.person()
        made = await f.upload(person.client, f.film(films, **SHORT))
        await house.run_jobs()
        picture = tmp_path / "poster.png"
        Image.new("RGB", (64, 64), "red").save(picture)
        picture.write_bytes(picture.read_bytes() + HARMFUL)
        before = (await f.get(person.client, made["id"]))["poster"]
        await f.send(person.client, picture, purpose="poster", subject=f"video:{made['id']}")
        await house.run_jobs()
    video = await f.get(person.client, made["id"])
    assert "virus scanner" in video["poster_reason"]
    assert video["poster"] == before
