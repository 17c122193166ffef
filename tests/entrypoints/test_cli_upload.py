"""`matinee upload` and `matinee login` as programs of their own against a real server and a real worker."""

import asyncio
import contextlib
import io
import json
import os
import re
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console
from rich.progress import Progress
from tests.conftest import MakeHouse
from tests.entrypoints.test_cli import Ended, matinee
from tests.features.encoding.test_scanning import at_once
from tests.features.files.tickets import served
from tests.support.films import film
from tests.support.house import House, Person
from tests.support.scanner import clamd

from matinee.entrypoints.cli.client import Client
from matinee.entrypoints.cli.upload import bring, shower
from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import TokenScope
from matinee.features.files import service as files


async def token_of(house: House, person: Person, *more: TokenScope) -> str:
    """It may upload, and nothing else but `more`."""
    async with house.works.open() as work:
        return await accounts.issue_token(
            work, person.account_id, "the command", scopes=["upload", *more], days=1
        )


@contextlib.asynccontextmanager
async def working(house: House) -> AsyncIterator[None]:
    """A worker beside the server."""
    stop = asyncio.Event()
    worker = asyncio.create_task(house.parts.queue.work(house.works, {"io": 4, "cpu": 2}, stop))
    try:
        yield
    finally:
        stop.set()
        await worker


@contextlib.asynccontextmanager
async def fragile(upstream: str) -> AsyncIterator["Fragile"]:
    proxy = Fragile(upstream)
    try:
        yield proxy
    finally:
        await proxy.close()


class Fragile:
    """A way to the server that breaks for good after so many bytes, until it is mended."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname, parts.port)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.left = 0
        self.passed = 0
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()

    async def mend(self, bytes_until_it_breaks: int) -> None:
        self.left, self.passed = bytes_until_it_breaks, 0
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._busy - {asyncio.current_task()}:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        there_reader, there = await asyncio.open_connection(*self.upstream)
        back = asyncio.create_task(self._pump(there_reader, writer))
        try:
            while self.left > 0 and (data := await reader.read(16_384)):
                self.left -= len(data)
                self.passed += len(data)
                there.write(data)
                await there.drain()
            if self.left <= 0:
                await self.close()
        finally:
            back.cancel()
            self._busy.discard(task)
            for stream in (writer, there):
                stream.close()
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await stream.wait_closed()

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()


async def test_films_are_uploaded_until_they_play_and_others_are_rejected_in_words(
    house: House, tmp_path: Path
) -> None:
    made = film(tmp_path, seconds=2, size="320x180")
    good = made.rename(made.with_name(os.fsdecode(b"a\xffb.mp4")))
    bad = tmp_path / "bad.mp4"
    bad.write_text("This is not a film.\n" * 100)
    token = await token_of(house, await house.person())
    async with served(house.app) as base, working(house):
        ended = await matinee(
            "upload", str(good), str(bad), "--visibility", "public", "--json", "--server", base,
            home=tmp_path / "home", MATINEE_TOKEN=token,
        )  # fmt: skip
        assert ended.code == 2, ended
        first, second = (json.loads(line) for line in ended.out.splitlines())
        assert first["state"] in ("playable", "ready")
        assert first["page"] == f"{base}/watch/{first['id']}"
        assert first["playable_s"] > 0
        client = await house.client()
        for address in (first["hls"], first["dash"]):
            assert address.startswith(f"{base}/media/{first['id']}/")
            assert (await client.get(urlsplit(address).path)).status_code == 200
    assert set(first) == {"id", "page", "hls", "dash", "state", "reason", "playable_s", "ready_s"}
    assert (second["state"], second["hls"]) == ("rejected", None)
    assert second["reason"] in ended.err.replace("\n", " ")
    assert token not in ended.out + ended.err


async def test_an_upload_that_broke_goes_on_with_the_same_command(house: House, tmp_path: Path) -> None:
    big = tmp_path / "film.mp4"
    big.write_bytes(os.urandom(6_000_000))
    person = await house.person()
    token = await token_of(house, person)

    async def run(server: str) -> Ended:
        return await matinee(
            "upload", str(big), "--json", "--server", server,
            home=tmp_path / "home", MATINEE_TOKEN=token, MATINEE_PATIENCE_S="0.6",
        )  # fmt: skip

    async with served(house.app) as base, fragile(base) as proxy:
        server = f"http://127.0.0.1:{proxy.port}"
        await proxy.mend(4_000_000)
        broken = await run(server)
        assert broken.code == 3, broken
        assert "does not answer" in json.loads(broken.out)["reason"]
        assert "Run the same command again" in broken.err.replace("\n", " ")
        (before,) = (await person.client.get("/api/v1/uploads")).json()["items"]
        assert 0 < before["offset_bytes"] < 6_000_000
        await proxy.mend(1 << 40)
        async with working(house):
            again = await run(server)
        assert again.code == 2, again  # all bytes came, and they are no film
        assert proxy.passed < 6_000_000
    videos = (await person.client.get("/api/v1/me/videos")).json()["items"]
    assert [video["id"] for video in videos] == [json.loads(again.out)["id"]]
    assert f"video:{videos[0]['id']}" == before["subject"]


async def test_a_house_that_answers_that_it_cannot_now_is_not_said_to_be_silent(
    make_house: MakeHouse, tmp_path: Path
) -> None:
    house = await make_house(disk_reserve_bytes=1 << 50)
    (tmp_path / "film.mp4").write_bytes(b"x" * 1_000)
    token = await token_of(house, await house.person())
    async with served(house.app) as base:
        full = await matinee(
            "upload", str(tmp_path / "film.mp4"), "--json", "--server", base,
            home=tmp_path / "home", MATINEE_TOKEN=token, MATINEE_PATIENCE_S="0.1",
        )  # fmt: skip
    reason = json.loads(full.out)["reason"]
    assert (full.code, "too full" in reason, "does not answer" in reason) == (3, True, False), reason


async def test_why_a_film_waits_is_said_once_and_in_full(
    make_house: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    said = io.StringIO()
    bars = Progress(console=Console(file=said, width=40))
    show = shower(bars, bars.add_task("film", stage=""), "film.mp4")
    sentence = "film.mp4: The virus scanner of this house does not answer. The file waits until it does.\n"
    async with clamd() as scanner:
        scanner.mood = "away"
        house = await make_house(clamd_url=scanner.url)
        token = await token_of(house, await house.person())
        async with served(house.app) as base, working(house):
            client, path = Client(base, token), film(tmp_path, seconds=2, size="320x180")
            sent = asyncio.to_thread(bring, client, "key", path, "Film", "private", "playable", show)
            running = asyncio.create_task(sent)
            while sentence not in said.getvalue():
                await asyncio.wait({running}, timeout=0.1)
                assert not running.done(), running.result()
            scanner.mood = "well"
            while not running.done():
                await at_once(house)
                await asyncio.wait({running}, timeout=0.2)
            client.http.close()
    assert (await running).exit_code == 0
    assert said.getvalue().count(sentence) == 1


async def test_what_cannot_be_sent_is_said_before_anything_is_made(house: House, tmp_path: Path) -> None:
    person = await house.person()
    token, narrow_token = await token_of(house, person, "manage"), await token_of(house, person)
    file, other = tmp_path / "film.mp4", tmp_path / "other.mp4"
    for one in (file, other):
        one.write_bytes(b"x" * 3_000_000)
    (tmp_path / "empty.mp4").touch()
    home = tmp_path / "home"
    async with house.works.open() as work:
        await files.set_quota(work, person.account_id, 1_000_000)
    async with served(house.app) as base:
        refused, narrow, empty, missing, stranger, wrong, away = await asyncio.gather(
            matinee("upload", str(file), "--server", base, home=home, MATINEE_TOKEN=token),
            matinee("upload", str(other), "--server", base, home=home, MATINEE_TOKEN=narrow_token),
            matinee("upload", str(tmp_path / "empty.mp4"), "--server", base, home=home, MATINEE_TOKEN=token),
            matinee(
                "upload", str(tmp_path / "no.mp4"), "--json", "--server", base, home=home, MATINEE_TOKEN=token
            ),
            matinee("upload", str(file), "--json", "--server", base, home=home),
            matinee("upload", str(file), "--server", base, home=home, MATINEE_TOKEN="wrong"),
            matinee("upload", str(file), "--json", "--server", "http://127.0.0.1:1", home=home),
        )
    assert (away.code, json.loads(away.out)["state"]) == (3, "unreachable"), away.err
    assert (refused.code, "storage" in refused.err) == (2, True)
    assert (narrow.code, "storage" in narrow.err) == (2, True), narrow
    assert (empty.code, "is empty" in empty.err) == (1, True)
    assert (missing.code, "There is no file" in missing.err) == (1, True)
    assert (stranger.code, f"matinee login {base}" in stranger.err.replace("\n", " ")) == (1, True)
    for ended, reason in ((missing, "There is no file"), (stranger, "You are not signed in")):
        told = json.loads(ended.out)
        assert (told["state"], reason in told["reason"]) == ("refused", True)
    assert (wrong.code, "matinee login" in wrong.err.replace("\n", " ")) == (1, True)
    # Who may not delete leaves what the next run goes on with.
    videos = (await person.client.get("/api/v1/me/videos")).json()["items"]
    assert [(video["title"], video["state"]) for video in videos] == [("other", "uploading")]


async def test_the_command_signs_in_by_a_code_that_is_approved_in_the_browser(
    house: House, tmp_path: Path
) -> None:
    person = await house.person()
    file = tmp_path / "film.mp4"
    file.write_bytes(b"This is not a film.")
    home = tmp_path / "home"
    async with served(house.app) as base:
        heard: asyncio.Queue[str] = asyncio.Queue()
        running = asyncio.create_task(matinee("login", base, "--scope", "upload", home=home, heard=heard))
        code = await _code_in(heard)
        assert (await person.client.post(f"/api/v1/device/{code}/approve")).status_code == 204
        ended = await running
        assert (ended.code, code in ended.out) == (0, True), ended
        kept = home / ".config" / "matinee" / "tokens.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert list(json.loads(kept.read_text())) == [base]
        async with working(house):
            uploaded = await matinee("upload", str(file), "--server", base, "--json", home=home)
    assert json.loads(uploaded.out)["state"] == "rejected"


async def _code_in(heard: asyncio.Queue[str]) -> str:
    """What a person reads in the terminal: the house keeps a hash of it."""
    async with asyncio.timeout(60):
        while not (found := re.search(r"approve the code ([A-Z]{4}-[A-Z]{4})", await heard.get())):
            pass
    return found[1]


@pytest.mark.parametrize("arguments", [("--wait", "soon"), ("--visibility", "secret")])
async def test_a_wrong_option_is_explained(tmp_path: Path, arguments: tuple[str, str]) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(b"x")
    ended = await matinee("upload", str(file), *arguments, home=tmp_path / "home")
    assert ended.code == 1, "2 says that a film was rejected"
    assert arguments[0] in ended.err
