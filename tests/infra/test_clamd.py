"""What a virus scanner says is believed to the letter, and everything else is no answer."""

import asyncio
from pathlib import Path

import pytest
from tests.support.scanner import HARMFUL, Mood, clamd

from matinee.infra.clamd import Place, Scanner, ScannerAway


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film"
    path.write_bytes(bytes(700_000))
    return path


async def test_a_file_is_handed_over_whole_and_in_pieces(film: Path) -> None:
    async with clamd() as stand_in:
        scanner = Scanner(Place(host="127.0.0.1", port=stand_in.port))
        assert await scanner.look_through(film, 1_000_000) is None
        assert await scanner.look_through(film, 300_000) is None
        film.write_bytes(b"")
        assert await scanner.look_through(film, 300_000) is None
        assert stand_in.seen_bytes == [700_000, 300_000, 0]


async def test_what_it_finds_is_named(film: Path) -> None:
    film.write_bytes(bytes(500_000) + HARMFUL)
    async with clamd() as stand_in:
        scanner = Scanner(Place(host="127.0.0.1", port=stand_in.port))
        assert await scanner.look_through(film, 1_000_000) == "Test.Harmful"
        assert await scanner.look_through(film, 500_000) is None


@pytest.mark.parametrize("mood", ["away", "cut", "full", "babbling"])
async def test_anything_but_a_verdict_is_no_answer(film: Path, mood: Mood) -> None:
    async with clamd() as stand_in:
        stand_in.mood = mood
        scanner = Scanner(Place(host="127.0.0.1", port=stand_in.port))
        with pytest.raises(ScannerAway):
            await scanner.look_through(film, 1_000_000)


async def test_a_file_beyond_its_bound_does_not_pass(film: Path) -> None:
    async with clamd() as stand_in:
        stand_in.most_bytes = 600_000
        with pytest.raises(ScannerAway):
            await Scanner(Place(host="127.0.0.1", port=stand_in.port)).look_through(film, 1_000_000)


@pytest.mark.parametrize("greets", [False, True])
async def test_a_silent_one_is_left_in_time(film: Path, greets: bool) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greets and await reader.readuntil(b"\0") == b"zPING\0":
            writer.write(b"PONG\0")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        place = Place(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        impatient = Scanner(place, silence_s=0.05) if greets else Scanner(place, greet_s=0.05)
        with pytest.raises(ScannerAway):
            await impatient.look_through(film, 1_000_000)
    with pytest.raises(ScannerAway):
        await Scanner(place).check()


async def test_a_socket_of_this_machine_is_a_place_too(film: Path, tmp_path: Path) -> None:
    async with clamd() as stand_in:
        server = await asyncio.start_unix_server(stand_in.serve, tmp_path / "clamd.ctl")
        async with server:
            scanner = Scanner(Place.parse(f"unix://{tmp_path}/clamd.ctl", allow_plain=False))
            await scanner.check()
            assert await scanner.look_through(film, 1_000_000) is None


def test_a_place_is_read_and_another_machine_needs_permission() -> None:
    assert Place.parse("tcp://localhost", allow_plain=False) == Place(host="localhost", port=3310)
    assert Place.parse("tcp://clamav:3311", allow_plain=True) == Place(host="clamav", port=3311)
    for wrong in ("tcp://clamav:3310", "http://localhost:3310", "tcp://", "unix://here/clamd.ctl", "tcp://localhost:x",
                  "tcp://me@localhost", "/run/clamd.ctl"):  # fmt: skip
        with pytest.raises(ValueError, match="MATINEE_CLAMD_URL"):
            Place.parse(wrong, allow_plain=False)
