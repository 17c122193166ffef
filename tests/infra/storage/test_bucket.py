"""What a bucket adds to the contract: its layout, who may use it, leftovers, and lists of many pages."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from tests.infra.test_storage import FILM, MIB, pieces, read_fast
from tests.support.stores import ACCESS_KEY, SECRET_KEY, Store

from matinee.entrypoints.foreseen import foreseen
from matinee.infra.storage.s3 import S3Storage
from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys
from matinee.infra.storage.s3_joining import Joiner
from matinee.infra.storage.s3_multipart import CannotCopy, Multipart
from matinee.infra.storage.s3_objects import Objects
from matinee.infra.storage.s3_slices import slices_of
from matinee.kernel.errors import NotFound, Unavailable
from matinee.kernel.settings import StorageSettings
from matinee.kernel.time import utc_now


@pytest.fixture(params=["moto", "nanio"])
def running(request: pytest.FixtureRequest) -> Store:
    store: Store = request.getfixturevalue(request.param)
    return store


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "https://films.s3.us-east-1.amazonaws.com/a/b?uploads="),
        ({"s3_region": "eu-west-3"}, "https://films.s3.eu-west-3.amazonaws.com/a/b?uploads="),
        ({"s3_bucket": "my.films"}, "https://s3.us-east-1.amazonaws.com/my.films/a/b?uploads="),
        ({"s3_endpoint": "https://s3.example:9000/"}, "https://s3.example:9000/films/a/b?uploads="),
        (
            {"s3_endpoint": "https://s3.example", "s3_path_style": False},
            "https://films.s3.example/a/b?uploads=",
        ),
    ],
)
def test_a_bucket_is_named_in_the_path_or_in_the_host(values: dict[str, object], url: str) -> None:
    knobs = StorageSettings(**({"storage": "s3", "s3_bucket": "films"} | values))  # type: ignore[arg-type]
    assert Bucket.of(knobs).url("a/b", uploads="") == url


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "https://films.s3.us-east-1.amazonaws.com/a"),
        ({"s3_endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000/films/a"),
        (
            {"s3_endpoint": "http://127.0.0.1:9000", "s3_public_endpoint": "https://store.example"},
            "https://store.example/films/a",
        ),
    ],
)
def test_browsers_may_reach_a_bucket_by_another_address(values: dict[str, object], url: str) -> None:
    knobs = StorageSettings(**({"storage": "s3", "s3_bucket": "films"} | values))  # type: ignore[arg-type]
    assert Bucket.for_browsers(knobs).url("a") == url


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"s3_bucket": ""}, "MATINEE_STORAGE=s3 needs MATINEE_S3_BUCKET"),
        ({"s3_access_key": "a"}, "MATINEE_S3_SECRET_KEY together"),
        ({"s3_secret_key": "hush"}, "MATINEE_S3_SECRET_KEY together"),
        ({"s3_prefix": "/a"}, "MATINEE_S3_PREFIX"),
        ({"s3_prefix": "a/"}, "MATINEE_S3_PREFIX"),
        ({"s3_prefix": "a/../b"}, "MATINEE_S3_PREFIX"),
        ({"s3_region": "Frankfurt!"}, "MATINEE_S3_REGION"),
        ({"s3_endpoint": "s3.example"}, "MATINEE_S3_ENDPOINT"),
        ({"s3_endpoint": "https://s3.example/films"}, "without a path"),
        ({"s3_endpoint": "https://key:hush@s3.example"}, "MATINEE_S3_ENDPOINT"),
        ({"s3_endpoint": "https://s3.example:hush"}, "MATINEE_S3_ENDPOINT"),
        ({"s3_endpoint": "http://10.0.0.7:9000"}, "MATINEE_S3_ALLOW_HTTP"),
        ({"s3_endpoint": "http://store:9000"}, "MATINEE_S3_ALLOW_HTTP"),
        ({"s3_public_endpoint": "films.example"}, "MATINEE_S3_PUBLIC_ENDPOINT must be"),
        ({"s3_public_endpoint": "http://films.example"}, "MATINEE_S3_PUBLIC_ENDPOINT is plain http"),
    ],
)
def test_a_wrong_combination_is_said_in_one_sentence(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        StorageSettings(**({"storage": "s3", "s3_bucket": "films"} | values))  # type: ignore[arg-type]
    sentence = foreseen(wrong.value)
    assert sentence is not None
    assert said in sentence
    assert "hush" not in sentence
    assert "\n" not in sentence
    StorageSettings(**values)  # type: ignore[arg-type]  # nothing of it matters to the local store


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_plain_http_stays_on_this_machine_unless_allowed(host: str) -> None:
    StorageSettings(storage="s3", s3_bucket="films", s3_endpoint=f"http://{host}")
    StorageSettings(storage="s3", s3_bucket="films", s3_endpoint="http://store", s3_allow_http=True)


async def keys_below(store: S3Storage) -> dict[str, int]:
    """Every object of the store, without its prefix, and its size."""
    objects = Objects(store.bucket, store._keys, Patience())
    found = [stored async for stored in objects.list(store.prefix.rstrip("/"))]
    return {stored.key.removeprefix(store.prefix): stored.size_bytes for stored in found}


async def test_a_part_lies_in_slices_of_eight_mebibytes(running: Store) -> None:
    store = running.open()
    size = 0
    for to in range(0, 20 * MIB + 1, 4 * MIB):
        size = await store.append("up", size, pieces(FILM[size:to]), limit=len(FILM))
    assert await keys_below(store) == {
        "parts/up/00000000000000000000": 8 * MIB,
        "parts/up/00000000000008388608": 8 * MIB,
        "parts/up/00000000000016777216": 4 * MIB,
    }
    await store.seal("up", "originals/1")
    assert await keys_below(store) == {"blobs/originals/1": 20 * MIB}


async def test_what_a_killed_remover_left_is_no_part(running: Store) -> None:
    store = running.open()
    await store.append("up", 0, pieces(FILM), limit=len(FILM))
    sealed = await store.seal("up", "k")
    await store.append("up", 0, pieces(FILM), limit=len(FILM))
    objects = Objects(store.bucket, store._keys, Patience())
    await objects.delete(f"{store.prefix}parts/up/{0:020d}")
    assert await store.append_size("up") == 0
    assert [part.size_bytes async for part in store.parts()] == [0]
    assert await store.seal("up", "k") == sealed
    assert await keys_below(store) == {"blobs/k": len(FILM)}


async def test_more_slices_than_parts_are_joined_in_steps(running: Store) -> None:
    store = running.open()
    await store.append("up", 0, pieces(FILM, FILM[: 9 * MIB]), limit=2 * len(FILM))
    objects = Objects(store.bucket, store._keys, Patience())
    joiner = Joiner(objects, f"{store.prefix}joins", most_parts=2, group=2)
    async with store.multipart() as multipart:
        slices = await slices_of(objects, f"{store.prefix}parts/up")
        assert len(slices) == 4
        await joiner.join(multipart, slices, f"{store.prefix}blobs/k")
        gone = replace(slices[1], key=f"{store.prefix}parts/no")
        with pytest.raises(NotFound):
            await joiner.join(multipart, [slices[0], gone], f"{store.prefix}blobs/other")
        assert [upload async for upload in multipart.pending(store.prefix)] == []
    assert await read_fast(store, "k") == FILM + FILM[: 9 * MIB]
    assert not [key for key in await keys_below(store) if key.startswith(("joins/", "blobs/other"))]


async def test_parts_are_sent_by_whoever_has_an_address(running: Store) -> None:
    store = running.open()
    key = f"{store.prefix}direct/1"
    async with store.multipart() as multipart, httpx.AsyncClient() as browser:
        upload_id = await multipart.create(key)
        for number, data in enumerate((FILM[: 5 * MIB], FILM[5 * MIB : 6 * MIB]), start=1):
            address = await multipart.presign_part(key, upload_id, number, expires_s=60)
            assert SECRET_KEY not in address
            answer = await browser.put(address, content=data)
            assert answer.status_code == 200, answer.text
        parts = await multipart.parts(key, upload_id)
        assert [(part.number, part.size_bytes) for part in parts] == [(1, 5 * MIB), (2, MIB)]
        assert [upload.key async for upload in multipart.pending(store.prefix)] == [key]
        await multipart.complete(key, upload_id, parts)
        objects = Objects(store.bucket, store._keys, Patience())
        assert await objects.read_all(key) == FILM[: 6 * MIB]


async def test_an_address_is_for_its_part_alone(nanio: Store) -> None:
    store = nanio.open()
    key = f"{store.prefix}direct/1"
    async with store.multipart() as multipart, httpx.AsyncClient() as browser:
        upload_id = await multipart.create(key)
        address = await multipart.presign_part(key, upload_id, 1, expires_s=60)
        other = await browser.put(address.replace("partNumber=1", "partNumber=2"), content=b"x")
        assert other.status_code == 403
        await multipart.abort(key, upload_id)
        await multipart.abort(key, upload_id)
        with pytest.raises(NotFound):
            await multipart.parts(key, upload_id)
        assert [upload async for upload in multipart.pending(store.prefix)] == []


async def test_a_store_that_copies_no_parts_says_so(moto: Store, nanio: Store) -> None:
    for running, able in ((moto, True), (nanio, False)):
        store = running.open()
        await store.put_bytes("source", FILM[: 5 * MIB])
        source, key = f"{store.prefix}blobs/source", f"{store.prefix}blobs/copy"
        async with store.multipart() as multipart:
            upload_id = await multipart.create(key)
            if not able:
                with pytest.raises(CannotCopy):
                    await multipart.copy_part(key, upload_id, 1, source)
                continue
            parts = [await multipart.copy_part(key, upload_id, number, source) for number in (1, 2)]
            with pytest.raises(NotFound):
                await multipart.copy_part(key, upload_id, 3, f"{source}-not")
            await multipart.complete(key, upload_id, parts)
        assert (await store.stat("copy")).size_bytes == 10 * MIB


async def test_lists_go_on_page_by_page(moto: Store) -> None:
    store = moto.open()
    knobs = StorageSettings(**moto.settings(s3_prefix=store.prefix.rstrip("/")))  # type: ignore[arg-type]
    async with httpx.AsyncClient() as client:
        multipart = Multipart(client, store.bucket, StoreKeys(knobs), Patience(), listed_at_once=2)
        ids = {
            f"{store.prefix}blobs/{n}": await multipart.create(f"{store.prefix}blobs/{n}") for n in range(5)
        }
        assert {u.key: u.upload_id async for u in multipart.pending(store.prefix)} == ids
        key, upload_id = next(iter(ids.items()))
        for number in range(1, 6):
            await multipart.put_part(key, upload_id, number, b"x" * number)
        assert [part.size_bytes for part in await multipart.parts(key, upload_id)] == [1, 2, 3, 4, 5]
        for key, upload_id in ids.items():
            await multipart.abort(key, upload_id)


async def test_more_than_a_page_is_listed_and_deleted(nanio: Store) -> None:
    store = nanio.open()
    folder = nanio.folder / store.prefix / "blobs" / "m"
    folder.mkdir(parents=True)
    for number in range(1050):
        (folder / str(number)).touch()
    assert len({stored.key async for stored in store.list("m")}) == 1050
    assert await store.delete_prefix("m") == 1050
    assert [stored async for stored in store.list()] == []


async def test_leftovers_in_a_bucket_go_when_they_are_old(running: Store) -> None:
    store = running.open()
    hour = timedelta(hours=1)
    async with store.multipart() as multipart:
        stale = await multipart.create(f"{store.prefix}blobs/k")
        await multipart.put_part(f"{store.prefix}blobs/k", stale, 1, b"x")
        await multipart.create(f"{store.prefix}direct/k")
        await store.put_bytes("check/left", b"matinee")
        await store.put_bytes("kept", b"x")
        assert await store.tidy(utc_now() - hour) == 0
        assert await store.tidy(utc_now() + hour) == 2
        assert [u.key.removeprefix(store.prefix) async for u in multipart.pending(store.prefix)] == [
            "direct/k"
        ]
    assert await keys_below(store) == {"blobs/kept": 1}


async def test_a_wrong_key_is_refused_without_being_told(nanio: Store) -> None:
    store = nanio.open(s3_secret_key="another-secret")
    with pytest.raises(Unavailable, match="refuses its key: 403 SignatureDoesNotMatch") as refused:
        await store.check()
    assert ACCESS_KEY not in refused.value.detail
    with pytest.raises(Unavailable, match="403"):
        async with store.multipart() as multipart:
            await multipart.create("k")


async def test_a_bucket_that_is_not_there_is_no_empty_store(running: Store, tmp_path: Path) -> None:
    store = running.open(s3_bucket="nobodys")
    for failing in (
        store.check(),
        read_fast(store, "k"),
        store.append("p", 0, pieces(b"x"), limit=1),
        store.append_size("p"),
        store.tidy(utc_now()),
    ):
        with pytest.raises(Unavailable, match="no bucket"):
            await failing
    with pytest.raises(Unavailable, match="no bucket"):
        assert [stored async for stored in store.list()]


async def test_a_key_may_come_from_the_environment(nanio: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    without: dict[str, Any] = {"s3_access_key": None, "s3_secret_key": None}
    with pytest.raises(Unavailable, match="Nobody gave a key"):
        await nanio.open(**without).check()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    store = nanio.open(**without)
    await store.check()
    await store.tidy(utc_now())


async def test_a_configured_key_is_not_mixed_with_the_environment(
    nanio: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "another")
    await nanio.open().check()


async def test_a_key_may_come_from_the_role_of_a_container(
    nanio: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = (utc_now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    role = f'{{"AccessKeyId": "{ACCESS_KEY}", "SecretAccessKey": "{SECRET_KEY}", "Token": "", "Expiration": "{until}"}}'

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(role)}\r\nConnection: close\r\n\r\n{role}".encode()
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(tell, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{port}/role")
        await nanio.open(s3_access_key=None, s3_secret_key="").check()
