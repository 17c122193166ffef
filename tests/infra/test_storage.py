"""The contract of the store, over every implementation of the port."""

import asyncio
import hashlib
import itertools
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.stores import Store

from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, Invalid, NotFound
from matinee.kernel.time import utc_now

DATA = bytes(range(256)) * 1000
MIB = 1 << 20
FILM = b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(MIB * 20 // 32))
"""20 MiB in which every 32 bytes are different: three slices of a bucket."""


@pytest.fixture(params=["local", "moto", "nanio"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "store")
    running: Store = request.getfixturevalue(request.param)
    return running.open()


async def pieces(*data: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece
    if error is not None:
        raise error


async def read(store: Storage, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, end, chunk_bytes=1000)])


async def read_fast(store: Storage, key: str) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, chunk_bytes=MIB)])


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


async def test_a_source_that_breaks_in_a_later_slice_leaves_what_came(store: Storage) -> None:
    came = FILM[: 11 * MIB + 5]
    with pytest.raises(ConnectionError):
        await store.append("p", 0, pieces(came[:MIB], came[MIB:], error=ConnectionError()), limit=len(FILM))
    assert await store.append_size("p") == len(came)
    assert await store.append("p", len(came), pieces(FILM[len(came) :]), limit=len(FILM)) == len(FILM)
    assert (await store.seal("p", "k")).size_bytes == len(FILM)
    assert await read_fast(store, "k") == FILM


async def test_bytes_of_any_cut_become_the_same_file(store: Storage) -> None:
    """Ends in the middle of slices, at their borders, and beyond what is kept."""
    size = 0
    for to in (3, 5 * MIB, 8 * MIB, 8 * MIB, 8 * MIB + 1, 17 * MIB):
        size = await store.append("p", size, pieces(FILM[size:to]), limit=len(FILM))
        assert (size, await store.append_size("p")) == (to, to)
    for offset, to in ((16 * MIB + 3, 18 * MIB), (9 * MIB, 9 * MIB), (8 * MIB, 20 * MIB), (2, 4 * MIB)):
        assert await store.append("p", offset, pieces(FILM[offset:to]), limit=len(FILM)) == to
        assert await store.append_size("p") == to
    assert await store.append("p", 4 * MIB, pieces(FILM[4 * MIB :]), limit=len(FILM)) == len(FILM)
    part = [part async for part in store.parts()]
    assert [(p.key, p.size_bytes) for p in part] == [("p", len(FILM))]
    sealed = await store.seal("p", "k")
    assert await store.seal("p", "k") == sealed
    assert sealed.size_bytes == len(FILM)
    assert await read_fast(store, "k") == FILM
    assert await read(store, "k", 8 * MIB - 10, 8 * MIB + 10) == FILM[8 * MIB - 10 : 8 * MIB + 10]
    assert [part async for part in store.parts()] == []


async def test_a_part_may_shrink_without_a_new_byte_and_be_empty(store: Storage) -> None:
    await store.append("p", 0, pieces(FILM[: 9 * MIB]), limit=len(FILM))
    with pytest.raises(ConnectionError):
        await store.append("p", 5, pieces(error=ConnectionError()), limit=len(FILM))
    assert await store.append_size("p") == 5
    assert await store.append("p", 0, pieces(), limit=5) == 0
    assert [(part.key, part.size_bytes) async for part in store.parts()] == [("p", 0)]
    assert (await store.seal("p", "k")).size_bytes == 0
    assert await read(store, "k") == b""
    assert await read(store, "k", 0, 10) == b""
    assert await store.append("new", 0, pieces(), limit=0) == 0
    assert [part.key async for part in store.parts()] == ["new"]
    await store.discard("new")
    assert [part async for part in store.parts()] == []


async def test_sealing_replaces_and_two_who_seal_at_once_agree(store: Storage) -> None:
    await store.put_bytes("k", b"before")
    await store.append("p", 0, pieces(FILM), limit=len(FILM))
    first, second = await asyncio.gather(store.seal("p", "k"), store.seal("p", "k"))
    assert first.size_bytes == second.size_bytes == len(FILM)
    assert await read_fast(store, "k") == FILM
    assert await store.append_size("p") == 0


async def test_a_large_file_is_put_whole_and_copied_back(store: Storage, tmp_path: Path) -> None:
    file = tmp_path / "film"
    file.write_bytes(FILM)
    assert (await store.put_file("f/film.mp4", file, move=True)).size_bytes == len(FILM)
    folder = tmp_path / "copies"
    first, second = await asyncio.gather(
        store.local_path("f/film.mp4", folder), store.local_path("f/film.mp4", folder)
    )
    assert first == second
    assert first.read_bytes() == FILM
    await store.put_bytes("g/film.mp4", b"another")
    assert (await store.local_path("g/film.mp4", folder)).read_bytes() == b"another"
    assert (await store.local_path("f/film.mp4", folder)).read_bytes() == FILM
    assert not list(folder.glob(".*"))


async def test_many_read_at_once_and_some_leave_early(store: Storage) -> None:
    await store.put_bytes("k", FILM[: 2 * MIB])

    async def some(start: int) -> bytes:
        return await read(store, "k", start, start + 200_000)

    async def leaves() -> None:
        async for _ in store.read("k", chunk_bytes=1000):
            return

    starts = range(0, MIB, 100_000)
    found = await asyncio.gather(*(some(start) for start in starts), *(leaves() for _ in range(5)))
    assert list(found[: len(starts)]) == [FILM[start : start + 200_000] for start in starts]


async def test_a_range_beyond_the_end_is_cut_and_chunks_are_small(store: Storage) -> None:
    await store.put_bytes("k", DATA)
    assert await read(store, "k", len(DATA) - 5, len(DATA) + 100) == DATA[-5:]
    assert await read(store, "k", len(DATA)) == b""
    assert await read(store, "k", len(DATA) + 1, len(DATA) + 9) == b""
    sizes = [len(chunk) async for chunk in store.read("k", chunk_bytes=1000)]
    assert max(sizes) == 1000
    with pytest.raises(NotFound):
        await read(store, "no", 5, 5)


@pytest.mark.parametrize("key", ["_", "a..b", "0-0", "x" * 128, "A/_b/c-.", "/".join(["d"] * 40)])
async def test_odd_keys_that_are_allowed_are_keys_like_any(store: Storage, key: str, tmp_path: Path) -> None:
    await store.put_bytes(key, b"odd")
    assert await read(store, key) == b"odd"
    assert [stored.key async for stored in store.list()] == [key]
    assert (await store.local_path(key, tmp_path / "copies")).read_bytes() == b"odd"
    await store.append(key, 0, pieces(b"part"), limit=4)
    assert [part.key async for part in store.parts()] == [key]
    await store.seal(key, key)
    assert await read(store, key) == b"part"
    await store.delete(key)
    assert [stored async for stored in store.list()] == []


async def test_a_prefix_ends_at_its_slash(store: Storage) -> None:
    for key in ("t/1/a", "t/10/a", "t/1-/a", "t/1.a"):
        await store.put_bytes(key, b"x")
    assert [stored.key async for stored in store.list("t/1")] == ["t/1/a"]
    assert await store.delete_prefix("t/1") == 1
    assert {stored.key async for stored in store.list()} == {"t/10/a", "t/1-/a", "t/1.a"}


async def test_parts_are_joined_in_order_and_consumed(store: Storage) -> None:
    sources = [("p1", 5000), ("p2", 1), ("p3", len(DATA) - 5001)]
    start = 0
    for key, size in sources:
        await store.append(key, 0, pieces(DATA[start : start + size]), limit=size)
        start += size
    assert await store.join("whole", sources) == len(DATA)
    assert await store.join("whole", sources) == len(DATA)
    assert await store.append_size("whole") == len(DATA)
    assert [part.key async for part in store.parts()] == ["whole"]
    await store.seal("whole", "blobs/whole")
    assert await read(store, "blobs/whole") == DATA


async def test_parts_of_any_size_are_joined_and_a_second_join_goes_on(store: Storage) -> None:
    edges = [0, 9 * MIB, 9 * MIB + 3, 16 * MIB, 20 * MIB]
    sources = [(f"p{number}", end - start) for number, (start, end) in enumerate(itertools.pairwise(edges))]
    for (key, size), start in zip(sources, edges, strict=False):
        await store.append(key, 0, pieces(FILM[start : start + size]), limit=size)
    # As if a join had died after the first part, and had begun with the second.
    assert await store.join("whole", sources[:1]) == 9 * MIB
    await store.append("whole", 9 * MIB, pieces(FILM[9 * MIB : 9 * MIB + 1]), limit=len(FILM))
    assert await store.join("whole", sources) == len(FILM)
    assert await store.join("whole", sources) == len(FILM)
    assert [(part.key, part.size_bytes) async for part in store.parts()] == [("whole", len(FILM))]
    assert (await store.seal("whole", "k")).size_bytes == len(FILM)
    assert await read_fast(store, "k") == FILM


async def test_one_part_alone_is_joined_and_loses_what_lay_beyond_its_size(store: Storage) -> None:
    await store.append("p", 0, pieces(b"abcdef"), limit=10)
    assert await store.join("whole", [("p", 4)]) == 4
    await store.seal("whole", "k")
    assert await read(store, "k") == b"abcd"


async def test_parts_that_are_not_whole_are_not_joined(store: Storage) -> None:
    await store.append("p1", 0, pieces(b"abc"), limit=3)
    await store.append("p2", 0, pieces(b"de"), limit=3)
    with pytest.raises(Conflict):
        await store.join("whole", [("p1", 3), ("p2", 3)])
    with pytest.raises(NotFound):
        await store.join("other", [("no", 3)])


async def test_a_join_goes_on_after_a_crash_at_any_point(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path / "store")
    parts = tmp_path / "store" / "parts"
    sources = [("p1", 3), ("p2", 4), ("p3", 2)]
    crashes: list[dict[str, bytes]] = [
        {"p1": b"abc", "p2": b"defg", "p3": b"hi"},
        {"p1": b"abc", "p2": b"defg", "p3": b"hi", "whole": b"of an older try"},
        {"whole": b"abc", "p2": b"defg", "p3": b"hi"},
        {"whole": b"abcde", "p2": b"defg", "p3": b"hi"},
        {"whole": b"abcdefg", "p2": b"defg", "p3": b"hi"},
        {"whole": b"abcdefg", "p3": b"hi"},
        {"whole": b"abcdefghi", "p3": b"hi"},
        {"whole": b"abcdefghi"},
    ]
    for crash in crashes:
        for name, data in crash.items():
            (parts / name).write_bytes(data)
        assert await store.join("whole", sources) == 9
        assert {path.name: path.read_bytes() for path in parts.iterdir()} == {"whole": b"abcdefghi"}
    (parts / "whole").write_bytes(b"abcd")
    with pytest.raises(Conflict):
        await store.join("whole", sources)


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
