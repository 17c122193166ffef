"""A virus scanner of the operator's: clamd of ClamAV, asked over a socket to look through bytes (INSTREAM).

Whatever it says that is not plainly good counts as no answer: a file passes by its word alone. Never keeps a byte and
never names a file.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import structlog

from matinee.infra.cookies import is_this_machine
from matinee.kernel.errors import NotNow

log = structlog.get_logger(__name__)
_CHUNK_BYTES = 262_144
_ANSWER_BYTES = 4_096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class ScannerAway(NotNow):
    code = "house.scanner_away"
    sentence = "The virus scanner of this house does not answer. The file waits until it does."


@dataclass(frozen=True, slots=True)
class Place:
    """Where clamd listens: a path of a socket, or host and port."""

    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, url: str, *, allow_plain: bool) -> "Place":
        """From tcp://host:port or unix:///path. Raises ValueError, also for another machine without permission: the
        line speaks no TLS."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 3310
        except ValueError:
            raise ValueError("MATINEE_CLAMD_URL cannot be read as an address") from None
        if parts.scheme == "unix" and not parts.netloc and parts.path.startswith("/"):
            return cls(path=parts.path)
        if parts.scheme != "tcp" or not host or parts.path or parts.username is not None:
            raise ValueError("MATINEE_CLAMD_URL is tcp://host:3310 or unix:///run/clamav/clamd.ctl")
        if not (is_this_machine(host) or allow_plain):
            raise ValueError(
                "MATINEE_CLAMD_URL names another machine, and clamd speaks no TLS: set MATINEE_CLAMD_ALLOW_PLAIN=true"
                " where the network between is your own"
            )
        return cls(host=host, port=port)


class Scanner:
    """`greet_s` bounds its first answer, `silence_s` each wait after that, the one for its verdict too."""

    def __init__(self, place: Place, *, greet_s: float = 10, silence_s: float = 120) -> None:
        self._place = place
        self._greet_s = greet_s
        self._silence_s = silence_s

    async def look_through(self, file: Path, most_bytes: int) -> str | None:
        """What it found in the first `most_bytes`, by its own name; None for nothing. One that hangs is not waited for.
        Raises `ScannerAway`."""
        await self.check()
        with await asyncio.to_thread(file.open, "rb") as opened:
            async with self._asked(b"zINSTREAM\0") as (reader, writer):
                with contextlib.suppress(ConnectionError):  # it may say why before it has read all
                    await self._send(opened, most_bytes, writer)
                said = await self._said(reader, self._silence_s)
        if said == "stream: OK":
            return None
        if found := _FOUND.fullmatch(said):
            return found[1]
        log.warning("scanner.no_verdict", said=said[:200])
        raise ScannerAway

    async def check(self) -> None:
        """Raises `ScannerAway`."""
        async with self._asked(b"zPING\0") as (reader, _):
            if await self._said(reader, self._greet_s) != "PONG":
                raise ScannerAway

    @contextlib.asynccontextmanager
    async def _asked(
        self, command: bytes
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(self._greet_s):
                reader, writer = await self._connected()
        except (OSError, TimeoutError):
            raise ScannerAway from None
        try:
            writer.write(command)
            yield reader, writer
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            raise ScannerAway from None
        finally:
            writer.close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._place.path:
            return await asyncio.open_unix_connection(self._place.path, limit=_ANSWER_BYTES)
        return await asyncio.open_connection(self._place.host, self._place.port, limit=_ANSWER_BYTES)

    async def _send(self, file: BinaryIO, most_bytes: int, writer: asyncio.StreamWriter) -> None:
        left = most_bytes
        while left and (chunk := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            writer.write(len(chunk).to_bytes(4) + chunk)
            async with asyncio.timeout(self._silence_s):
                await writer.drain()
        writer.write(bytes(4))
        async with asyncio.timeout(self._silence_s):
            await writer.drain()

    async def _said(self, reader: asyncio.StreamReader, within_s: float) -> str:
        async with asyncio.timeout(within_s):
            return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
