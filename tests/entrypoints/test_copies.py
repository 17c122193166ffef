"""A copy of everything about oneself: asked for with a proof, made by a worker, fetched for a few days."""

import asyncio
import base64
import hashlib
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
from tests.conftest import MakeHouse
from tests.entrypoints.test_erasure import (
    HANDLE,
    MARK,
    Scene,
    enter,
    films_at,
    scene,
)
from tests.support.house import PASSWORD, House, Person
from tests.support.stores import Store
from tests.support.traces import every_file, every_value
from typer.testing import CliRunner, Result

from matinee.entrypoints import copying, product
from matinee.entrypoints import house as whole_house
from matinee.entrypoints.cli.copy import copy
from matinee.entrypoints.parts import assemble, opened
from matinee.features.privacy import service as privacy
from matinee.features.privacy.messages import EndCopies, MakeCopy
from matinee.infra.db import Base
from matinee.infra.work import Works
from matinee.kernel.time import utc_now

__all__ = ["films_at", "scene"]
COPIES = "/api/v1/me/copies"


async def prove(person: Person) -> None:
    proven = await person.client.post("/api/v1/me/proof", json={"password": PASSWORD})
    assert proven.status_code == 204, proven.text


async def newest(person: Person) -> dict[str, Any]:
    copy: dict[str, Any] = (await person.client.get(COPIES)).json()["items"][0]
    return copy


async def taken(house: House, person: Person, *, films: bool = False) -> dict[str, bytes]:
    """The files of a copy that is asked for now."""
    asked = await person.client.post(COPIES, json={"films": films})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting"), asked.text
    await house.run_jobs()
    copy = await newest(person)
    assert copy["state"] == "ready"
    answer = await person.client.get(f"{COPIES}/{copy['id']}/file")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) == copy["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().splitlines()]


def test_every_table_is_told_of_or_left_out_with_a_reason() -> None:
    rooms = (*product.ROOMS, whole_house.ROOM)
    told = [table for room in rooms for one in room.told for table in one.tables]
    untold = {table: why for room in rooms for table, why in room.untold.items()}
    assert sorted([*told, *untold]) == sorted(Base.metadata.tables), (
        "a table in no file of a copy, or in two places"
    )
    assert all(why.endswith(".") and len(why) > 15 for why in untold.values())
    for room in product.ROOMS:
        mine = [*room.untold, *(table for one in room.told for table in one.tables)]
        assert all(table.startswith(f"{room.name}_") for table in mine)
        for one in room.told:
            assert one.about.endswith(".")
            assert all(one.fields.values())


async def test_a_copy_holds_what_every_room_keeps_and_nothing_of_others(scene: Scene) -> None:
    await enter(scene)
    await prove(scene.leaver)
    content = await taken(scene.house, scene.leaver, films=True)
    told = {f"{room.name}/{one.file}": one for room in product.ROOMS for one in room.told}
    written = {name for name in content if name.endswith(("json", "ndjson")) and "/" in name}
    # One second of a film is no view, and who waits to be let in has nothing of the rest.
    assert written == told.keys() - {"videos/counted_views.ndjson", "admission/application.json"}
    for name in written:
        fields = {field for line in lines(content[name]) for field in line}
        assert fields <= set(told[name].fields), name
        assert name in content["README.txt"].decode()
    assert lines(content["accounts/account.json"])[0]["email"] == scene.leaver.email
    programs = {line["name"] for line in lines(content["accounts/programs.ndjson"])}
    assert programs == {f"{MARK} program", f"{MARK} laptop"}
    kinds = [line["kind"] for line in lines(content["accounts/factors.ndjson"])]
    assert kinds == ["app", "passkey", "recovery_codes"]
    assert lines(content["people/profile.json"])[0]["bio"] == f"All about the {MARK}."
    assert lines(content["people/former_handles.ndjson"])[0]["handle"] == f"{HANDLE}_new"
    assert f"The {MARK} sings" in content["videos/videos.ndjson"].decode()
    assert "copy.asked" in content["accounts/acts.ndjson"].decode()
    manifest = json.loads(content["manifest.json"])
    for entry in manifest["files"]:
        data = content[entry["name"]]
        assert (entry["size_bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["left_out"] == []
    originals = [line for line in lines(content["files/originals.ndjson"]) if line["purpose"] == "video"]
    assert originals
    for original in originals:
        assert len(content[f"files/{original['name']}"]) == original["size_bytes"]
    everything = b"".join(content.values())
    for foreign in (scene.stayer.email, str(scene.stayer.account_id), "A film"):
        assert foreign.encode() not in everything
    await secrets_are_not_in(scene.house, everything)
    for secret in (
        b"argon2",
        PASSWORD.encode(),
        scene.leaver.client.cookies["__Host-matinee_refresh"].encode(),
    ):
        assert secret not in everything


async def secrets_are_not_in(house: House, everything: bytes) -> None:
    """No hash, key or seal that the database holds."""
    secret = ("hash", "key", "sealed", "salt", "secret")
    found: dict[str, list[bytes]] = defaultdict(list)
    async with house.works.open() as work:
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if table.name.startswith("accounts_")
                and any(word in column.name for word in secret)
                and column.name != "public_key"
            ]
            if columns:
                for row in await work.session.execute(table.select().with_only_columns(*columns)):
                    found[table.name] += [
                        value.encode() if isinstance(value, str) else bytes(value) for value in row if value
                    ]
    assert {"accounts_account", "accounts_session", "accounts_totp", "accounts_pseudonym"} <= set(found)
    for name, values in found.items():
        for value in values:
            spellings = (
                value,
                value.hex().encode(),
                base64.b64encode(value),
                base64.urlsafe_b64encode(value),
            )
            assert not any(spelling.rstrip(b"=") in everything for spelling in spellings), name


async def test_a_copy_needs_a_proof_and_a_browser(house: House) -> None:
    ann = await house.person(handle="ann")
    guest, program = await house.client(), await house.program(ann)
    assert (await guest.post(COPIES, json={})).status_code == 401
    assert (await program.post(COPIES, json={})).json()["code"] == "accounts.browser_only"
    content = await taken(house, ann)
    assert lines(content["accounts/account.json"])[0]["email"] == ann.email
    address = f"{COPIES}/{(await newest(ann))['id']}/file"
    bob = await house.person(handle="bob")
    for stranger in (bob.client, program):
        assert (await stranger.get(address)).status_code in (403, 404)
    house.works.clock = lambda: utc_now() + timedelta(minutes=11)
    stale = await ann.client.post(COPIES, json={})
    assert (stale.status_code, stale.json()["code"]) == (403, "accounts.prove_again")
    assert (await ann.client.get(address)).json()["code"] == "accounts.prove_again"
    asked = await ann.client.post(address.replace("/file", "/address"))
    assert asked.json()["code"] == "accounts.prove_again"
    await prove(ann)
    assert (await ann.client.post(address.replace("/file", "/address"))).json() == {"address": address}


async def test_one_at_a_time_and_a_few_a_day(make_house: MakeHouse) -> None:
    house = await make_house(copies_per_day=2)
    ann = await house.person()
    assert (await ann.client.post(COPIES, json={})).status_code == 202
    second = await ann.client.post(COPIES, json={})
    assert (second.status_code, second.json()["code"]) == (409, "privacy.copy_under_way")
    await house.run_jobs()
    await taken(house, ann)
    third = await ann.client.post(COPIES, json={})
    assert (third.status_code, third.json()["code"]) == (429, "privacy.copies_often")
    assert 86_000 < int(third.headers["retry-after"]) <= 86_400


async def test_it_is_over_after_its_days_and_its_bytes_are_gone(house: House) -> None:
    ann = await house.person()
    await taken(house, ann)
    copy = await newest(ann)
    assert any("/copy.zip" in name for name, _ in every_file(house))
    house.works.clock = lambda: utc_now() + timedelta(days=8)
    async with house.works.open() as work:
        work.send(EndCopies())
    await house.run_jobs()
    assert not any("/copy.zip" in name for name, _ in every_file(house))
    house.works.clock = utc_now
    assert (await newest(ann))["state"] == "over"
    gone = await ann.client.get(f"{COPIES}/{copy['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (404, "privacy.copy_not_found")
    house.works.clock = lambda: utc_now() + timedelta(days=31)
    async with house.works.open() as work:
        await privacy.end(work)
    assert not [row for table, row in await every_value(house) if table == "privacy_copy"]


async def test_films_that_make_a_copy_too_large_are_named_and_left_out(scene: Scene) -> None:
    async with scene.house.works.open(reading=True) as work:
        most = [piece async for piece in copying.written(work.works, scene.stayer.account_id, most_bytes=10)]
    with zipfile.ZipFile(io.BytesIO(b"".join(most))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert all("too large" in one["why"] for one in manifest["left_out"])


async def test_one_that_cannot_be_made_says_so_and_another_may_be_asked_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await house.person()
    copy = (await ann.client.post(COPIES, json={})).json()
    async with house.works.open() as work:
        assert await privacy.begin(work, UUID(copy["id"])) is not None
        await work.storage.append(f"copy-{copy['id']}", 0, _pieces(), limit=100)
        await copying.give_up(work, MakeCopy(copy_id=UUID(copy["id"])), "The store is away.")
    assert (await newest(ann))["state"] == "failed"
    assert not [part async for part in house.parts.storage.parts()]
    await house.run_jobs()
    assert (await newest(ann))["state"] == "failed"
    await taken(house, ann)


async def test_a_worker_that_ends_leaves_it_to_another(house: House) -> None:
    ann = await house.person()
    copy = (await ann.client.post(COPIES, json={})).json()
    order = MakeCopy(copy_id=UUID(copy["id"]))
    async with house.works.open(context=_Ending()) as work:
        await copying.make(work, order)
    assert (await newest(ann))["state"] == "making"
    await house.run_jobs()
    assert (await newest(ann))["state"] == "ready"
    async with house.works.open() as work:
        await copying.make(work, order)  # delivered again: nothing is made twice


async def test_a_download_that_was_cut_goes_on_where_it_ended(make_house: MakeHouse, moto: Store) -> None:
    for handle, house in (("ann", await make_house()), ("bob", await make_house(**moto.settings()))):
        ann = await house.person(handle=handle)
        await taken(house, ann)
        address = f"{COPIES}/{(await newest(ann))['id']}/file"
        whole = await ann.client.get(address)
        tag = {"If-Range": whole.headers["etag"]}
        first = await ann.client.get(address, headers={"Range": "bytes=0-99"})
        rest = await ann.client.get(address, headers={"Range": "bytes=100-", **tag})
        assert (first.status_code, rest.status_code) == (206, 206)
        assert first.content + rest.content == whole.content
        assert rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
        beyond = await ann.client.get(address, headers={"Range": f"bytes={len(whole.content)}-"})
        assert beyond.status_code == 416
        head = await ann.client.head(address)
        assert (head.content, int(head.headers["content-length"])) == (b"", len(whole.content))
        acts = [one["act"] for one in (await ann.client.get("/api/v1/me/audit")).json()["items"]]
        assert acts.count("copy.fetched") == 3  # taken, whole, and what began at its first byte


async def test_one_that_waits_is_called_off_and_a_ready_one_removed(house: House) -> None:
    ann, bob = await house.person(handle="ann"), await house.person(handle="bob")
    waiting = (await ann.client.post(COPIES, json={})).json()["id"]
    assert (await bob.client.delete(f"{COPIES}/{waiting}")).status_code == 404
    assert (await ann.client.delete(f"{COPIES}/{waiting}")).status_code == 204
    await house.run_jobs()
    assert (await newest(ann))["state"] == "over"
    await taken(house, ann)
    ready = (await newest(ann))["id"]
    assert (await ann.client.delete(f"{COPIES}/{ready}")).status_code == 204
    assert (await ann.client.delete(f"{COPIES}/{ready}")).status_code == 204
    assert (await ann.client.get(f"{COPIES}/{ready}/file")).status_code == 404
    await house.run_jobs()
    assert not any("/copy.zip" in name for name, _ in every_file(house))
    assert (await ann.client.post(COPIES, json={})).status_code == 202
    assert (await ann.client.post(COPIES, json={})).json()[
        "code"
    ] == "privacy.copies_often"  # all three count


async def test_one_that_is_called_off_while_it_is_made_leaves_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await house.person()
    monkeypatch.setattr(copying, "ASKED_EVERY_S", 0.0)
    made = copying.written

    async def called_off(*given: Any, **named: Any) -> AsyncIterator[bytes]:
        async for piece in made(*given, **named):
            yield piece
            assert (await ann.client.delete(f"{COPIES}/{asked['id']}")).status_code == 204

    monkeypatch.setattr(copying, "written", called_off)
    asked = (await ann.client.post(COPIES, json={})).json()
    await house.run_jobs()
    assert (await newest(ann))["state"] == "over"
    assert not any("copy" in name for name, _ in every_file(house))
    assert not [part async for part in house.parts.storage.parts()]


async def test_the_operator_writes_a_copy_for_somebody(house: House, tmp_path: Path) -> None:
    ann, to = await house.person(handle="ann"), tmp_path / "ann.zip"

    def run(*arguments: str) -> Awaitable[Result]:
        app = typer.Typer()
        app.command()(copy)
        return asyncio.to_thread(CliRunner().invoke, app, list(arguments), obj=open_works)

    @asynccontextmanager
    async def open_works() -> AsyncIterator[Works]:
        async with opened(assemble(house.settings)) as parts:
            yield parts.works

    done = await run("ann", "--to", str(to))
    assert done.exit_code == 0, done.output
    assert to.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(to) as archive:
        assert lines(archive.read("accounts/account.json"))[0]["email"] == ann.email
    for arguments, words in (
        (("ann", "--to", str(to)), "is there already"),
        (("bob", "--to", "x"), "account"),
    ):
        failed = await run(*arguments)
        assert failed.exit_code == 1
        assert words in failed.stderr
    assert (await ann.client.get("/api/v1/me/audit")).json()["items"][0]["act"] == "copy.handed_out"


async def test_who_leaves_meanwhile_leaves_no_copy(house: House) -> None:
    await house.person("admin")
    ann = await house.person()
    copy = (await ann.client.post(COPIES, json={})).json()
    async with house.works.open() as work:
        asked = await privacy.begin(work, UUID(copy["id"]))
    assert asked is not None
    async with house.works.open() as work:
        assert await privacy.erase(work, ann.account_id)
    async with house.works.open() as work:
        assert not await privacy.finish(work, UUID(copy["id"]), 10)
        assert await privacy.begin(work, UUID(copy["id"])) is None


class _Ending:
    """A job whose worker is told to end."""

    id = 1
    attempt = 1
    attempts_left = 3

    def should_stop(self) -> bool:
        return True


async def _pieces() -> Any:
    yield b"half a copy"
