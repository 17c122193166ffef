"""Copies of a bucket's values on this machine: fetched once, bounded, and nobody's after a kill."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.stores import Faulty, Store

from matinee.infra.storage import claims
from matinee.infra.storage.claims import Claim
from matinee.infra.storage.copies import Copies
from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.s3 import S3Storage
from matinee.kernel.errors import NotFound, Unavailable

FILM = os.urandom(3 << 20)
HASH = hashlib.sha256(FILM).hexdigest()
KEY = "originals/ab/one"


def film(name: str) -> str:
    return f"originals/ab/{name}"


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path / "cache", 10 * len(FILM))


async def put(store: S3Storage, *names: str) -> None:
    for name in names:
        await store.put_bytes(film(name), FILM)


async def use(copies: Copies, store: S3Storage, name: str) -> None:
    async with copies.held(store, film(name), len(FILM)):
        pass


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.01)


async def test_many_at_once_fetch_one_copy_and_keep_it(copies: Copies, faulty: Faulty, moto: Store) -> None:
    store = moto.open(s3_endpoint=faulty.address)
    await store.put_bytes(KEY, FILM)
    faulty.spoil("fine")

    async def step() -> str | None:
        async with copies.held(store, KEY, len(FILM), HASH) as copy:
            assert copy.path.read_bytes() == FILM
            return copy.sha256

    found = await asyncio.gather(*(step() for _ in range(5)))
    assert sorted(filter(None, found)) == [HASH]
    assert await step() is None
    assert faulty.seen == ["GET fine"]
    assert copies.keys() == [KEY]


async def test_what_lies_on_this_machine_is_not_copied(copies: Copies, tmp_path: Path) -> None:
    store = LocalStorage(tmp_path / "store")
    await store.put_bytes(KEY, FILM)
    async with copies.held(store, KEY, len(FILM)) as copy:
        assert copy.path.is_relative_to(tmp_path / "store")
    assert not copies.folder.exists()


async def test_other_bytes_than_were_uploaded_are_never_given(copies: Copies, moto: Store) -> None:
    store = moto.open()
    await store.put_bytes(KEY, FILM)
    with pytest.raises(Unavailable, match="other bytes"):
        async with copies.held(store, KEY, len(FILM), "0" * 64):
            pass
    with pytest.raises(Unavailable, match="bytes of a source that has"):
        async with copies.held(store, KEY, len(FILM) + 1):
            pass
    with pytest.raises(NotFound):
        async with copies.held(store, film("none"), len(FILM)):
            pass
    assert copies.keys() == []


async def test_the_least_recently_used_go_first_and_what_is_in_use_stays(moto: Store, tmp_path: Path) -> None:
    store, copies = moto.open(), Copies(tmp_path / "cache", 2 * len(FILM))
    await put(store, "a", "b", "c", "d")
    await use(copies, store, "a")
    await use(copies, store, "b")
    async with copies.held(store, film("a"), len(FILM)) as held:
        await use(copies, store, "c")
        assert set(copies.keys()) == {film("a"), film("c")}
        async with copies.held(store, film("c"), len(FILM)):
            async with copies.held(store, film("d"), len(FILM)):
                assert set(copies.keys()) == {film("a"), film("c"), film("d")}
            assert not copies.forget(film("c"))
        assert held.path.read_bytes() == FILM
    assert len(copies.keys()) == 2
    assert copies.forget(film("a"))
    assert not held.path.exists()


async def test_without_a_bound_nothing_stays_after_its_use(moto: Store, tmp_path: Path) -> None:
    store, copies = moto.open(), Copies(tmp_path / "cache", 0)
    await put(store, "a")
    async with copies.held(store, film("a"), len(FILM)) as copy:
        assert copy.path.read_bytes() == FILM
    assert copies.keys() == []


_CHILD = """
import asyncio, json, sys
from pathlib import Path
from matinee.infra.storage.claims import workplace
from matinee.infra.storage.copies import Copies
from matinee.infra.storage.s3 import S3Storage
from matinee.kernel.settings import StorageSettings
knobs, folder, key, size_bytes = json.loads(sys.argv[1])
async def main():
    with workplace(Path(folder, "scratch")) as scratch:
        (scratch / "half").write_text("done")
        print("here", flush=True)
        async with Copies(Path(folder, "cache"), 1 << 30).held(S3Storage(StorageSettings(**knobs)), key, size_bytes):
            print("fetched", flush=True)
asyncio.run(main())
"""


async def test_a_killed_process_holds_nothing(moto: Store, faulty: Faulty, tmp_path: Path) -> None:
    knobs = moto.settings()
    store = moto.open(s3_prefix=knobs["s3_prefix"])
    await store.put_bytes(KEY, FILM)
    faulty.spoil("hang")
    said = json.dumps([knobs | {"s3_endpoint": faulty.address}, str(tmp_path), KEY, len(FILM)])
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, said,
        env={"PYTHONPATH": os.pathsep.join(sys.path)}, cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    assert await child.stdout.readline() == b"here\n"
    await until(lambda: "GET hang" in faulty.seen)
    copies = Copies(tmp_path / "cache", 1 << 30)
    copies.tidy()
    assert claims.tidy(tmp_path / "scratch") == 0
    assert copies.keys() == [KEY]
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    async with copies.held(store, KEY, len(FILM), HASH) as copy:
        assert copy.path.read_bytes() == FILM
    assert claims.tidy(tmp_path / "scratch") == 1
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_another_process_fetches_while_this_one_waits(
    moto: Store, faulty: Faulty, tmp_path: Path
) -> None:
    knobs = moto.settings()
    store = moto.open(s3_prefix=knobs["s3_prefix"], s3_endpoint=faulty.address)
    await store.put_bytes(KEY, FILM)
    faulty.spoil("fine")
    said = json.dumps([knobs | {"s3_endpoint": faulty.address}, str(tmp_path), KEY, len(FILM)])
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, said, env={"PYTHONPATH": os.pathsep.join(sys.path)}, cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    copies = Copies(tmp_path / "cache", 1 << 30)
    async with copies.held(store, KEY, len(FILM), HASH):
        for child in children:
            assert (await child.communicate())[0] == b"here\nfetched\n"
    assert faulty.seen == ["GET fine"]


def test_a_left_over_folder_is_claimed_by_one(tmp_path: Path) -> None:
    with claims.workplace(tmp_path) as folder:
        assert Claim.of(folder, alone=False) is None
    assert not folder.exists()
    assert Claim.of(folder, alone=True) is None
    (tmp_path / "left" / "over").mkdir(parents=True)
    first = Claim.of(tmp_path / "left", alone=False)
    second = Claim.of(tmp_path / "left", alone=False)
    assert first is not None
    assert second is not None
    assert claims.tidy(tmp_path) == 0
    first.end()
    second.end()
    assert claims.tidy(tmp_path) == 1
