"""The source and the working folder of a step, on the machine that runs it.

A bucket gives a source once to each machine; with local storage nothing is copied. Never leaves anything behind but
copies within their bound, also when the process is killed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from matinee.features.encoding.settings import EncodingSettings
from matinee.features.files import service as files
from matinee.features.files.schemas import Blob
from matinee.infra import scratch
from matinee.infra.storage.copies import Copies
from matinee.infra.work import Works
from matinee.kernel.settings import HouseSettings, Settings

GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """`source` is only read; `scratch` is the step's own."""

    source: Path
    scratch: Path


@contextlib.asynccontextmanager
async def opened(works: Works, blob: Blob) -> AsyncIterator[Place]:
    """Call outside a transaction: a store elsewhere takes minutes to give a film."""
    copies = copies_of(works.settings)
    with workplace(works.settings) as folder:
        async with copies.held(works.storage, blob.key, blob.size_bytes, blob.sha256) as copy:
            if copy.sha256 is not None and blob.sha256 is None:
                async with works.open() as work:
                    await files.note_hash(work, blob.id, copy.sha256)
            yield Place(copy.path, folder)


def copies_of(settings: Settings) -> Copies:
    knobs = settings.of(EncodingSettings)
    return Copies(settings.of(HouseSettings).data_dir / "cache" / "sources", int(knobs.source_cache_gb * GB))


def workplace(settings: Settings) -> AbstractContextManager[Path]:
    """A folder of one's own, for as long as the block runs."""
    return scratch.workplace(settings.of(HouseSettings).data_dir)


async def upkeep(works: Works) -> None:
    """Remove from this machine what dead processes left, what is beyond the bound, and copies of dropped sources."""
    copies = copies_of(works.settings)
    await asyncio.to_thread(scratch.sweep, works.settings.of(HouseSettings).data_dir)
    await asyncio.to_thread(copies.tidy)
    if not (keys := copies.keys()):
        return
    async with works.open(reading=True) as work:
        kept = await files.kept_keys(work, keys)
    for key in set(keys) - kept:
        await asyncio.to_thread(copies.forget, key)
