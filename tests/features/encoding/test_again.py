"""One step once more, by who runs the house: over HTTP, and in the terminal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import m3u8
import pytest
import structlog
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.encoding.test_encode import broken_ffmpeg
from tests.features.encoding.test_never_sticks import LONG, ended, impatient, steps, stored, written
from tests.support import films as f
from tests.support.house import House
from typer.testing import CliRunner, Result

from matinee.entrypoints.parts import assemble, opened
from matinee.features.encoding.commands import commands
from matinee.infra.work import Works


async def counted_and_held(house: House) -> tuple[int, int]:
    """The bytes of segments as they are counted for their owners, and as the store holds them."""
    async with house.works.open() as work:
        counted = await work.session.scalar(text("SELECT sum(size_bytes) FROM videos_segment"))
    return int(counted or 0), sum(size for _, size in (await stored(house)).values())


async def key_of(house: House, name: str) -> str:
    """Where the store keeps this segment of the ladder's one rung."""
    async with house.works.open() as work:
        tree = await work.session.scalar(text("SELECT tree_id FROM videos_rendition WHERE role = 'ladder'"))
    (key,) = [key for key in await stored(house) if key.endswith(f"/{name}") and str(tree) in key]
    return key


async def test_a_done_chunk_is_made_again_and_replaces_what_it_made(
    house: House, films: Path, tmp_path: Path
) -> None:
    operator, person = await house.person("admin"), await house.person()
    made = await f.upload(person.client, f.film(films, **LONG))
    assert (await ended(house, person, made))["state"] == "ready"
    before = await stored(house)
    suspect = await key_of(house, "9.m4s")
    await house.parts.storage.put_bytes(suspect, b"not a segment at all")
    asked = f"/api/v1/admin/encodes/{made['id']}/steps/all-1/retry"
    assert (await person.client.post(asked)).status_code == 403
    with structlog.testing.capture_logs() as lines:
        assert (await operator.client.post(asked)).status_code == 204
    (told,) = [line for line in lines if line["event"] == "encoding.step_retried"]
    assert (told["step"], told["again"], told["by"]) == ("all-1", True, str(operator.account_id))
    assert (await f.get(person.client, made["id"]))["state"] == "ready"
    assert (await operator.client.post(asked)).status_code == 409
    assert (await ended(house, person, made))["state"] == "ready"
    after = await stored(house)
    changed = {key for key, value in after.items() if value != before[key]}
    assert suspect in changed
    folder = suspect.rpartition("/")[0]
    assert changed == {f"{folder}/{n}.m4s" for n in range(7, 14)}
    found = await steps(house, made)
    assert (found["all-1"].state, found["all-1"].attempts) == ("done", 1)
    counted, held = await counted_and_held(house)
    assert counted == held
    video = await f.get(person.client, made["id"])
    (variant,) = (await f.master(person.client, video)).playlists
    address = f"{video['playback']['hls'].rpartition('/')[0]}/{variant.uri}"
    assert len(f.frames(await f.stream(person.client, address), tmp_path)) == round(
        video["duration_s"] * LONG["fps"]
    )


async def addresses(client: httpx.AsyncClient, video: dict[str, Any]) -> list[str]:
    """Of the one picture's header and segments, as HLS names them."""
    (variant,) = (await f.master(client, video)).playlists
    playlist = urljoin(video["playback"]["hls"], variant.uri)
    shown = m3u8.loads((await client.get(playlist)).text)
    return [urljoin(playlist, uri) for uri in (shown.segment_map[0].uri, *(s.uri for s in shown.segments))]


@pytest.mark.slow
async def test_what_was_made_again_is_reached_under_new_addresses_and_the_old_ones_answer(
    house: House, films: Path
) -> None:
    operator, person = await house.person("admin"), await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2, codec="mpeg4"))
    video = await ended(house, person, made)
    guest = await house.client()
    old = await addresses(guest, video)
    spoiled = await key_of(house, "0.m4s")
    await house.parts.storage.put_bytes(spoiled, b"not a segment at all")
    bad = await guest.get(old[1])
    assert (bad.content, "immutable" in bad.headers["cache-control"]) == (b"not a segment at all", True)
    for revision in (1, 2):
        asked = f"/api/v1/admin/encodes/{made['id']}/steps/all-0/retry"
        assert (await operator.client.post(asked)).status_code == 204
        held = await addresses(guest, video)
        assert held[1].endswith("/0.m4s" if revision == 1 else "/0-1.m4s")
        await ended(house, person, made)
        new = await addresses(guest, video)
        assert [address.rpartition("/")[2] for address in new[:2]] == [
            f"init-{revision}.mp4",
            f"0-{revision}.m4s",
        ]
        assert (len(new), set(new) & {*old, *held}) == (len(old), set())
        assert f"$Number$-{revision}.m4s" in (await guest.get(video["playback"]["dash"])).text
        good = await guest.get(new[1])
        stored_bytes = (await house.parts.storage.stat(spoiled)).size_bytes
        assert (len(good.content), good.content[4:8]) == (stored_bytes, b"styp")
        assert good.headers["etag"] != bad.headers["etag"]
        assert "immutable" in good.headers["cache-control"]
        for address in (*old, *held, *new):
            assert (await guest.get(address)).status_code == 200, address
        assert (await guest.get(old[1])).content == good.content
        assert (await guest.get(new[1].replace(f"-{revision}.", f"-{revision + 1}."))).status_code == 404


@pytest.mark.slow
async def test_what_fails_at_being_made_again_leaves_the_film_as_it_was(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    program, switch = broken_ffmpeg(tmp_path, "echo 'no' >&2; exit 1")
    switch.unlink()
    house = await make_house(ffmpeg=program)
    impatient(house)
    operator, person = await house.person("admin"), await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    assert (await ended(house, person, made))["state"] == "ready"
    switch.touch()
    asked = f"/api/v1/admin/encodes/{made['id']}/steps"
    assert (await operator.client.post(f"{asked}/all-0/retry")).status_code == 204
    assert (await ended(house, person, made))["state"] == "ready"
    assert (await steps(house, made))["all-0"].state == "failed"
    switch.unlink()
    assert (await operator.client.post(f"{asked}/all-0/retry")).status_code == 204
    assert (await ended(house, person, made))["state"] == "ready"
    assert (await steps(house, made))["all-0"].state == "done"
    for name, status in (("all-9", 404), ("check", 409), ("copy", 409), ("audio", 204), ("pictures", 204)):
        assert (await operator.client.post(f"{asked}/{name}/retry")).status_code == status, name
    assert (await ended(house, person, made))["state"] == "ready"
    assert {step.state for step in (await steps(house, made)).values()} == {"done"}


async def test_one_step_of_a_failed_encode_goes_first_and_the_rest_follows(
    make_house: MakeHouse, films: Path, tmp_path: Path
) -> None:
    program, switch = broken_ffmpeg(tmp_path, 'case "$*" in */.*-7.mp4*|*/.*-14.mp4*) exit 1;; esac')
    house = await make_house(ffmpeg=program)
    impatient(house)
    operator, person = await house.person("admin"), await house.person()
    made = await f.upload(person.client, f.film(films, **LONG))
    assert (await ended(house, person, made))["state"] == "failed"
    asked = f"/api/v1/admin/encodes/{made['id']}/steps"
    assert (await operator.client.post(f"{asked}/storyboard/retry")).status_code == 409
    before = await steps(house, made)
    switch.unlink()
    assert (await operator.client.post(f"{asked}/all-2/retry")).status_code == 204
    waiting = await house.waiting()
    assert [job["message"]["step"] for job in waiting if "step" in job["message"]] == ["all-2"]
    assert (await operator.client.post(f"{asked}/all-1/retry")).status_code == 409
    assert (await ended(house, person, made))["state"] == "ready"
    after = await steps(house, made)
    assert {step.state for step in after.values()} == {"done"}
    done = [name for name, step in before.items() if step.state == "done"]
    assert "check" in done
    assert [after[name].attempts for name in done] == [before[name].attempts for name in done]


async def in_terminal(house: House, *arguments: str) -> Result:
    """`matinee encode …`"""

    @asynccontextmanager
    async def open_house() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    return await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), obj=open_house)


@pytest.mark.slow
async def test_the_terminal_cancels_and_says_what_cannot_be_cancelled(house: House, films: Path) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    assert (await ended(house, person, made))["state"] == "ready"
    said = await in_terminal(house, "cancel", made["id"])
    assert said.exit_code == 1
    assert said.output == "There is nothing to cancel: this video is at its end already.\n"
    assert (await f.get(person.client, made["id"]))["state"] == "ready"
    await written(house, "UPDATE videos_video SET state = 'playable'")
    await written(house, "UPDATE encoding_encode SET state = 'encoding'")
    await written(house, "UPDATE encoding_step SET state = 'waiting' WHERE kind = 'chunk'")
    for _ in range(2):
        said = await in_terminal(house, "cancel", made["id"])
        assert (said.exit_code, said.exception) == (0, None), said.output
        assert (await ended(house, person, made))["state"] == "cancelled"
        assert (await steps(house, made))["all-0"].state == "cancelled"


async def test_the_terminal_runs_one_step_again(house: House, films: Path) -> None:
    person = await house.person()
    made = await f.upload(person.client, f.film(films, seconds=2))
    assert (await ended(house, person, made))["state"] == "ready"
    await written(house, "UPDATE encoding_step SET attempts = 7 WHERE name = 'all-0'")
    said = await in_terminal(house, "retry", made["id"], "--step", "all-0")
    assert said.exit_code == 0, said.output
    assert (await steps(house, made))["all-0"].state == "waiting"
    assert (await ended(house, person, made))["state"] == "ready"
    assert (await steps(house, made))["all-0"].attempts == 1
