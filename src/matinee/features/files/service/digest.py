"""The hash of an upload as it passes, so that nobody has to read it again. Keeps no byte."""

import asyncio
import hashlib


class RunningHash:
    """SHA-256 of what one connection brings from the first byte to the last; of an upload in pieces it knows none."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._next = 0

    async def take(self, offset: int, piece: bytes) -> None:
        """The bytes at `offset`. Once one is missed or comes again, there is no hash."""
        if offset == self._next:
            await asyncio.to_thread(self._digest.update, piece)
            self._next += len(piece)
        else:
            self._next = -1

    def of_all(self, size_bytes: int) -> str | None:
        return self._digest.hexdigest() if self._next == size_bytes else None
