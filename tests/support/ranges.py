"""A server that speaks the range protocol of leaked passwords."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def ranges(body: str, *, status: int = 200, pause_s: float = 0) -> AsyncIterator[tuple[str, list[str]]]:
    """The address of a service that answers so, and the requests that it got."""
    heard: list[str] = []
    served: list[asyncio.Task[None]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served.append(task)
        try:
            heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await asyncio.sleep(pause_s)
            head = f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write((head + body).encode())
            await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/range", heard
    finally:
        server.close()
        for task in served:
            if pause_s:
                task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
