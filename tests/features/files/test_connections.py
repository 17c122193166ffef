"""Uploads over real connections: cut, doubled, silent, killed; and the two clients that others wrote."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.files.tickets import TUS, Ticket, served, ticket
from tests.features.files.wires import Wire, token_of, until
from tests.support.browser import node
from tests.support.house import House
from tusclient import client as tus_client

from matinee.features.files import service

DATA = random.Random(7).randbytes(3_000_000)


@pytest.mark.parametrize("points", [15, pytest.param(50, marks=pytest.mark.slow)])
async def test_a_connection_cut_at_many_points_leaves_identical_bytes(house: House, points: int) -> None:
    mine = await ticket(house)
    chance = random.Random()
    cuts = sorted(chance.sample(range(1, len(DATA)), points))
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        for cut in cuts:
            # Where the server stands may lie before the last cut, never after what was sent.
            offset = await mine.offset(path)
            assert offset <= cut
            wire = await Wire.open(base + path, token, offset, len(DATA) - offset)
            await wire.send(DATA[offset:cut])
            if chance.random() < 0.5:  # sometimes wait until the server has it, sometimes cut in mid-flight
                answer = asyncio.create_task(wire.status())
                # An answer before the end means that the cut before was still being recorded: a wrong offset.
                await until(
                    lambda: mine.offset(path), lambda held, cut=cut, a=answer: held >= cut or a.done()
                )
                answer.cancel()
            await wire.close(hard=chance.random() < 0.5)
        await _bring_the_rest(mine, path)
    assert await mine.kept(path) == DATA


async def _bring_the_rest(mine: Ticket, path: str) -> None:
    async def attempt() -> int:
        offset = await mine.offset(path)
        return (await mine.bring(path, offset, DATA[offset:])).status_code

    await until(attempt, lambda status: status == 204)


async def test_a_second_connection_waits_for_a_living_one_in_vain(house: House) -> None:
    mine = await ticket(house)
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        first = await Wire.open(base + path, token, 0, len(DATA))
        await first.send(DATA[:100_000])

        refused = asyncio.Event()

        async def keep_going() -> None:
            start = 100_000
            while not refused.is_set() and start < 2_900_000:
                await first.send(DATA[start : start + 10_000])
                start += 10_000
                await asyncio.sleep(0.02)
            await first.send(DATA[start:])

        going = asyncio.create_task(keep_going())
        offset = await until(lambda: mine.offset(path), lambda held: held > 0)
        second = await Wire.open(base + path, token, offset, 10)
        assert await second.status() == 423
        await second.close()
        refused.set()
        await going
        assert await first.status() == 204
        await first.close()
    assert await mine.kept(path) == DATA


async def test_a_silent_connection_is_followed_by_the_next_and_cannot_write_any_more(
    make_house: MakeHouse,
) -> None:
    house = await make_house(upload_lease_s=1)
    mine = await ticket(house)
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        dead = await Wire.open(base + path, token, 0, len(DATA))
        await dead.send(DATA[:500_000])
        offset = await until(lambda: mine.offset(path), lambda held: held == 500_000)
        living = await Wire.open(base + path, token, offset, len(DATA) - offset)
        await living.send(DATA[offset:1_000_000])
        await until(lambda: mine.offset(path), lambda held: held == 1_000_000)
        await dead.send(b"x" * 400_000)
        assert await dead.status() == 423
        await dead.close()
        await living.send(DATA[1_000_000:])
        assert await living.status() == 204
        await living.close()
    assert await mine.kept(path) == DATA


async def test_a_cancelled_upload_cuts_the_connection_that_feeds_it(house: House) -> None:
    mine = await ticket(house)
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        wire = await Wire.open(base + path, token, 0, len(DATA))
        await wire.send(DATA[:200_000])
        await until(lambda: mine.offset(path), lambda held: held == 200_000)
        assert (await mine.client.delete(path, headers=TUS)).status_code == 204
        await wire.send(DATA[200_000:300_000])
        assert await wire.status() == 404
        await wire.close()


async def test_bytes_that_the_disk_lost_are_asked_for_again(house: House) -> None:
    mine = await ticket(house)
    path = await mine.address(len(DATA))
    await mine.bring(path, 0, DATA[:2_000_000])
    part = house.settings.house.data_dir / "storage" / "parts" / path.rsplit("/", 1)[-1]
    with part.open("r+b") as file:
        file.truncate(1_500_000)
    assert await mine.offset(path) == 1_500_000
    assert (await mine.bring(path, 2_000_000, DATA[2_000_000:])).status_code == 409
    assert (await mine.bring(path, 1_500_000, DATA[1_500_000:])).status_code == 204
    assert await mine.kept(path) == DATA


async def test_a_crash_between_the_last_byte_and_the_blob_is_mended(house: House) -> None:
    """Whether the part was sealed already or not, and whether the client comes back or not."""
    for sealed in (False, True):
        for comes_back in (False, True):
            mine = await ticket(house)
            path = await mine.address(1000)
            await mine.bring(path, 0, DATA[:999])
            name = path.rsplit("/", 1)[-1]
            storage = house.parts.storage

            async def last() -> Any:
                yield DATA[999:1000]

            await storage.append(name, 999, last(), limit=1000)
            if sealed:
                await storage.seal(name, f"originals/{name[-2:]}/{name}")
            async with house.works.open() as work:
                await work.session.execute(
                    text("UPDATE files_upload SET offset_bytes = 1000, last_byte_at = now() WHERE id = :i"),
                    {"i": name},
                )
            if comes_back:
                assert await mine.offset(path) == 1000
            else:
                async with house.works.open() as work:
                    await service.sweep(work)
            assert await mine.kept(path) == DATA[:1000]


async def test_tuspy_uploads_stops_and_goes_on(house: House, tmp_path: Path) -> None:
    mine = await ticket(house)
    file = tmp_path / "film.mp4"
    file.write_bytes(DATA)
    facts = {"filename": "film.mp4", "filetype": "video/mp4", "purpose": "video", "subject": mine.subject}
    async with served(house.app) as base:
        headers = {"Authorization": f"Bearer {await token_of(mine)}"}

        client = tus_client.TusClient(f"{base}/api/v1/uploads", headers=headers)

        def begin() -> str:
            with file.open("rb") as stream:
                uploader = client.uploader(file_stream=stream, chunk_size=700_000, metadata=facts)
                uploader.upload_chunk()  # type: ignore[no-untyped-call]
                uploader.upload_chunk()  # type: ignore[no-untyped-call]
            return str(uploader.url)

        def go_on(url: str) -> int:
            with file.open("rb") as stream:
                uploader = client.uploader(file_stream=stream, chunk_size=700_000, metadata=facts, url=url)
                offset = int(uploader.offset)
                uploader.upload()
            return offset

        url = await asyncio.to_thread(begin)
        assert await asyncio.to_thread(go_on, url) == 1_400_000
    assert await mine.kept(url) == DATA


async def test_tus_js_client_uploads_breaks_off_goes_on_and_gives_up(house: House, tmp_path: Path) -> None:
    mine = await ticket(house)
    file = tmp_path / "film.mp4"
    file.write_bytes(DATA)
    modules = Path(__file__).parents[3] / "web" / "node_modules"
    async with served(house.app) as base:
        process = await asyncio.create_subprocess_exec(
            node(), Path(__file__).with_name("tus_js.mjs"), modules, f"{base}/api/v1/uploads",
            await token_of(mine), mine.subject, file,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, err.decode()
    said = json.loads(out)
    assert said["broken"] is True
    assert await mine.kept(said["url"]) == DATA
    gone = await mine.client.head(urlsplit(said["doomed"]).path, headers=TUS)
    assert gone.status_code == 404


async def test_an_upload_survives_the_death_of_its_server(house: House) -> None:
    """The server is another process and is killed outright; what it had recorded is there for the next."""
    mine = await ticket(house)
    token = await token_of(mine)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    environment = os.environ | {
        "MATINEE_PORT": str(port),
        "MATINEE_DATA_DIR": str(house.settings.house.data_dir),
        "MATINEE_DATABASE_URL": house.parts.database.url,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "matinee.entrypoints.api", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    base = f"http://localhost:{port}"
    try:
        async with httpx.AsyncClient() as client:

            async def answers() -> bool:
                try:
                    return (await client.get(f"{base}/health/live")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(answers, bool, seconds=60)
        path = await mine.address(len(DATA))
        wire = await Wire.open(base + path, token, 0, len(DATA))
        await wire.send(DATA[:1_000_000])
        await until(lambda: mine.offset(path), lambda held: held == 1_000_000)
    finally:
        server.send_signal(signal.SIGKILL)
        await server.wait()
    await wire.close()
    assert await mine.offset(path) == 1_000_000
    # The dead server's lease is outlasted, without an error in between.
    assert (await mine.bring(path, 1_000_000, DATA[1_000_000:])).status_code == 204
    assert await mine.kept(path) == DATA


@pytest.mark.parametrize("stream_ends", [False, True])
async def test_a_server_that_stops_leaves_no_lease(house: House, stream_ends: bool) -> None:
    mine = await ticket(house)
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        wire = await Wire.open(base + path, token, 0, len(DATA))
        await wire.send(DATA[:300_000])
        await until(lambda: mine.offset(path), lambda held: held == 300_000)
        if stream_ends:
            await wire.close()

    async def leases() -> int:
        async with house.works.open() as work:
            found = await work.session.scalar(
                text("SELECT count(*) FROM files_upload WHERE lease_owner IS NOT NULL")
            )
            return int(found or 0)

    await until(leases, lambda number: number == 0)
    if not stream_ends:
        await wire.close()
    assert await mine.offset(path) == 300_000
