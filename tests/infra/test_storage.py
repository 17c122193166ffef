"""The contract of the store, over every implementation of the port."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, Invalid, NotFound
from matinee.kernel.time import utc_now

STORES: dict[str, Callable[[Path], Storage]] = {"local": LocalStorage}
DATA = bytes(range(256)) * 1000


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return STORES[request.param](tmp_path / "store")


async def pieces(*data: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece
    if error is not None:
        raise error


async def read(store: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, end, chunk_bytes=1000)])


async def test_what_is_put_is_read_whole_and_in_ranges(store: Storage, tmp_path: Path) -> None:
    put = await store.put_bytes("a/b.bin", DATA)
    assert (put.key, put.size_bytes) == ("a/b.bin", len(DATA))
    assert await store.stat("a/b.bin") == put
    assert await read(store, "a/b.bin") == DATA
    assert await read(store, "a/b.bin", 10, 5010) == DATA[10:5010]
    assert await read(store, "a/b.bin", len(DATA) - 3) == DATA[-3:]
    assert await read(store, "a/b.bin", 5, 5) == b""
    assert (await store.local_path("a/b.bin", tmp_path)).read_bytes() == DATA


@pytest.mark.parametrize("move", [False, True])
async def test_a_file_is_put_and_may_be_consumed(store: Storage, tmp_path: Path, move: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(DATA)
    await store.put_file("c/d", file, move=move)
    assert await read(store, "c/d") == DATA
    assert file.exists() is not move


async def test_what_is_put_again_replaces(store: Storage) -> None:
    first = await store.put_bytes("k", b"one")
    second = await store.put_bytes("k", b"three")
    assert await read(store, "k") == b"three"
    assert first.etag != second.etag


async def test_what_is_not_there_is_not_found(store: Storage, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await store.stat("no")
    with pytest.raises(NotFound):
        await read(store, "no")
    with pytest.raises(NotFound):
        await store.local_path("no", tmp_path)
    with pytest.raises(NotFound):
        await store.put_file("k", tmp_path / "no", move=True)
    with pytest.raises(NotFound):
        await store.seal("no", "k")
    await store.delete("no")
    await store.discard("no")
    assert await store.delete_prefix("no") == 0
    assert [stored async for stored in store.list("no")] == []


@pytest.mark.parametrize(
    "key", ["../x", "a/../../x", "/x", "a//b", ".hidden", "", "a/b\x00", "x" * 600, "a\\b"]
)
async def test_a_key_cannot_leave_the_store(store: Storage, key: str) -> None:
    with pytest.raises(Invalid):
        await store.put_bytes(key, b"x")
    with pytest.raises(Invalid):
        await store.append(key, 0, pieces(b"x"), limit=1)


async def test_keys_are_listed_and_deleted_by_prefix(store: Storage) -> None:
    for key in ("t/1/a", "t/1/b", "t/2/a", "u"):
        await store.put_bytes(key, b"x")
    assert {stored.key async for stored in store.list("t")} == {"t/1/a", "t/1/b", "t/2/a"}
    assert await store.delete_prefix("t/1") == 2
    await store.delete("u")
    assert [stored.key async for stored in store.list()] == ["t/2/a"]


async def test_a_part_grows_and_is_sealed_once(store: Storage) -> None:
    assert await store.append("p", 0, pieces(DATA[:10], DATA[10:5000]), limit=len(DATA)) == 5000
    assert await store.append_size("p") == 5000
    assert await store.append("p", 5000, pieces(DATA[5000:]), limit=len(DATA)) == len(DATA)
    assert [part.key async for part in store.parts()] == ["p"]
    sealed = await store.seal("p", "blobs/p")
    assert await store.seal("p", "blobs/p") == sealed
    assert await read(store, "blobs/p") == DATA
    assert await store.append_size("p") == 0
    assert [part async for part in store.parts()] == []


async def test_a_part_goes_on_where_it_is_told_and_forgets_what_lay_beyond(store: Storage) -> None:
    await store.append("p", 0, pieces(b"abcdef"), limit=10)
    assert await store.append("p", 3, pieces(b"XY"), limit=10) == 5
    with pytest.raises(Conflict):
        await store.append("p", 6, pieces(b"Z"), limit=10)
    await store.seal("p", "k")
    assert await read(store, "k") == b"abcXY"


async def test_a_broken_source_leaves_what_came(store: Storage) -> None:
    with pytest.raises(ConnectionError):
        await store.append("p", 0, pieces(b"abc", b"def", error=ConnectionError()), limit=10)
    assert await store.append_size("p") == 6


async def test_a_part_never_grows_beyond_its_limit(store: Storage) -> None:
    with pytest.raises(Invalid):
        await store.append("p", 0, pieces(b"abc", b"def"), limit=5)
    assert await store.append_size("p") == 5


async def test_a_cancelled_writer_leaves_a_part_that_can_go_on(store: Storage) -> None:
    came = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield DATA
        came.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(store.append("p", 0, endless(), limit=1 << 30))
    await came.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await store.append_size("p") == len(DATA)
    assert await store.append("p", len(DATA), pieces(b"!"), limit=1 << 30) == len(DATA) + 1


async def test_the_store_says_that_it_works_and_how_much_it_holds(store: Storage) -> None:
    await store.check()
    assert [stored async for stored in store.list()] == []
    space = await store.free_bytes()
    assert space is None or 0 < space[0] <= space[1]


async def test_leftovers_of_dead_writers_go_when_they_are_old(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path / "store")
    old, young = tmp_path / "store" / "tmp" / "old", tmp_path / "store" / "tmp" / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    long_ago = (utc_now() - timedelta(hours=3)).timestamp()
    os.utime(old, (long_ago, long_ago))
    assert await store.tidy(utc_now() - timedelta(hours=1)) == 1
    assert young.exists()
    assert not old.exists()
