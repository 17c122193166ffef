"""The rule that lets pages send to the bucket: written once, beside those of others, and asked for as browsers do."""

from uuid import uuid4

import httpx
import pytest
from tests.support.stores import Store

from matinee.infra.storage import s3_cors
from matinee.infra.storage.s3 import S3Storage
from matinee.kernel.errors import Unavailable

PAGES = ["https://films.example", "http://localhost:8000"]
OTHERS = (
    '<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><ID>others</ID>'
    "<AllowedOrigin>https://else.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>"
    "</CORSConfiguration>"
)


@pytest.fixture
async def bucket(strict_moto: Store) -> S3Storage:
    """A bucket of its own: rules are of whole buckets."""
    name = f"b{uuid4().hex}"
    async with httpx.AsyncClient(base_url=strict_moto.address) as client:
        assert (await client.put(f"/{name}")).is_success
    return strict_moto.open(s3_bucket=name)


async def test_the_rule_is_written_once_and_lets_those_pages_send(bucket: S3Storage) -> None:
    assert not await s3_cors.pages_allowed(bucket.bucket, PAGES[0])
    async with bucket.multipart() as multipart:
        assert await s3_cors.allow_pages(multipart, PAGES)
        assert not await s3_cors.allow_pages(multipart, PAGES)
    for page in PAGES:
        assert await s3_cors.pages_allowed(bucket.bucket, page)
    assert not await s3_cors.pages_allowed(bucket.bucket, "https://stranger.example")


async def test_rules_of_others_stay(bucket: S3Storage) -> None:
    async with bucket.multipart() as multipart:
        await multipart.send("PUT", bucket.bucket.url(cors=""), OTHERS.encode())
        assert await s3_cors.allow_pages(multipart, PAGES[:1])
        assert await s3_cors.allow_pages(multipart, PAGES[1:])
        text = (await multipart.send("GET", bucket.bucket.url(cors=""))).text
    assert "https://else.example" in text
    assert PAGES[1] in text
    assert PAGES[0] not in text


async def test_a_store_without_such_rules_says_so(nanio: Store) -> None:
    async with nanio.open().multipart() as multipart:
        with pytest.raises(Unavailable):
            await s3_cors.allow_pages(multipart, PAGES)
    assert not await s3_cors.pages_allowed(nanio.open().bucket, PAGES[0])
