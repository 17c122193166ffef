"""tus checksums: a body counts when it is whole and matches, and else nothing of it does."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.features.files.tickets import BYTES, TUS, Ticket, metadata, served, ticket
from tests.features.files.wires import Wire, token_of, until
from tests.support.house import House
from tusclient import client as tus_client

from matinee.features.files import rules

DATA = bytes(range(256)) * 10_000


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def part_file(mine: Ticket, address: str) -> Path:
    return mine.house.settings.house.data_dir / "storage" / "parts" / address.rsplit("/", 1)[-1]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
async def test_bytes_that_match_are_kept_and_others_leave_nothing(house: House, algorithm: str) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    good = {"Upload-Checksum": checksum(DATA[:1000], algorithm)}
    assert (await mine.bring(address, 0, DATA[:1000], **good)).status_code == 204
    wrong = await mine.bring(
        address, 1000, DATA[1001:], **{"Upload-Checksum": checksum(DATA[1000:-1], algorithm)}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (460, "files.checksum_mismatch")
    assert wrong.headers["tus-resumable"] == "1.0.0"
    assert await mine.offset(address) == 1000
    assert part_file(mine, address).stat().st_size == 1000
    # A body that would have completed the file with other bytes is not a file.
    full = await mine.bring(address, 1000, bytes(len(DATA) - 1000), **good)
    assert full.status_code == 460
    assert await mine.offset(address) == 1000
    last = {"Upload-Checksum": checksum(DATA[1000:], algorithm)}
    assert (await mine.bring(address, 1000, DATA[1000:], **last)).status_code == 204
    assert await mine.kept(address) == DATA


async def test_a_checksum_that_cannot_be_read_is_refused_before_a_byte_is_taken(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    for value in (
        "",
        "crc32 AAAA",
        "sha1",
        "sha1 not!base64",
        "sha1 AAAA",
        "SHA1 " + checksum(b"", "sha1")[5:],
    ):
        answer = await mine.bring(address, 0, DATA, **{"Upload-Checksum": value})
        assert (answer.status_code, answer.json()["code"]) == (400, "files.bad_checksum"), value
    assert await mine.offset(address) == 0


async def test_first_bytes_with_a_wrong_checksum_leave_an_empty_upload_to_go_on_with(house: House) -> None:
    mine = await ticket(house)
    words = TUS | {"Upload-Length": str(len(DATA)), "Upload-Metadata": mine.about(), "Content-Type": BYTES}
    answer = await mine.client.post(
        "/api/v1/uploads", headers=words | {"Upload-Checksum": checksum(b"other")}, content=DATA
    )
    assert answer.status_code == 460
    address = answer.headers["location"]
    assert await mine.offset(address) == 0
    await mine.bring(address, 0, DATA)
    assert await mine.kept(address) == DATA


async def test_a_body_that_is_too_large_to_be_checked_is_refused(house: House) -> None:
    mine = await ticket(house)
    address = await mine.address(1 << 29)
    words = TUS | {"Upload-Offset": "0", "Content-Type": BYTES, "Upload-Checksum": checksum(b"")}
    announced = await mine.client.patch(
        address, headers=words | {"Content-Length": str(rules.MAX_CHECKED_BYTES + 1)}, content=b""
    )
    assert (announced.status_code, announced.json()["code"]) == (413, "files.too_large")
    assert "134 MB" in announced.json()["detail"]

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(4 << 20)

    answer = await mine.client.patch(address, headers=words, content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "files.too_large")
    assert await mine.offset(address) == 0


async def test_a_checked_body_that_breaks_off_leaves_nothing(house: House) -> None:
    mine = await ticket(house)
    async with served(house.app) as base:
        token = await token_of(mine)
        path = await mine.address(len(DATA))
        wire = await Wire.open(base + path, token, 0, len(DATA), **{"Upload-Checksum": checksum(DATA)})
        await wire.send(DATA[:-1])
        await until(_size(mine, path), lambda size: size > 0)
        assert await mine.offset(path) == 0
        await wire.close()

        async def again() -> int:
            return (
                await mine.bring(path, 0, DATA[:10], **{"Upload-Checksum": checksum(DATA[:10])})
            ).status_code

        await until(again, lambda status: status == 204)
    assert await mine.offset(path) == 10


def _size(mine: Ticket, path: str) -> Callable[[], Awaitable[int]]:
    async def size() -> int:
        file = part_file(mine, path)
        return file.stat().st_size if file.exists() else 0

    return size


async def test_tuspy_uploads_with_checksums(house: House, tmp_path: Path) -> None:
    mine = await ticket(house)
    file = tmp_path / "film.mp4"
    file.write_bytes(DATA)
    facts = {"filename": "film.mp4", "filetype": "video/mp4", "purpose": "video", "subject": mine.subject}
    async with served(house.app) as base:
        client = tus_client.TusClient(
            f"{base}/api/v1/uploads", headers={"Authorization": f"Bearer {await token_of(mine)}"}
        )

        def send() -> str:
            with file.open("rb") as stream:
                uploader = client.uploader(
                    file_stream=stream, chunk_size=300_000, metadata=facts, upload_checksum=True
                )
                uploader.upload()
                return str(uploader.url)

        url = await asyncio.to_thread(send)
    assert await mine.kept(url) == DATA


def test_metadata_of_a_piece_may_say_nothing() -> None:
    read = rules.read_metadata("", partial=True)
    assert (read.purpose, read.subject) == ("", "")
    named = rules.read_metadata(metadata(filename="a/b"), partial=True)
    assert named.filename == "b"
