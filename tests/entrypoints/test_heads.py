"""What a connection says before a body: of a size and a time that requests have, or it is ended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from matinee.entrypoints.api import heads
from matinee.entrypoints.api.heads import Heads

_HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    await Response()(scope, receive, send)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(_answer, log_config=None, lifespan="off", timeout_keep_alive=1)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Heads(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def _told(port: int, *pieces: bytes) -> bytes:
    """All that is answered until the other end closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 15)
    finally:
        writer.close()


async def test_usual_requests_are_answered_one_after_another(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(_HEAD + b"Cookie: " + b"a" * 30_000 + b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_head_that_is_too_large_is_refused(port: int) -> None:
    assert (await _told(port, _HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n")).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "begun",
    [
        _HEAD,
        _HEAD + b"X: ",
        b"GET /",
        b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
    ],
    ids=["a name", "a header", "an address", "a header behind the body"],
)
async def test_what_does_not_end_is_cut_off_soon(port: int, begun: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    sent_bytes = 0
    with contextlib.suppress(ConnectionError):
        while sent_bytes < 8 << 20:
            writer.write(b"a" * 10_000)
            await writer.drain()
            sent_bytes += 10_000
            await asyncio.sleep(0)
    assert sent_bytes < 8 << 20
    writer.close()


@pytest.mark.parametrize("said", [b"", b"\r\n", _HEAD], ids=["nothing", "an empty line", "half a head"])
async def test_a_connection_that_does_not_come_to_a_point_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(heads, "MOST_S", 0.2)
    assert await _told(port, said) == b""
    answered = await _told(port, _HEAD + b"\r\n", said or b"G")
    assert answered.startswith(b"HTTP/1.1 200 ")
