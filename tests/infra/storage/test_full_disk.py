"""A disk that is full: a sentence instead of a bare error of the system, nothing half done, and the upload goes on."""

import errno
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.features.files.tickets import ticket
from tests.infra.test_storage import DATA, pieces, read
from tests.support.house import House

from matinee.infra.storage import claims
from matinee.infra.storage.copies import Copies
from matinee.infra.storage.local import LocalStorage
from matinee.kernel.errors import Unavailable

FULL = OSError(errno.ENOSPC, "No space left on device")
ROOM_BYTES = 100_000


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many bytes the disk still takes from `os.write`; like a disk it takes what fits before it refuses."""
    left = [ROOM_BYTES]
    plain = os.write

    def write(handle: int, data: Any) -> int:
        if len(data) and not left[0]:
            raise FULL
        written = plain(handle, data[: left[0]])
        left[0] -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr("matinee.infra.storage.local.os.write", write)
        yield left


def refuses(*_: object, **__: object) -> None:
    raise FULL


async def test_a_part_keeps_what_fitted_and_goes_on_later(tmp_path: Path, room: list[int]) -> None:
    store = LocalStorage(tmp_path / "store")
    with pytest.raises(Unavailable, match="The disk of the store is full"):
        await store.append("p", 0, pieces(DATA), limit=len(DATA))
    held = await store.append_size("p")
    assert held == ROOM_BYTES
    room[0] = len(DATA)
    assert await store.append("p", held, pieces(DATA[held:]), limit=len(DATA)) == len(DATA)
    await store.seal("p", "whole")
    assert await read(store, "whole") == DATA


@pytest.mark.parametrize("what", ["put_bytes", "put_file", "put_file moving"])
async def test_a_value_that_does_not_fit_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    store = LocalStorage(tmp_path / "store")
    file = tmp_path / "file"
    file.write_bytes(DATA)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "put_bytes": lambda: store.put_bytes("k", DATA),
        "put_file": lambda: store.put_file("k", file),
        "put_file moving": lambda: store.put_file("k", file, move=True),
    }
    with monkeypatch.context() as patch:
        patch.setattr("matinee.infra.storage.local.os.fsync", refuses)
        with pytest.raises(Unavailable, match="The disk of the store is full"):
            await calls[what]()
    assert file.read_bytes() == DATA
    assert [stored.key async for stored in store.list()] == []
    assert list((tmp_path / "store" / "tmp").iterdir()) == []
    await calls[what]()
    assert await read(store, "k") == DATA


async def test_an_upload_goes_on_once_there_is_room(house: House, room: list[int]) -> None:
    mine = await ticket(house)
    address = await mine.address(len(DATA))
    refused = await mine.bring(address, 0, DATA)
    assert refused.status_code == 503, refused.text
    assert "The disk of the store is full." in refused.text
    offset = await mine.offset(address)
    assert 0 <= offset <= ROOM_BYTES
    room[0] = len(DATA)
    assert (await mine.bring(address, offset, DATA[offset:])).status_code == 204
    assert await mine.kept(address) == DATA


def test_a_working_folder_that_cannot_be_made_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuses)
        with (
            pytest.raises(Unavailable, match="The disk of the folder `scratch` is full"),
            claims.workplace(tmp_path / "scratch"),
        ):
            pass


async def test_a_copy_that_does_not_fit_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStorage(tmp_path / "store")
    await store.put_bytes("k", DATA)

    async def elsewhere(_: str) -> None:
        return None

    monkeypatch.setattr(store, "here", elsewhere)
    copies = Copies(tmp_path / "copies", 10**9)
    with monkeypatch.context() as patch:
        patch.setattr("matinee.infra.storage.copies.os.fsync", refuses)
        with pytest.raises(Unavailable, match="The disk of this machine is full"):
            async with copies.held(store, "k", len(DATA)):
                pass
    assert copies.keys() == []
    async with copies.held(store, "k", len(DATA)) as copy:
        assert copy.path.read_bytes() == DATA
