"""What every request meets first: one host, a body of a size and time that forms have."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.house import House

from matinee.infra import front


async def _spaces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 100_000


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/accounts", "/api/v1/videos"])
async def test_a_form_of_any_size_is_refused_before_it_is_read(house: House, path: str) -> None:
    client = await house.client()
    json = {"Content-Type": "application/json"}
    announced = await client.post(path, headers=json, content=b" " * (front.MAX_BODY_BYTES + 1))
    assert (announced.status_code, announced.json()["status"]) == (413, 413)
    unannounced = await client.post(path, headers=json, content=_spaces(20))
    assert unannounced.status_code == 413, unannounced.text


async def test_a_body_that_never_ends_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "MAX_BODY_S", 0.2)

    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    client = await house.client()
    answer = await client.post(
        "/api/v1/session", headers={"Content-Type": "application/json"}, content=drip()
    )
    assert answer.status_code == 408, answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("PUT", "/api/v1/me", b"", "This address does not take PUT."),
        ("POST", "/api/v1/session", b'{"login": ', "body: This is not JSON"),
        ("POST", "/api/v1/session", b'{"login": "\xff"}', "The body cannot be read: send JSON in UTF-8."),
    ],
)
async def test_what_the_framework_refuses_is_said_in_sentences(
    house: House, method: str, path: str, body: bytes, sentence: str
) -> None:
    client = await house.client()
    answer = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(sentence)


async def test_a_request_names_one_host(house: House) -> None:
    client = await house.client()
    answer = await client.get("/health/live", headers=[("Host", "localhost"), ("Host", "elsewhere.example")])
    assert answer.status_code == 400


async def test_an_address_of_people_that_leads_nowhere_is_a_page(house: House) -> None:
    client = await house.client()
    for accept, kind in (("text/html", "text/html"), ("*/*", "application/problem+json")):
        answer = await client.get("/nothing/here/at-all", headers={"Accept": accept})
        assert answer.status_code in (404, 503), answer.text
        assert answer.headers["content-type"].startswith(kind) or answer.status_code == 503


async def test_a_method_that_is_not_there_is_told_which_are(house: House) -> None:
    answer = await (await house.client()).put("/api/v1/session", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, POST"


@pytest.mark.parametrize(
    "path", ["/api/v1/videos", "/oembed?url=x", "/sign-in", "/watch/nothing", "/robots.txt"]
)
async def test_whoever_answers_get_answers_head_without_a_body(house: House, path: str) -> None:
    client = await house.client()
    whole, head = await client.get(path), await client.head(path)
    assert head.status_code == whole.status_code
    assert head.content == b""
    for name in ("content-type", "content-length", "cache-control"):
        assert head.headers.get(name) == whole.headers.get(name)


async def test_pages_and_operations_name_what_they_answer(house: House) -> None:
    client = await house.client()
    page, operation = await client.delete("/watch/nothing"), await client.put("/api/v1/me")
    assert (page.status_code, page.headers["allow"]) == (405, "GET, HEAD")
    assert (operation.status_code, operation.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")
