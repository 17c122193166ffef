"""Values that browsers send to the bucket themselves, part by part, at addresses signed for exactly one part.

Never sees a byte of them, and never decides who may send: room `files` does.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from matinee.infra.storage.keys import segments
from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys
from matinee.infra.storage.s3_multipart import Multipart, Part

FRESH_S = 2.0
"""So long an answer about the parts of one upload does for `glance`."""

PAUSE_S = 1.0
"""Between two looks at the parts of one upload that `parts` takes."""

_MOST_REMEMBERED = 1000


@dataclass(slots=True)
class _Listing:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    read_at: float = 0.0
    parts: list[Part] | None = None


class DirectUploads:
    """StoreKeys are those of the port. Raises `NotFound` for an upload that ended, `Unavailable` for all else."""

    def __init__(
        self, bucket: Bucket, public: Bucket, keys: StoreKeys, patience: Patience, folder: str
    ) -> None:
        """`public` is the bucket as browsers reach it; values lie below `folder`, which ends with `/`."""
        self._bucket = bucket
        self._public = public
        self._keys = keys
        self._patience = patience
        self._folder = folder
        self._listings: dict[str, _Listing] = {}

    async def begin(self, key: str) -> str:
        """A new upload that becomes the value `key`. Returns its id."""
        async with self._multipart() as multipart:
            return await multipart.create(self._whole(key))

    async def addresses(
        self, key: str, upload_id: str, sizes: Mapping[int, int], *, expires_s: int
    ) -> dict[int, str]:
        """Where to PUT each part of `sizes` (number: bytes), exactly so many, during `expires_s`. Asks nobody."""
        async with Multipart.connected(self._public, self._keys, self._patience) as multipart:
            return {
                number: await multipart.presign_part(
                    self._whole(key), upload_id, number, expires_s=expires_s, size_bytes=size_bytes
                )
                for number, size_bytes in sizes.items()
            }

    async def glance(self, key: str, upload_id: str) -> list[Part]:
        """What the bucket held a moment ago."""
        return await self._parts(key, upload_id, FRESH_S, 0)

    async def parts(self, key: str, upload_id: str, *, at_once: bool = False) -> list[Part]:
        """What the bucket holds now. Who asks often waits a moment, but not with `at_once`."""
        return await self._parts(key, upload_id, 0, 0 if at_once else PAUSE_S)

    async def _parts(self, key: str, upload_id: str, age_s: float, pause_s: float) -> list[Part]:
        listing = self._listings.setdefault(upload_id, _Listing())
        while len(self._listings) > _MOST_REMEMBERED:
            del self._listings[next(iter(self._listings))]
        async with listing.lock:
            age = time.monotonic() - listing.read_at
            if listing.parts is None or age >= age_s:
                await asyncio.sleep(pause_s - age)
                listing.parts, listing.read_at = None, time.monotonic()
                async with self._multipart() as multipart:
                    listing.parts = await multipart.parts(self._whole(key), upload_id)
            return listing.parts

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the value of `parts`, whose etags must still be theirs."""
        self._listings.pop(upload_id, None)
        async with self._multipart() as multipart:
            await multipart.complete(self._whole(key), upload_id, parts)

    async def abort(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts. Idempotent."""
        self._listings.pop(upload_id, None)
        async with self._multipart() as multipart:
            await multipart.abort(self._whole(key), upload_id)

    def _multipart(self) -> AbstractAsyncContextManager[Multipart]:
        return Multipart.connected(self._bucket, self._keys, self._patience)

    def _whole(self, key: str) -> str:
        return self._folder + "/".join(segments(key))
