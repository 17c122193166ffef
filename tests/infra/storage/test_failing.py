"""A store that fails: every call ends in the bytes or in `Unavailable`, within its time, and says no secret."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.infra.test_storage import FILM, MIB, pieces, read_fast
from tests.support.stores import ACCESS_KEY, SECRET_KEY, Faulty, Store

from matinee.infra.storage.s3 import S3Storage
from matinee.infra.storage.s3_access import Patience
from matinee.kernel.errors import Conflict, Unavailable

HASTY = Patience(silent_s=2, total_s=30, tries=3, slow_bps=1_000_000_000)
STUBBORN = Patience(silent_s=2, total_s=60, tries=8, slow_bps=1_000_000_000)
CALM = Patience(silent_s=20, total_s=30, tries=3)
SLACK_S = 3.0
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""moto says of every upload that it began in 2010."""


async def opened(moto: Store, faulty: Faulty, patience: Patience) -> S3Storage:
    """Behind the proxy, holding one value and one part."""
    plain = moto.open()
    await plain.put_bytes("k", FILM[:MIB])
    await plain.append("p", 0, pieces(FILM[: 9 * MIB]), limit=len(FILM))
    return moto.open(patience, s3_endpoint=faulty.address, s3_prefix=plain.prefix.rstrip("/"))


@pytest.fixture
async def store(moto: Store, faulty: Faulty) -> S3Storage:
    return await opened(moto, faulty, CALM)


def calls(store: S3Storage, folder: Path) -> dict[str, Callable[[], Awaitable[object]]]:
    """One of everything that a store is asked for."""
    file = folder / "file"
    file.write_bytes(FILM[: 9 * MIB])

    async def listed() -> list[str]:
        return [stored.key async for stored in store.list()]

    async def parts() -> list[str]:
        return [stored.key async for stored in store.parts()]

    return {
        "put_bytes": lambda: store.put_bytes("new", b"x"),
        "put_file": lambda: store.put_file("large", file),
        "stat": lambda: store.stat("k"),
        "read": lambda: read_fast(store, "k"),
        "local_path": lambda: store.local_path("k", folder / "copies"),
        "list": listed,
        "parts": parts,
        "append": lambda: store.append("q", 0, pieces(FILM[: 9 * MIB]), limit=len(FILM)),
        "append_size": lambda: store.append_size("p"),
        "seal": lambda: store.seal("p", "sealed"),
        "tidy": lambda: store.tidy(LONG_AGO),
        "check": store.check,
        "delete": lambda: store.delete("other"),
        "discard": lambda: store.discard("p"),
    }


async def fails(call: Callable[[], Awaitable[object]], said: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as failed:
        await call()
    assert time.monotonic() - began < 2 * HASTY.total_s + SLACK_S  # a put and a look at it at most
    assert said in failed.value.detail
    assert ACCESS_KEY not in failed.value.detail
    assert SECRET_KEY not in failed.value.detail
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("500", "The store answers 500"),
        ("403", "The store refuses its key: 403"),
        ("hang", "The store did not answer in time."),
        ("empty", "The store"),
    ],
)
async def test_a_store_that_goes_on_failing_is_unavailable(
    moto: Store, faulty: Faulty, tmp_path: Path, fault: str, said: str
) -> None:
    store = await opened(moto, faulty, HASTY if fault == "hang" else CALM)
    faulty.spoil(fault)
    await asyncio.gather(*(fails(call, said) for call in calls(store, tmp_path).values()))
    assert not (tmp_path / "copies").exists() or not list((tmp_path / "copies").iterdir())
    faulty.spoil("fine")
    assert await read_fast(store, "k") == FILM[:MIB]
    assert await store.append_size("p") == 9 * MIB
    assert await store.append_size("q") == 0


async def test_nobody_at_the_address_is_unavailable(moto: Store, tmp_path: Path) -> None:
    away = moto.open(HASTY, s3_endpoint="http://127.0.0.1:1")
    await asyncio.gather(
        *(fails(call, "The store cannot be reached") for call in calls(away, tmp_path).values())
    )


@pytest.mark.parametrize("fault", ["500", pytest.param("hang", marks=pytest.mark.slow), "empty"])
async def test_what_fails_once_is_tried_again(
    moto: Store, faulty: Faulty, tmp_path: Path, fault: str
) -> None:
    store = await opened(moto, faulty, STUBBORN)
    faulty.spoil(fault, each_once=True)
    await asyncio.gather(*(call() for name, call in calls(store, tmp_path).items() if name != "discard"))
    assert sum(fault in seen for seen in faulty.seen) > 15
    assert await read_fast(store, "k") == FILM[:MIB]
    assert await read_fast(store, "sealed") == FILM[: 9 * MIB]
    assert await read_fast(store, "large") == FILM[: 9 * MIB]
    assert await store.append_size("q") == 9 * MIB


async def test_half_a_body_is_never_the_end_of_a_file(
    store: S3Storage, faulty: Faulty, tmp_path: Path
) -> None:
    faulty.spoil("half", "fine", only="GET")
    assert await read_fast(store, "k") == FILM[:MIB]
    assert "GET half" in faulty.seen
    faulty.spoil("half", only="GET")
    with pytest.raises(Unavailable):
        await read_fast(store, "k")
    with pytest.raises(Unavailable):
        await store.local_path("k", tmp_path / "copies")
    assert not list((tmp_path / "copies").iterdir())
    with pytest.raises(Unavailable):
        assert [stored async for stored in store.list()]


async def test_a_slice_that_fails_ends_the_part_before_it(store: S3Storage, faulty: Faulty) -> None:
    async def film() -> object:
        return await store.append(
            "r", 0, pieces(*(FILM[at : at + MIB] for at in range(0, len(FILM), MIB))), limit=len(FILM)
        )

    faulty.spoil("fine", "500", only="PUT")
    with pytest.raises(Unavailable):
        await film()
    faulty.spoil("fine")
    assert await store.append_size("r") == 8 * MIB
    with pytest.raises(Conflict):
        await store.append("r", 9 * MIB, pieces(b"x"), limit=len(FILM))
    await store.append("r", 8 * MIB, pieces(FILM[8 * MIB :]), limit=len(FILM))
    await store.seal("r", "r")
    assert await read_fast(store, "r") == FILM


async def test_a_seal_that_fails_leaves_the_part_and_no_value(store: S3Storage, faulty: Faulty) -> None:
    for plan in (("fine", "500"), ("fine", "fine", "fine", "403"), ("403",)):
        faulty.spoil(*plan, only="PUT POST")
        with pytest.raises(Unavailable):
            await store.seal("p", "sealed")
        faulty.spoil("fine")
        assert [stored.key async for stored in store.list()] == ["k"]
        assert await store.append_size("p") == 9 * MIB
    async with store.multipart() as multipart:
        assert [upload async for upload in multipart.pending(store.prefix)] == []
    assert (await store.seal("p", "sealed")).size_bytes == 9 * MIB


async def test_a_store_that_lost_a_write_is_found_out(store: S3Storage, faulty: Faulty) -> None:
    """A proxy or store that says 200 to a PUT and keeps nothing."""
    faulty.spoil("lost", only="PUT")
    for call in (lambda: store.put_bytes("new", b"x"), store.check):
        with pytest.raises(Unavailable, match="forgot"):
            await call()
