"""Copies of stored values on this machine's disk, for programs that need a path. Never half of one under its name."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import new_id


async def placed(path: Path, size_bytes: int, chunks: AsyncIterator[bytes]) -> None:
    """Write `chunks` to `path` at once when all `size_bytes` are there; does nothing when they are already."""
    draft = path.with_name(f".{new_id()}.part")
    try:
        if path.is_file() and path.stat().st_size == size_bytes:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
        if draft.stat().st_size != size_bytes:
            raise Unavailable("The store gave another number of bytes than it told of.")
        os.replace(draft, path)
    except OSError as error:
        raise Unavailable(f"The copy of a stored file cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
