"""A line to the database that can fall silent: nothing is closed, nothing arrives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit


class Line:
    """Forwards TCP until `drop()`. What was open then stays silent for ever; after `mend()` new connections work."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._silent = asyncio.Event()
        self._ends: list[asyncio.StreamWriter] = []
        self.lost = 0

    def drop(self) -> None:
        self._silent.set()

    def mend(self) -> None:
        self._silent = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent = self._silent
        self._ends.append(writer)
        if silent.is_set():
            self.lost += 1
            return
        there = await asyncio.open_connection(*self._target)
        self._ends.append(there[1])
        ways = (self._carry(reader, there[1], silent), self._carry(there[0], writer, silent))
        await asyncio.gather(*ways)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, silent: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                if silent.is_set():
                    self.lost += 1
                    return
                target.write(data)
                await target.drain()
        if not silent.is_set():
            target.close()

    def close(self) -> None:
        for end in self._ends:
            end.close()


@contextlib.asynccontextmanager
async def line_to(database_url: str) -> AsyncIterator[tuple[str, Line]]:
    """The same database by a `Line`: its address, and the line."""
    parts = urlsplit(database_url)
    line = Line(parts.hostname or "127.0.0.1", parts.port or 5432)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    there = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    try:
        yield urlunsplit(parts._replace(netloc=there)), line
    finally:
        server.close()
        line.close()
