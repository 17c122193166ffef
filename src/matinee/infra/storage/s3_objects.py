"""Single objects of a bucket through obstore: every call ends in time, and every failure of the store is `NotFound`
or `Unavailable`. Knows no prefix and no layout.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore as obs
from obstore.exceptions import BaseError
from obstore.store import S3Store

from matinee.infra.storage.port import Stored
from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys, failure, status_of
from matinee.kernel.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, ObjectMeta

T = TypeVar("T")
PART_BYTES = 8 << 20
_MOST_PARTS = 10_000
_LISTED_AT_ONCE = 1000
_BAD_RANGE = {400, 416}  # 416 is the standard's; a store or two say 400


class Objects:
    """What one bucket holds, by whole keys."""

    def __init__(self, bucket: Bucket, keys: StoreKeys, patience: Patience) -> None:
        self._keys = keys
        self._patience = patience
        self._store = _open(bucket, keys, patience, silent_s=patience.silent_s)
        # An upload is silent until its last byte has gone out: so it gets the time of a slow line.
        sending_s = patience.silent_s + PART_BYTES * 8 / patience.slow_bps
        self._sink = _open(bucket, keys, patience, silent_s=sending_s)

    async def head(self, key: str) -> Stored:
        return _stored(await self._call(lambda: obs.head_async(self._store, key)))

    async def put(self, key: str, data: bytes | bytearray) -> None:
        await self._put(lambda: obs.put_async(self._sink, key, data, use_multipart=False), len(data))

    async def put_file(self, key: str, path: Path, size_bytes: int) -> None:
        """Whole or not at all; large ones in parts, two at a time."""
        part_bytes = max(PART_BYTES, -(-size_bytes // _MOST_PARTS))
        await self._put(
            lambda: obs.put_async(self._sink, key, path, chunk_size=part_bytes, max_concurrency=2),
            size_bytes,
        )

    async def _put(self, call: Callable[[], Awaitable[object]], size_bytes: int) -> None:
        try:
            await self._call(call, within_s=self._patience.for_bytes(size_bytes))
        except NotFound:  # a write finds no bucket, or its parts swept away
            raise Unavailable("The store answers 404 to a write.") from None

    async def copy(self, source: str, target: str, size_bytes: int) -> None:
        """On the store's side; at most 5 GiB."""
        within_s = self._patience.for_bytes(size_bytes)
        await self._call(lambda: obs.copy_async(self._sink, source, target), within_s=within_s)

    async def delete(self, *keys: str) -> None:
        """Idempotent."""
        for start in range(0, len(keys), _LISTED_AT_ONCE):
            batch = [*keys[start : start + _LISTED_AT_ONCE]]
            deleting = partial(obs.delete_async, self._store, batch)
            until = time.monotonic() + self._patience.total_s
            with contextlib.suppress(NotFound):
                try:
                    await self._call(deleting)
                except Unavailable:
                    # obstore deletes by POST, and does not dare to repeat that after silence.
                    await self._call(deleting, within_s=max(0.001, until - time.monotonic()))

    async def list(self, folder: str) -> AsyncIterator[Stored]:
        """All objects below `folder/`, in the order of their keys."""
        found = obs.list(self._store, folder, chunk_size=_LISTED_AT_ONCE)
        while (batch := await self._next(found.__anext__)) is not None:
            for meta in batch:
                yield _stored(meta)

    async def read(
        self, key: str, start: int = 0, end: int | None = None, *, chunk_bytes: int = 1 << 20
    ) -> AsyncIterator[bytes]:
        """Bytes [start, end) in pieces of at most `chunk_bytes`. An answer that ends early is `Unavailable`."""
        if end is not None and end <= start:
            await self.head(key)
            return
        result = await self._get(key, start, end)
        if result is None:
            return
        missing = result.range[1] - result.range[0]
        stream = result.stream(min_chunk_size=chunk_bytes)
        while (chunk := await self._next(stream.__anext__)) is not None:
            missing -= len(chunk)
            for at in range(0, len(chunk), chunk_bytes):
                yield chunk[at : at + chunk_bytes]
        if missing:
            raise Unavailable("The store broke off its answer.")

    async def read_all(self, key: str, end: int | None = None) -> bytearray:
        """Bytes [0, end) of a small object."""
        data = bytearray()
        async for chunk in self.read(key, 0, end):
            data += chunk
        return data

    async def _get(self, key: str, start: int, end: int | None) -> "GetResult | None":
        """None when nothing of it lies in the range."""
        options: GetOptions = {}
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        try:
            return await self._call(lambda: obs.get_async(self._store, key, options=options), bare=True)
        except BaseError as error:
            if not options or status_of(error)[0] not in _BAD_RANGE:
                raise failure(error) from None
        size_bytes = (await self.head(key)).size_bytes
        if start >= size_bytes:
            return None
        options = {"range": (start, size_bytes if end is None else min(end, size_bytes))}
        return await self._call(lambda: obs.get_async(self._store, key, options=options))

    async def _next(self, step: Callable[[], Awaitable[T]]) -> T | None:
        """The next piece of a stream; None at its end."""

        async def once() -> T | None:
            try:
                return await step()
            except StopAsyncIteration:
                return None

        try:
            return await self._call(once)
        except NotFound:  # of a list: there is no bucket; of a value: it went away meanwhile
            raise Unavailable("The store broke off its answer: 404.") from None

    async def _call(
        self, call: Callable[[], Awaitable[T]], *, within_s: float | None = None, bare: bool = False
    ) -> T:
        """`bare` lets obstore's own failure through, for who knows a way around it."""
        await self._keys.now()
        try:
            async with asyncio.timeout(within_s or self._patience.total_s):
                return await call()
        except FileNotFoundError as error:
            if status_of(error)[1] == "NoSuchBucket":
                raise failure(error) from None
            raise NotFound("The store holds nothing under this key.") from None
        except BaseError as error:
            if bare:
                raise
            raise failure(error) from None
        except (OSError, ValueError) as error:  # a time-out is one of the first
            raise failure(error) from None


def _open(bucket: Bucket, keys: StoreKeys, patience: Patience, *, silent_s: float) -> S3Store:
    # Everything that obstore would else take from AWS_… variables and that would change requests is set.
    return S3Store(
        bucket.name,
        config={
            "endpoint": bucket.endpoint,
            "region": bucket.region,
            "virtual_hosted_style_request": not bucket.path_style,
            "skip_signature": False,
            "unsigned_payload": False,
            "request_payer": False,
            "disable_tagging": True,
        },
        client_options={
            "allow_http": bucket.endpoint.startswith("http:"),
            "connect_timeout": timedelta(seconds=min(silent_s, 5)),
            "read_timeout": timedelta(seconds=silent_s),
            "timeout": timedelta(days=7),  # a slow viewer may take long; silence is what ends a call
        },
        retry_config={
            "max_retries": patience.tries - 1,
            "retry_timeout": timedelta(seconds=patience.total_s),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=5),
                "base": 2,
            },
        },
        credential_provider=keys.for_obstore,
    )


def _stored(meta: "ObjectMeta") -> Stored:
    return Stored(meta["path"], meta["size"], meta["last_modified"], (meta["e_tag"] or "").strip('"'))
