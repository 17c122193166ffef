"""Raw connections for the tests of uploads, so that a test decides when they break and how."""

import asyncio
import contextlib
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

from tests.features.files.tickets import BYTES, Ticket

from matinee.features.accounts import service as accounts


class Wire:
    """One raw connection that sends a PATCH and as many of its bytes as it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, address: str, token: str, offset: int, announced: int, **headers: str) -> "Wire":
        parts = urlsplit(address)
        wire = cls(*await asyncio.open_connection(parts.hostname, parts.port))
        head = (
            f"PATCH {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: {BYTES}\r\n"
            f"Content-Length: {announced}\r\n"
        )
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        await wire.send(head.encode())
        return wire

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        return int((await self.reader.readline()).split()[1])

    async def close(self, *, hard: bool = False) -> None:
        if hard:  # a reset instead of an orderly end
            raw: socket.socket = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def token_of(mine: Ticket) -> str:
    async with mine.house.works.open() as work:
        return await accounts.issue_token(work, mine.person.account_id, "a wire")


async def until(question: Any, wanted: Any, *, seconds: float = 30) -> Any:
    """Asks until the answer is good enough."""
    async with asyncio.timeout(seconds):
        while not wanted(answer := await question()):
            await asyncio.sleep(0.02)
    return answer
