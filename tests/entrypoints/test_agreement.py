"""Processes on several machines have one media key and one store, or do not start."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.support.stores import Store

from matinee.entrypoints import agreement
from matinee.entrypoints.agreement import Differs
from matinee.entrypoints.parts import load_settings
from matinee.infra.storage.opening import open_store
from matinee.kernel.settings import Settings

KEY = "one key of the house, long enough for it"
OTHER = "another key that is long enough as well"


@pytest.fixture
def machine(database_url: str, moto: Store, tmp_path: Path) -> Any:
    common = moto.settings()

    def make(name: str, **overrides: Any) -> Settings:
        return load_settings(
            **(common | {"data_dir": tmp_path / name, "database_url": database_url} | overrides)
        )

    return make


async def test_machines_that_agree_may_start_in_any_order(machine: Any) -> None:
    for name in ("one", "two", "one"):
        await agreement.check(machine(name, media_key=KEY))
    assert await agreement.see(machine("two", media_key=KEY)) is None


async def test_the_first_machine_makes_a_key_and_a_second_makes_none(machine: Any) -> None:
    await agreement.check(machine("one"))
    await agreement.check(machine("one"))
    with pytest.raises(Differs, match="no media key than the rest"):
        await agreement.check(machine("two"))
    assert not (machine("two").house.data_dir / "media-key").exists()
    key = (machine("one").house.data_dir / "media-key").read_text()
    await agreement.check(machine("two", media_key=key))


async def test_another_key_is_refused_until_an_operator_adopts_it(machine: Any) -> None:
    await agreement.check(machine("one", media_key=KEY))
    with pytest.raises(Differs, match=r"another media key.*MATINEE_MEDIA_KEY.*matinee adopt"):
        await agreement.check(machine("two", media_key=OTHER))
    assert "another media key" in str(await agreement.see(machine("two", media_key=OTHER)))
    await agreement.adopt(machine("two", media_key=OTHER))
    await agreement.check(machine("two", media_key=OTHER))
    with pytest.raises(Differs):
        await agreement.check(machine("one", media_key=KEY))


@pytest.mark.parametrize("elsewhere", [{"s3_prefix": "elsewhere"}, {"storage": "local"}], ids=str)
async def test_another_store_is_refused_until_the_bytes_are_there(
    machine: Any, elsewhere: dict[str, str]
) -> None:
    one, two = machine("one", media_key=KEY), machine("two", media_key=KEY, **elsewhere)
    await agreement.check(one)
    with pytest.raises(Differs, match=r"not the one that this house uses.*matinee storage migrate"):
        await agreement.check(two)
    mark = b"".join([chunk async for chunk in open_store(one).read(agreement.STORE_KEY)])
    await open_store(two).put_bytes(agreement.STORE_KEY, b"of somebody else")
    with pytest.raises(Differs, match="that of another house"):
        await agreement.check(two)
    await open_store(two).put_bytes(agreement.STORE_KEY, mark)
    await agreement.check(two)


async def test_a_store_that_is_away_keeps_nobody_from_starting(machine: Any) -> None:
    await agreement.check(machine("one", media_key=KEY))
    await agreement.check(machine("two", media_key=KEY, s3_endpoint="http://127.0.0.1:1"))


async def test_in_one_process_nothing_needs_to_agree(make_house: MakeHouse) -> None:
    house = await make_house()
    assert await agreement.see(house.settings) is None
    assert not (house.settings.house.data_dir / "media-key").exists()


def test_a_worker_that_differs_ends_with_a_sentence(machine: Any, database_url: str, tmp_path: Path) -> None:
    values = {"DATA_DIR": str(tmp_path / "two"), "DATABASE_URL": database_url, "MEDIA_KEY": OTHER}
    asyncio.run(agreement.check(machine("one", media_key=KEY, storage="local")))
    done = subprocess.run(
        [sys.executable, "-m", "matinee.entrypoints.worker"],
        env=os.environ | {f"MATINEE_{n}": v for n, v in values.items()} | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "another media key than the rest of the house" in done.stderr
    assert "Traceback" not in done.stderr
