"""Making the copy that somebody asked for: what every room tells about them, as one zip.

Written in one pass into the store, a piece at a time: never whole in memory, never on this machine's disk. Knows no
table of any room. No transaction is open while bytes are written.
"""

import asyncio
import hashlib
import json
import time
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, cast

from matinee.entrypoints import product
from matinee.features.privacy import service as privacy
from matinee.features.privacy.messages import MakeCopy
from matinee.infra.room import Attached, Room
from matinee.infra.work import JobContext, Work, Works
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId

PIECE_BYTES = 262_144
ASKED_EVERY_S = 3.0
"""How often it is looked up whether a copy is still waited for."""
WORDS_MOST_BYTES = 10_000_000_000
"""Everything beside the films: far more than anybody has, and an end."""


class Stopped(Exception):
    """The worker is to end: another one begins anew."""


class Unwanted(Exception):
    """Its person called it off, or left."""


async def make(work: Work, order: MakeCopy) -> None:
    """From the wish to bytes that can be fetched. A second run begins anew."""
    asked = await privacy.begin(work, order.copy_id)
    if asked is None:
        return
    try:
        async with work.outside():
            await work.storage.discard(asked.part)
            most_bytes = asked.most_bytes if asked.films else 0
            pieces = written(work.works, asked.account_id, most_bytes=most_bytes, job=work.job)
            pieces = _while_wanted(work.works, order, pieces)
            limit = asked.most_bytes + WORDS_MOST_BYTES
            size_bytes = await work.storage.append(asked.part, 0, pieces, limit=limit)
            await work.storage.seal(asked.part, asked.key)
    except Stopped:
        work.send(order)
        return
    except Unwanted:
        await work.storage.discard(asked.part)
        return
    if not await privacy.finish(work, order.copy_id, size_bytes):
        async with work.outside():
            await work.storage.delete(asked.key)


async def _while_wanted(works: Works, order: MakeCopy, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Raises `Unwanted` once nobody waits for it any more."""
    asked_at = time.monotonic()
    async for piece in pieces:
        yield piece
        if time.monotonic() - asked_at < ASKED_EVERY_S:
            continue
        async with works.open(reading=True) as work:
            if not await privacy.is_wanted(work, order.copy_id):
                raise Unwanted
        asked_at = time.monotonic()


async def give_up(work: Work, order: MakeCopy, error: str) -> None:
    await privacy.fail(work, order.copy_id)


async def written(
    works: Works, account_id: AccountId, *, most_bytes: int, job: JobContext | None = None
) -> AsyncIterator[bytes]:
    """The bytes of the zip, with originals of up to `most_bytes` together."""
    zipped = _Zip(works.clock())
    zipped.add("README.txt", _readme().encode())
    yield zipped.take()
    left_bytes, left_out = most_bytes, list[dict[str, str]]()
    async with works.open(reading=True) as work:
        for room in product.ROOMS:
            attached: list[Attached] = []
            async for piece in _lines(zipped, room, work, account_id, attached):
                yield piece
                _go_on(job)
            for one in attached:
                name = f"{room.name}/{one.name}"
                why = await _why_not(works, one, left_bytes, wanted=most_bytes > 0)
                if why is not None:
                    left_out.append({"name": name, "why": why})
                    continue
                left_bytes -= one.size_bytes
                with zipped.entry(name, packed=False) as entry:
                    async for chunk in works.storage.read(one.key):
                        await asyncio.to_thread(entry.write, chunk)
                        yield zipped.take()
                        _go_on(job)
    zipped.add("manifest.json", _manifest(zipped, account_id, left_out))
    yield zipped.end()


async def _lines(
    zipped: "_Zip", room: Room, work: Work, account_id: AccountId, attached: list[Attached]
) -> AsyncIterator[bytes]:
    """The lines of one room; stored bytes that belong to them are put aside."""
    if room.export is None:
        return
    present, lines = "", bytearray()
    async for file, told in room.export(work, account_id):
        if isinstance(told, Attached):
            attached.append(told)
            continue
        if file != present or len(lines) >= PIECE_BYTES:
            await asyncio.to_thread(zipped.go_on, f"{room.name}/{present}", bytes(lines))
            yield zipped.take()
            present, lines = file, bytearray()
        lines += json.dumps(told, ensure_ascii=False, default=str).encode() + b"\n"
    await asyncio.to_thread(zipped.go_on, f"{room.name}/{present}", bytes(lines))
    zipped.close()
    yield zipped.take()


async def _why_not(works: Works, one: Attached, left_bytes: int, *, wanted: bool) -> str | None:
    if not wanted:
        return "You asked for a copy without films."
    if one.size_bytes > left_bytes:
        return "It would have made this copy too large. Its page under Videos has “Download the original”."
    try:
        await works.storage.stat(one.key)
    except NotFound:
        return "Its bytes were not found."
    return None


def _go_on(job: JobContext | None) -> None:
    if job is not None and job.should_stop():
        raise Stopped


class _Sink:
    """Where the zip is written to: holds what was not taken yet, and cannot go back."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass


@dataclass(slots=True)
class _Entry:
    """One file of the zip while it is written, and what is noted of it."""

    to: IO[bytes]
    size_bytes: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.to.write(data)
        self.sha256.update(data)
        self.size_bytes += len(data)


class _Zip:
    """A zip that grows from its front to its end."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.files: list[dict[str, object]] = []
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(cast(IO[bytes], self._sink), "w")
        self._name: str | None = None
        self._open: _Entry | None = None

    @contextmanager
    def entry(self, name: str, *, packed: bool = True) -> Iterator[_Entry]:
        self._begin(name, packed=packed)
        assert self._open is not None
        yield self._open
        self.close()

    def go_on(self, name: str, data: bytes) -> None:
        """More of the file `name`; the one before it ends."""
        if not data:
            return
        if name != self._name:
            self._begin(name, packed=True)
        assert self._open is not None
        self._open.write(data)

    def add(self, name: str, data: bytes) -> None:
        with self.entry(name) as entry:
            entry.write(data)

    def close(self) -> None:
        """End the file that is being written."""
        if self._open is not None:
            self._open.to.close()
            entry = {"size_bytes": self._open.size_bytes, "sha256": self._open.sha256.hexdigest()}
            self.files.append({"name": self._name, **entry})
            self._open = self._name = None

    def take(self) -> bytes:
        """What was written since."""
        pieces, self._sink.pieces = self._sink.pieces, []
        return b"".join(pieces)

    def end(self) -> bytes:
        self._archive.close()
        return self.take()

    def _begin(self, name: str, *, packed: bool) -> None:
        self.close()
        info = zipfile.ZipInfo(name, self.now.timetuple()[:6])
        info.external_attr = 0o600 << 16
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        self._open, self._name = _Entry(self._archive.open(info, "w", force_zip64=True)), name


def _manifest(zipped: _Zip, account_id: AccountId, left_out: list[dict[str, str]]) -> bytes:
    about = {f"{room.name}/{told.file}": told.about for room in product.ROOMS for told in room.told}
    untold: Mapping[str, str] = {table: why for room in product.ROOMS for table, why in room.untold.items()}
    data = {
        "format": 1,
        "account": str(account_id),
        "made_at": zipped.now.isoformat(),
        "files": [{**one, "about": about.get(str(one["name"]), "")} for one in zipped.files],
        "left_out": left_out,
        "never_in_it": untold,
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


def _readme() -> str:
    """What each file holds, from what the rooms say of themselves."""
    parts = [
        "Everything that this house keeps about you.\n\nEach file has one thing a line, written as JSON; moments are"
        " UTC. A file is here only if there is something to tell. manifest.json lists what is here, with size and"
        " SHA-256, and what was left out. Passwords, codes and tokens are kept as hashes or"
        " sealed, and are never in it.\n"
    ]
    for room in reversed(product.ROOMS):
        for told in room.told:
            fields = "".join(f"    {name}: {words}\n" for name, words in told.fields.items())
            parts.append(f"{room.name}/{told.file}\n  {told.about}\n{fields}")
    return "\n".join(parts)
