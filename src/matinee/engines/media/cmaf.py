"""Fragmented MP4 at the level of single samples: read a growing file of fragments, write segments of our own.

ffmpeg decides what is inside the samples; where a segment begins and which time it carries is decided here,
so segments of separately encoded chunks stand on one timeline. Knows one track a file, as we make them. Never
decodes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from matinee.engines.media.boxes import find, walk

_SYNC_FLAGS = 0x02000000
_DELTA_FLAGS = 0x01010000
_NOT_SYNC = 0x00010000
_LARGEST_BOX = 512 * 1024 * 1024
_MOST_AT_ONCE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame. `dts`, `cts` (offset) and `duration` in ticks of the track."""

    dts: int
    cts: int
    duration: int
    sync: bool
    data: bytes

    @property
    def pts(self) -> int:
        return self.dts + self.cts


@dataclass(frozen=True, slots=True)
class Init:
    """The start of a track's file (ftyp and moov, without any edit list) and what it says."""

    ftyp: bytes
    moov: bytes
    timescale: int
    codecs: str

    def delayed(self, ticks: int) -> bytes:
        """The init segment for samples shown `ticks` after they are decoded at the earliest.

        One edit that skips the reordering delay: browsers, hls.js and ffmpeg all read it. Negative
        composition offsets would do without, but ffmpeg's demuxer then shows the picture late by the delay.
        """
        return self.ftyp + (_with_edit(self.moov, ticks) if ticks else self.moov)


class FragmentReader:
    """Reads samples out of a one-track fragmented file while another process still writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._ftyp = b""
        self._moof = b""
        self._defaults = (0, 0, 0)
        self.init: Init | None = None
        self.more = False

    def read(self) -> list[Sample]:
        """The samples of fragments that became whole since the last call. `more` says that memory was the bound, and
        the next call finds others at once."""
        samples: list[Sample] = []
        end = self._at + _MOST_AT_ONCE
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return samples
        with file:
            while not (more := self._at >= end) and (box := self._next(file)) is not None:
                kind, whole = box
                if kind == b"ftyp":
                    self._ftyp = whole
                elif kind == b"moov":
                    moov = without_edits(whole)
                    self.init = Init(self._ftyp, moov, _timescale(moov), codecs_of(moov))
                    self._defaults = _trex(moov)
                elif kind == b"moof":
                    self._moof = whole
                elif kind == b"mdat" and self._moof:
                    samples += _samples(self._moof, whole, self._defaults)
                    self._moof = b""
        self.more = more
        return samples

    def _next(self, file: BinaryIO) -> tuple[bytes, bytes] | None:
        file.seek(self._at)
        head = file.read(8)
        if len(head) < 8:
            return None
        size, kind = struct.unpack(">I4s", head)
        if not 8 <= size <= _LARGEST_BOX:
            raise ValueError(f"box {kind!r} of {size} bytes")
        body = file.read(size - 8)
        if len(body) < size - 8:
            return None
        self._at += size
        return kind, head + body


def segment(sequence: int, start: int, samples: Sequence[Sample], cts_shift: int = 0) -> bytes:
    """One media segment (styp, moof, mdat) whose first sample is decoded at `start` ticks.

    `cts_shift` is added to every composition offset.
    """
    rows = b"".join(
        struct.pack(
            ">IIIi",
            sample.duration,
            len(sample.data),
            _SYNC_FLAGS if sample.sync else _DELTA_FLAGS,
            sample.cts + cts_shift,
        )
        for sample in samples
    )
    # default-base-is-moof; durations, sizes, flags and offsets stand in each row.
    tfhd = _full(b"tfhd", 0, 0x020000, struct.pack(">I", 1))
    tfdt = _full(b"tfdt", 1, 0, struct.pack(">Q", start))
    trun_size = 12 + 8 + len(rows)
    moof_size = 8 + 16 + 8 + len(tfhd) + len(tfdt) + trun_size
    trun = _full(b"trun", 1, 0x000F01, struct.pack(">Ii", len(samples), moof_size + 8) + rows)
    moof = _box(b"moof", _full(b"mfhd", 0, 0, struct.pack(">I", sequence)), _box(b"traf", tfhd, tfdt, trun))
    styp = _box(b"styp", b"msdh", struct.pack(">I", 0), b"msdhmsixcmfc")
    return b"".join((styp, moof, _box(b"mdat", *(sample.data for sample in samples))))


def seconds_of(init: bytes, segment: bytes) -> float:
    """How long the samples of a media segment play. Raises ValueError for one that is not whole."""
    defaults, moof, ticks, end = _trex(init), b"", 0, 0
    for kind, body, stop in walk(segment):
        if kind == b"moof":
            moof = segment[body - 8 : stop]
        elif kind == b"mdat" and moof:
            ticks += sum(sample.duration for sample in _samples(moof, segment[body - 8 : stop], defaults))
        end = stop
    if not ticks or end != len(segment):
        raise ValueError("a segment that is not whole")
    return ticks / _timescale(init)


def without_edits(moov: bytes) -> bytes:
    """The moov box without edit lists, user data and bit rates: what remains is equal for every chunk of a
    rung."""
    return _filtered(moov, 0, len(moov))


def codecs_of(moov: bytes) -> str:
    """RFC 6381 name of the first track, from its sample entry: `avc1.PPCCLL`, `mp4a.40.N`."""
    for body, stop in find(moov, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")):
        for kind, entry, entry_end in walk(moov, body + 8, stop):
            if kind in (b"avc1", b"avc3"):
                for at, _ in find(moov, (b"avcC",), entry + 78, entry_end):
                    return f"{kind.decode()}.{moov[at + 1 : at + 4].hex()}"
            if kind == b"mp4a":
                for at, end in find(moov, (b"esds",), entry + 28, entry_end):
                    return f"mp4a.40.{_audio_object(moov[at + 4 : end])}"
            return kind.decode("latin-1")
    return ""


def _with_edit(moov: bytes, media_time: int) -> bytes:
    """Adds to the only track an edit list that starts at `media_time`."""
    elst = _full(b"elst", 0, 0, struct.pack(">IIiHH", 1, 0, media_time, 1, 0))
    parts: list[bytes] = []
    for kind, body, stop in walk(moov, 8, len(moov)):
        inside = moov[body:stop]
        if kind == b"trak":
            head = _box(b"tkhd", *(moov[at:end] for at, end in find(moov, (b"tkhd",), body, stop)))
            inside = inside[: len(head)] + _box(b"edts", elst) + inside[len(head) :]
        parts.append(_box(kind, inside))
    return _box(b"moov", *parts)


def _audio_object(descriptors: bytes) -> int:
    """Object type out of the DecoderSpecificInfo (tag 5) inside an ES descriptor."""
    at = 0
    while at + 2 <= len(descriptors):
        tag = descriptors[at]
        at += 1
        length = 0
        while at < len(descriptors):
            byte = descriptors[at]
            at += 1
            length = length << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 3:
            at += 3
        elif tag == 4:
            at += 13
        elif tag == 5 and length and at < len(descriptors):
            return descriptors[at] >> 3 or 2
        else:
            at += length
    return 2


def _filtered(data: bytes, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    for kind, body, stop in walk(data, start, end):
        if kind in (b"edts", b"udta", b"btrt", b"meta"):
            continue
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            parts.append(_box(kind, _filtered(data, body, stop)))
        elif kind == b"stsd":
            entries = b"".join(
                _box(
                    entry,
                    data[at:at_end] if entry not in (b"avc1", b"avc3") else _plain_entry(data, at, at_end),
                )
                for entry, at, at_end in walk(data, body + 8, stop)
            )
            parts.append(_box(kind, data[body : body + 8], entries))
        else:
            parts.append(_box(kind, data[body:stop]))
    return b"".join(parts)


def _plain_entry(data: bytes, body: int, stop: int) -> bytes:
    return data[body : body + 78] + _filtered(data, body + 78, stop)


def _samples(moof: bytes, mdat: bytes, defaults: tuple[int, int, int]) -> list[Sample]:
    samples: list[Sample] = []
    for traf, traf_end in find(moof, (b"moof", b"traf")):
        duration, size, flags = defaults
        dts = 0
        at = 8
        for kind, body, stop in walk(moof, traf, traf_end):
            (versioned,) = struct.unpack_from(">I", moof, body)
            version, bits = versioned >> 24, versioned & 0xFFFFFF
            if kind == b"tfhd":
                place = body + 8
                for bit, width in ((0x1, 8), (0x2, 4), (0x8, 4), (0x10, 4), (0x20, 4)):
                    if bits & bit:
                        value = int.from_bytes(moof[place : place + width], "big")
                        duration = value if bit == 0x8 else duration
                        size = value if bit == 0x10 else size
                        flags = value if bit == 0x20 else flags
                        place += width
            elif kind == b"tfdt":
                dts = int.from_bytes(
                    moof[body + 4 : body + (12 if version else 8)], "big", signed=version == 1
                )
            elif kind == b"trun":
                (count,) = struct.unpack_from(">I", moof, body + 4)
                place = body + 8
                if bits & 0x1:
                    # Counted from the start of the moof box, which the mdat box follows at once.
                    at = struct.unpack_from(">i", moof, place)[0] - len(moof)
                    place += 4
                first = None
                if bits & 0x4:
                    first = struct.unpack_from(">I", moof, place)[0]
                    place += 4
                for i in range(count):
                    row = [duration, size, first if i == 0 and first is not None else flags, 0]
                    for column, bit in enumerate((0x100, 0x200, 0x400, 0x800)):
                        if bits & bit:
                            signed = column == 3 and version == 1
                            row[column] = struct.unpack_from(">i" if signed else ">I", moof, place)[0]
                            place += 4
                    if place > stop or at + row[1] > len(mdat):
                        raise ValueError("a fragment promises more than it holds")
                    samples.append(
                        Sample(dts, row[3], row[0], not row[2] & _NOT_SYNC, mdat[at : at + row[1]])
                    )
                    dts += row[0]
                    at += row[1]
    return samples


def _timescale(moov: bytes) -> int:
    for body, _ in find(moov, (b"moov", b"trak", b"mdia", b"mdhd")):
        return int(struct.unpack_from(">I", moov, body + (20 if moov[body] else 12))[0])
    raise ValueError("a moov box without a track")


def _trex(moov: bytes) -> tuple[int, int, int]:
    for body, _ in find(moov, (b"moov", b"mvex", b"trex")):
        duration, size, flags = struct.unpack_from(">III", moov, body + 12)
        return duration, size, flags
    return 0, 0, 0


def _box(kind: bytes, *parts: bytes) -> bytes:
    return b"".join((struct.pack(">I4s", 8 + sum(map(len, parts)), kind), *parts))


def _full(kind: bytes, version: int, flags: int, body: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), body)
