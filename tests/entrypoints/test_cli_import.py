"""`matinee import`: a library that is taken once, a folder that is watched, a film from an address."""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest
from rich.progress import Progress
from tests.conftest import MakeHouse
from tests.entrypoints.test_cli import Ended, matinee
from tests.entrypoints.test_cli_upload import token_of, working
from tests.features.files.tickets import served
from tests.support.films import film
from tests.support.house import House, Person
from tests.support.origin import origin

from matinee.entrypoints.cli import importing
from matinee.entrypoints.cli.client import Client
from matinee.entrypoints.cli.journal import Entry, Journal, sample_of
from matinee.entrypoints.cli.library import Found, Settled, title_of, walk
from matinee.entrypoints.cli.main import main

OPEN = {"import_networks": "127.0.0.0/8", "import_ports": "1-65535"}


def lines(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.out.splitlines()]


async def titles(person: Person) -> list[str]:
    items = (await person.client.get("/api/v1/me/videos?limit=100")).json()["items"]
    return sorted(item["title"] for item in items)


def library(folder: Path, good: Path) -> Path:
    """Three films, one of them twice, and much that is none."""
    (folder / "summer" / ".hidden").mkdir(parents=True)
    (folder / "@eaDir").mkdir()
    data = good.read_bytes()
    for number, name in enumerate(
        (
            "forty_bowls-1.mp4",
            "summer/forty bowls 2.MP4",
            os.fsdecode("summer/ünïcode 映画 ".encode() + b"\xff.mp4"),
        )
    ):
        (folder / name).write_bytes(data + bytes(number))
    shutil.copy(folder / "forty_bowls-1.mp4", folder / "summer" / "a copy.mp4")
    (folder / "not a film.mkv").write_text("This is not a film.\n" * 100)
    for name in (
        "notes.txt",
        "summer/poster.jpg",
        ".hidden.mp4",
        "summer/.hidden/x.mp4",
        "@eaDir/y.mp4",
        "film.mp4.part",
    ):
        (folder / name).write_bytes(data)
    (folder / "empty.mp4").touch()
    (folder / "nowhere.mp4").symlink_to(folder / "gone.mp4")
    (folder / "summer" / "a link.mp4").symlink_to("../forty_bowls-1.mp4")
    (folder.parent / "elsewhere.mp4").write_bytes(data + b"secret")
    (folder / "a way out.mp4").symlink_to("../elsewhere.mp4")
    return folder


async def test_a_library_is_taken_once(house: House, tmp_path: Path) -> None:
    folder = library(tmp_path / "films", film(tmp_path, seconds=1, audio=False))
    person = await house.person()
    token = await token_of(house, person)
    home = tmp_path / "home"

    async def run(*more: str) -> Ended:
        return await matinee(
            "import", str(folder), "--json", "--server", base, *more, home=home, MATINEE_TOKEN=token
        )

    async with served(house.app) as base, working(house):
        dry = await run("--dry-run")
        assert dry.code == 0, dry
        assert sorted(line["title"] for line in lines(dry)[:-1]) == [
            "forty bowls 1", "forty bowls 2", "not a film", "ünïcode 映画 �",
        ]  # fmt: skip
        assert await titles(person) == []
        assert "a way out.mp4 is a link that leads out of this folder: it is left out." in dry.err

        first = await run("--visibility", "unlisted", "--parallel", "3")
        assert first.code == 2, first
        *told, last = lines(first)
        assert {Path(line["path"]).name: line["state"] for line in told if line["state"] == "rejected"} == {
            "not a film.mkv": "rejected"
        }
        summary = last["summary"]
        assert (summary["taken"], summary["known"], summary["rejected"], summary["failed"]) == (3, 2, 1, 0)
        assert (summary["no_film"], summary["leading_out"]) == (6, 1)
        assert await titles(person) == ["forty bowls 1", "forty bowls 2", "not a film", "ünïcode 映画 �"]

        (folder / "forty_bowls-1.mp4").rename(folder / "another name.mp4")
        again = await run()
        assert again.code == 0, again
        assert lines(again)[-1]["summary"] | {"seconds": 0} == {
            "taken": 0, "known": 5, "no_film": 7, "leading_out": 1,
            "rejected": 0, "failed": 0, "sent_bytes": 0, "seconds": 0,
        }  # fmt: skip
    assert len(await titles(person)) == 4
    assert token not in first.out + first.err
    journal = home / ".local" / "state" / "matinee" / "imports.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    assert token not in journal.read_text()


async def test_a_watched_folder_takes_what_stood_still_and_no_film_twice(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    data = film(tmp_path, seconds=1, audio=False).read_bytes()
    person = await house.person()
    token = await token_of(house, person)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path),
        "MATINEE_DATA_DIR": str(tmp_path / "data"), "MATINEE_TOKEN": token,
    }  # fmt: skip
    async with served(house.app) as base, working(house):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "matinee.entrypoints.cli.main", "import", str(folder), "--watch",
            "--settle", "1", "--json", "--server", base,
            env=environment, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        growing = folder / "growing.mp4"
        with growing.open("wb") as file:
            for at in range(0, len(data), len(data) // 5 + 1):
                file.write(data[at : at + len(data) // 5 + 1])
                file.flush()
                assert await titles(person) == []
                await asyncio.sleep(0.4)
        assert process.stdout is not None
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert told["state"] in ("encoding", "playable", "ready")
        growing.rename(folder / "renamed.mp4")
        (folder / "second.mp4").write_bytes(data + b"2")
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        assert Path(told["path"]).name == "second.mp4"
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["summary"]["taken"] == 2
    assert await titles(person) == ["growing", "second"]


async def test_a_film_at_an_address_is_imported_or_refused_in_words(
    make_house: MakeHouse, tmp_path: Path
) -> None:
    house = await make_house(**OPEN)
    token = await token_of(house, await house.person())
    good = film(tmp_path, seconds=1, audio=False)

    async def run(url: str, *more: str) -> Ended:
        return await matinee(
            "import", url, "--json", "--server", base, *more, home=tmp_path / "home", MATINEE_TOKEN=token
        )

    async with served(house.app) as base, working(house), origin(good.read_bytes()) as source:
        imported = await run(source.address, "--title", "From afar", "--visibility", "public")
        assert imported.code == 0, imported
        (told,) = lines(imported)
        assert told["state"] in ("playable", "ready")
        refused = await run("http://u:p@films.example/x.mp4")
        assert (refused.code, "name or password" in refused.err) == (2, True), refused
        source.behave = None
        source.data = b"This is not a film.\n" * 100
        rejected = await run(source.address)
        assert (rejected.code, lines(rejected)[0]["state"]) == (2, "rejected")


async def test_a_server_that_cannot_just_now_is_named_when_an_address_is_imported(
    house: House, tmp_path: Path
) -> None:
    token = await token_of(house, await house.person())

    async def busy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/api/v1/imports":
            headers = [(b"content-type", b"application/problem+json")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            body = b'{"code": "house.unavailable", "detail": "The database does not answer."}'
            await send({"type": "http.response.body", "body": body})
            return
        await house.app(scope, receive, send)

    async with served(cast(Any, busy)) as base:
        ended = await matinee(
            "import", "https://films.example/x.mp4", "--json", "--server", base,
            home=tmp_path / "home", MATINEE_TOKEN=token,
        )  # fmt: skip
    assert (ended.code, lines(ended)[0]["state"]) == (3, "unreachable"), ended
    assert "cannot do this now: The database does not answer." in ended.err
    assert "Traceback" not in ended.err


async def test_films_in_the_line_are_not_read_at_every_look_at_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    read: list[Path] = []

    def sample(path: Path, size_bytes: int) -> str:
        read.append(path)
        return sample_of(path, size_bytes)

    monkeypatch.setattr(importing, "sample_of", sample)
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.mp4").write_bytes(bytes([number]) * 100)
    bars = Progress(disable=True)
    journal = Journal("https://one", tmp_path / "imports.jsonl")
    with Client("https://one", "x") as client:
        run = importing._Run(client, bars, journal, folder, "private", "taken", 1, True)
        assert len(list(run._new(walk(folder).films))) == 3
        assert list(run._new(walk(folder).films)) == []
        (folder / "1.mp4").write_bytes(b"another film")
        assert [film.path.name for film, _ in run._new(walk(folder).films)] == ["1.mp4"]
    assert [path.name for path in read] == ["0.mp4", "1.mp4", "2.mp4", "1.mp4"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("no-such-folder",), "neither an address nor a folder"),
        (("",), "neither an address nor a folder"),
        ((".", "--visibility", "secret"), "--visibility"),
        ((".", "--wait", "soon"), "--wait"),
        ((".", "--title", "All"), "--title"),
        (("https://films.example/a", "--watch"), "--watch"),
        (("https://films.example/a", "--dry-run"), "--dry-run"),
    ],
)
def test_what_cannot_be_imported_is_explained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MATINEE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "argv", ["matinee", "import", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert (ended.value.code, word in said.replace("\n", " ")) == (1, True), said


def test_nobody_is_asked_to_sign_in_where_nobody_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MATINEE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "argv", ["matinee", "import", ".", "--server", "http://127.0.0.1:9"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert (ended.value.code, "http://127.0.0.1:9 does not answer" in said.replace("\n", " ")) == (3, True), (
        said
    )


async def test_a_server_that_is_away_ends_a_library_with_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.mp4").write_bytes(bytes([number]) * 100)
    ended = await matinee(
        "import", str(folder), "--server", "http://127.0.0.1:9", "--parallel", "1",
        home=tmp_path / "home", MATINEE_TOKEN="x", MATINEE_PATIENCE_S="0.2",
    )  # fmt: skip
    assert ended.code == 3
    assert ended.err.count("does not answer") == 1


def test_a_journal_forgives_broken_lines_and_knows_servers_apart(tmp_path: Path) -> None:
    file = tmp_path / "imports.jsonl"
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x" * 5_000_000)
    facts = path.stat()
    sample = sample_of(path, facts.st_size)
    journal = Journal("https://one", file)
    journal.note(Entry("https://one", str(path), facts.st_size, facts.st_mtime_ns, sample, "v", "ready"))
    with file.open("a") as broken:
        broken.write('{"server": "https://one", "pa')
    again = Journal("https://one", file)
    assert again.at(path, facts.st_size, facts.st_mtime_ns) is not None
    assert again.at(path, facts.st_size + 1, facts.st_mtime_ns) is None
    again.note(Entry("https://one", "b", 1, 1, "s", "w", "ready"))
    assert Journal("https://one", file).like("s") is not None
    assert Journal("https://one", file).like(sample) is not None
    assert Journal("https://two", file).like(sample) is None
    path.write_bytes(b"x" * 2_499_999 + b"y" + b"x" * 2_500_000)
    assert sample_of(path, 5_000_000) != sample


def test_a_file_has_settled_once_its_size_and_date_stood_still() -> None:
    settled = Settled(10)
    film = [Found(Path("a.mp4"), 1, 1)]
    grown = [Found(Path("a.mp4"), 2, 1)]
    assert settled.look(film, 0) == []
    assert settled.look(film, 9) == []
    assert settled.look(grown, 11) == []
    assert settled.look(grown, 21) == grown
    assert settled.look([], 22) == []
    assert settled.look(grown, 40) == []


def test_titles_are_made_of_names(tmp_path: Path) -> None:
    assert title_of(Path("/x/forty_bowls-take 3.mov")) == "forty bowls take 3"
    assert title_of(Path("_.mp4")) == "_.mp4"
    started = time.monotonic()
    for number in range(3000):
        (tmp_path / f"{number}.mp4").write_bytes(b"x")
    assert len(walk(tmp_path).films) == 3000
    assert time.monotonic() - started < 20
