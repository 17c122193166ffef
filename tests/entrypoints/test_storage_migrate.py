"""`matinee storage migrate`: every value arrives, verified, whatever happens on the way; the source stays."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.support.stores import Faulty, Store

from matinee.entrypoints.cli import migrating
from matinee.entrypoints.cli.migrating import Moved, Way
from matinee.entrypoints.parts import load_settings
from matinee.infra.storage.port import Storage
from matinee.kernel.errors import Conflict, NotFound, Unavailable

DATABASE = "postgresql://nobody@127.0.0.1:1/none"
VALUES = {f"originals/a{n}/{n}": hashlib.sha256(bytes([n])).digest() * (n * 1000) for n in range(12)}


def quiet(_: int) -> None:
    """Nobody watches."""


async def put(storage: Storage, values: dict[str, bytes]) -> None:
    for key, data in values.items():
        await storage.put_bytes(key, data)


async def held(storage: Storage) -> dict[str, bytes]:
    return {
        item.key: b"".join([chunk async for chunk in storage.read(item.key)]) async for item in storage.list()
    }


async def moved(way: Way, *, jobs: int = 3, dry_run: bool = False) -> Moved:
    return await migrating.migrate(way, jobs=jobs, dry_run=dry_run, show=quiet, begin=quiet)


async def removed(way: Way, *, dry_run: bool = False) -> Moved:
    return await migrating.remove_source(way, jobs=3, dry_run=dry_run, show=quiet, begin=quiet)


@pytest.fixture
def knobs(moto: Store, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "data" / "storage").mkdir(parents=True)
    return moto.settings() | {"data_dir": tmp_path / "data", "database_url": DATABASE}


def way(knobs: dict[str, Any], to: migrating.Kind, *, uses: migrating.Kind) -> Way:
    return Way.to(load_settings(**knobs | {"storage": uses}), to)


@pytest.mark.parametrize("to", ["s3", "local"])
async def test_a_house_moves_while_it_runs_and_its_source_goes_last(
    knobs: dict[str, Any], to: migrating.Kind
) -> None:
    old: migrating.Kind = "local" if to == "s3" else "s3"
    before = way(knobs, to, uses=old)
    await put(before.source, VALUES)
    asked = await moved(before, dry_run=True)
    assert (asked.copied, asked.values) == (12, 12)
    assert await held(before.target) == {}
    done = await moved(before)
    assert (done.copied, done.there_already, done.bytes) == (12, 0, sum(map(len, VALUES.values())))
    assert await held(before.target) == await held(before.source) == VALUES
    with pytest.raises(Conflict, match="still name the source"):
        await removed(before)

    await before.source.put_bytes("originals/b/late", b"came meanwhile")
    after = way(knobs, to, uses=to)
    with pytest.raises(Conflict, match="lacks 1 values"):
        await removed(after)
    again = await moved(after)
    assert (again.copied, again.there_already) == (1, 12)
    assert (await moved(after)).copied == 0
    assert (await removed(after, dry_run=True)).removed == 0
    gone = await removed(after)
    assert (gone.removed, gone.wrong) == (13, [])
    assert await held(after.source) == {}
    assert len(await held(after.target)) == 13


async def test_a_copy_that_broke_off_goes_on(knobs: dict[str, Any], faulty: Faulty) -> None:
    through = way(knobs | {"s3_endpoint": faulty.address}, "s3", uses="local")
    await put(through.source, VALUES)
    faulty.spoil(*["fine"] * 5, "403", only="PUT")
    with pytest.raises(Unavailable, match="403"):
        await moved(through, jobs=1)
    direct = way(knobs, "s3", uses="local")
    assert 0 < len(await held(direct.target)) < 12
    done = await moved(direct)
    assert done.copied + done.there_already == 12
    assert done.there_already >= 4
    assert await held(direct.target) == VALUES


async def test_a_target_that_differs_is_neither_believed_nor_the_reason_to_remove(
    knobs: dict[str, Any],
) -> None:
    after = way(knobs, "s3", uses="s3")
    await put(after.source, VALUES)
    spoilt = {key: bytes(len(data)) for key, data in VALUES.items() if key.endswith("/7")}
    await moved(after)
    await put(after.target, spoilt)
    done = await removed(after)
    assert done.wrong == list(spoilt)
    assert set(await held(after.source)) == set(spoilt)


async def test_what_the_house_made_anew_since_the_switch_is_not_replaced_by_what_was_before(
    knobs: dict[str, Any],
) -> None:
    before = way(knobs, "s3", uses="local")
    await put(before.source, VALUES)
    await moved(before)
    await put(before.source, {"originals/a7/7": b"made again before the switch"})
    assert (await moved(before)).copied == 1
    after = way(knobs, "s3", uses="s3")
    await put(after.target, {"originals/a8/8": b"made again after it"})
    assert (await moved(after)).copied == 0
    done = await removed(after)
    assert done.wrong == ["originals/a8/8"]
    assert (await held(after.target))["originals/a7/7"] == b"made again before the switch"
    assert (await held(after.target))["originals/a8/8"] == b"made again after it"


async def test_a_value_that_is_deleted_meanwhile_is_no_failure(
    knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = way(knobs, "s3", uses="local")
    await put(there.source, VALUES)
    values, present, _ = await migrating.survey(there)
    await there.source.delete(values[3].key)

    async def earlier(_: Way) -> Any:
        return values, present, 0

    monkeypatch.setattr(migrating, "survey", earlier)
    done = await moved(there)
    assert (done.copied, done.gone) == (11, 1)


def test_what_cannot_be_a_way_is_said(knobs: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="MATINEE_S3_BUCKET"):
        way({"data_dir": tmp_path, "database_url": DATABASE}, "s3", uses="local")
    with pytest.raises(NotFound, match="no local store"):
        way(knobs | {"data_dir": tmp_path / "none"}, "s3", uses="local")
