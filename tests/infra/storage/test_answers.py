"""What a store may write into its answers: nothing of it leads out of the answer, or grows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from matinee.infra.storage import s3_cors
from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys
from matinee.infra.storage.s3_multipart import Multipart
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import StorageSettings

CANARY = "the canary sings"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
FORM = "<R><UploadId>{said}</UploadId><CORSRule><ID>{said}</ID></CORSRule></R>"


class Answering:
    """A store that always answers the same, and remembers what it was asked."""

    def __init__(self) -> None:
        self.words = ""
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(200, content=self.words.encode())


@pytest.fixture
def store() -> Answering:
    return Answering()


@pytest.fixture
async def multipart(store: Answering) -> AsyncIterator[Multipart]:
    knobs = StorageSettings(
        storage="s3", s3_bucket="films", s3_endpoint="http://127.0.0.1:9", s3_access_key="a", s3_secret_key="b"
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.MockTransport(store)) as client:
        yield Multipart(client, Bucket.of(knobs), StoreKeys(knobs), Patience(tries=1))


Call = Callable[[Multipart], Awaitable[object]]
CALLS: list[Call] = [
    lambda multipart: multipart.create("a"),
    lambda multipart: s3_cors.allow_pages(multipart, ["https://films.example"]),
]


@pytest.mark.parametrize("call", CALLS, ids=["create", "cors"])
async def test_no_entity_of_an_answer_leads_out_of_it_or_grows(
    multipart: Multipart, store: Answering, call: Call, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    canary.write_text(CANARY)
    outside = [
        f'SYSTEM "{canary.as_uri()}"',
        'SYSTEM "http://127.0.0.1:9/canary"',
        f'PUBLIC "x" "{canary.as_uri()}"',
    ]
    for doctype in (
        *(f"<!DOCTYPE R [<!ENTITY e {where}>]>" for where in outside),
        *(f"<!DOCTYPE R [<!ENTITY % p {where}> %p;]>" for where in outside),
        *(f"<!DOCTYPE R {where}>" for where in outside),
        f'<!DOCTYPE R [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l9;">]>',
    ):
        store.asked.clear()
        store.words = f'<?xml version="1.0"?>{doctype}{FORM.format(said="&e;")}'
        with pytest.raises(Unavailable) as refused:
            await call(multipart)
        assert CANARY not in str(refused.value)
        assert len(store.asked) == 1, doctype


async def test_the_same_answer_without_entities_is_read(multipart: Multipart, store: Answering) -> None:
    store.words = f'<?xml version="1.0"?>{FORM.format(said="7")}'
    assert await multipart.create("a") == "7"
