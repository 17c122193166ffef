"""Boxes of the ISO base media format: walking them without trust, and checks that need nothing but their
headers.

Never decodes media and never follows a reference: it only says that one is there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAX_TOP_BOXES = 200_000
_MAX_MOOV_BYTES = 512 * 1024 * 1024
_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf", b"edts"}


def walk(
    data: bytes | memoryview, start: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """(type, body start, body end) of each box between two places; stops where a size makes no sense."""
    end = len(data) if end is None else end
    at = start
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1:
            if at + 16 > end:
                return
            size = struct.unpack_from(">Q", data, body)[0]
            body += 8
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            return
        yield bytes(kind), body, at + size
        at += size


def find(
    data: bytes | memoryview, path: tuple[bytes, ...], start: int = 0, end: int | None = None
) -> Iterator[tuple[int, int]]:
    """Body (start, end) of every box reached by a path of types."""
    for kind, body, stop in walk(data, start, end):
        if kind == path[0]:
            if len(path) == 1:
                yield body, stop
            else:
                yield from find(data, path[1:], body, stop)


@dataclass(frozen=True, slots=True)
class Mp4Shape:
    """`missing_bytes`: how much of the last declared box lies beyond the end of the file."""

    has_moov: bool
    fragmented: bool
    outside_references: bool
    missing_bytes: int
    mdat_bytes: int


def mp4_shape(path: Path) -> Mp4Shape:
    """Reads top-level headers and the moov box only."""
    size = path.stat().st_size
    moov = b""
    fragmented = False
    missing = mdat = 0
    with path.open("rb") as file:
        for kind, body, stop in _top(file, size):
            if kind == b"moov" and not moov and stop <= size and stop - body <= _MAX_MOOV_BYTES:
                file.seek(body)
                moov = file.read(stop - body)
            elif kind == b"moof":
                fragmented = True
            elif kind == b"mdat":
                mdat += stop - body
            missing = max(missing, stop - size)
    return Mp4Shape(
        has_moov=bool(moov),
        fragmented=fragmented or any(True for _ in find(moov, (b"mvex",))),
        outside_references=_refers_outside(moov),
        missing_bytes=missing,
        mdat_bytes=mdat,
    )


def _top(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Like `walk` over a file, but also yields a last box that reaches beyond the end."""
    at = 0
    for _ in range(_MAX_TOP_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = struct.unpack_from(">I4s", head)
        body = at + 8
        if length == 1 and len(head) == 16:
            length = struct.unpack_from(">Q", head, 8)[0]
            body += 8
        elif length == 0:
            length = size - at
        if length < body - at:
            return
        yield kind, body, at + length
        at += length


def _refers_outside(moov: bytes) -> bool:
    for body, stop in find(moov, (b"trak", b"mdia", b"minf", b"dinf", b"dref")):
        for _kind, entry, entry_end in walk(moov, body + 8, stop):
            if entry + 4 <= entry_end and not moov[entry + 3] & 1:
                return True
    return any(True for _ in find(moov, (b"rmra",)))
