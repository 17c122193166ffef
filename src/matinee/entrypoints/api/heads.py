"""How a connection may talk: what it says of a request before and after the body is bounded, in size and in time.

The parser bounds neither, and copies what does not end again with each of its pieces: a single connection would take
the whole process. Never looks at what is said.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536
MOST_S = 20.0
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Heads(HttpToolsProtocol):
    """One connection. `MOST_BYTES` count for address and headers together, and for what nobody can make sense of yet;
    `MOST_S` from a connection's start, or the first byte after an answer, to the end of the headers."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._unheard_bytes = 0
        self._waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unheard_bytes += len(data)
        super().data_received(data)
        if (
            self.transport.is_closing() or self not in self.connections
        ):  # refused, or a socket of another kind now
            return
        if self._unheard_bytes > MOST_BYTES:
            self._refuse()
        elif self._waits is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()

    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > MOST_BYTES:
            self._refuse()
        else:
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        self._head_bytes = self._unheard_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unheard_bytes = 0
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unheard_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unheard_bytes = 0
        super().on_message_complete()

    def _count(self, more_bytes: int) -> None:
        """Raised inside the parser, it ends in `send_400_response`."""
        self._unheard_bytes = 0
        self._head_bytes += more_bytes
        if self._head_bytes > MOST_BYTES:
            raise ValueError("the head is too large")

    def _refuse(self) -> None:
        self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _wait(self) -> None:
        self._waits = self.loop.call_later(MOST_S, self.timeout_keep_alive_handler)

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
