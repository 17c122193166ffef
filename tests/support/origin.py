"""A server that others run: it gives a file away, well or badly, as the test wants it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Behave = Callable[["Origin", "Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `headers` by their small names."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def start(self) -> int:
        """The first byte that is asked for."""
        value = self.headers.get("range", "bytes=0-")
        return int(value.removeprefix("bytes=").split("-")[0])


@dataclass(slots=True)
class Origin:
    """`behave` answers; without one the file is given well, by Range and If-Range."""

    data: bytes
    etag: str | None = '"one"'
    behave: Behave | None = None
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    busy: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/films/forty_bowls.mp4?key=secret"

    async def give(
        self, asked: Asked, writer: asyncio.StreamWriter, *, stop_at: int | None = None, length: bool = True
    ) -> None:
        """The file as a good server gives it; breaks off before byte `stop_at`."""
        fresh = self.etag is not None and asked.headers.get("if-range") == self.etag
        start = asked.start if fresh else 0
        head = [f"HTTP/1.1 {'206 Partial Content' if start else '200 OK'}"]
        if start:
            head.append(f"Content-Range: bytes {start}-{len(self.data) - 1}/{len(self.data)}")
        if self.etag is not None:
            head.append(f"ETag: {self.etag}")
        if length:
            head.append(f"Content-Length: {len(self.data) - start}")
        await answer(writer, *head, body=self.data[start:stop_at])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self.busy.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self.busy.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        pairs = (line.partition(":") for line in lines[1:] if line)
        asked = Asked(method, target, {name.lower(): value.strip() for name, _, value in pairs})
        self.asked.append(asked)
        await (self.behave or _well)(self, asked, writer)


async def _well(origin: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
    await origin.give(asked, writer)


async def answer(writer: asyncio.StreamWriter, *head: str, body: bytes = b"") -> None:
    writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1"))
    writer.write(body)
    await writer.drain()


@contextlib.asynccontextmanager
async def origin(
    data: bytes, behave: Behave | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[Origin]:
    """Listens on a port of its own while the block runs."""
    made = Origin(data, behave=behave)
    server = await asyncio.start_server(made.serve, host, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        while made.busy:
            for task in made.busy:
                task.cancel()
            await asyncio.wait(made.busy)
            await asyncio.sleep(0)
