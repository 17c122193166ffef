"""A virus scanner for tests: speaks clamd's protocol, and takes a word that nobody else writes for harmful."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

HARMFUL = b"this stands for something harmful"
Mood = Literal["well", "away", "cut", "full", "babbling"]


@dataclass
class Clamd:
    """`seen_bytes` of each stream; `most_bytes` is its StreamMaxLength."""

    most_bytes: int = 100_000_000
    mood: Mood = "well"
    port: int = 0
    seen_bytes: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            command = await reader.readuntil(b"\0")
            if self.mood == "away":
                return
            said = b"PONG" if command == b"zPING\0" else b"UNKNOWN COMMAND"
            if command == b"zINSTREAM\0":
                said = await self._stream(reader)
            if self.mood == "babbling":
                said = b"x" * 100_000
            writer.write(said if self.mood == "cut" else said + b"\0")
            await writer.drain()

    async def _stream(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while size := int.from_bytes(await reader.readexactly(4)):
            data += await reader.readexactly(size)
            if len(data) > self.most_bytes:
                return b"INSTREAM size limit exceeded. ERROR"
        self.seen_bytes.append(len(data))
        if self.mood == "full":
            return b"stream: Can't allocate memory ERROR"
        return b"stream: Test.Harmful FOUND" if HARMFUL in data else b"stream: OK"


@contextlib.asynccontextmanager
async def clamd() -> AsyncIterator[Clamd]:
    made = Clamd()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
