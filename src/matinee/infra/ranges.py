"""Ranges and conditions of HTTP (RFC 9110) for stored bytes. Pure: headers in, a decision out."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes [start, end) of `size`, with the status to say it with; of 304 and 416 nothing is sent."""

    status: Literal[200, 206, 304, 416]
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def decide(
    *,
    size: int,
    etag: str,
    modified_at: datetime,
    range_: str | None = None,
    if_range: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
) -> Slice:
    """`etag` comes with its quotes. Several ranges, and what is no range at all, are answered with everything."""
    if _unchanged(etag, modified_at, if_none_match, if_modified_since):
        return Slice(304, 0, 0)
    everything = Slice(200, 0, size)
    match = _ONE.match(range_.strip()) if range_ is not None else None
    if match is None or (if_range is not None and not _same(if_range.strip(), etag, modified_at)):
        return everything
    first, last = match.groups()
    if first:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return everything
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return everything
    return Slice(206, start, end) if start < end else Slice(416, 0, 0)


def _unchanged(etag: str, modified_at: datetime, if_none_match: str | None, since: str | None) -> bool:
    if if_none_match is not None:
        held = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
        return "*" in held or etag in held
    moment = _date(since)
    return moment is not None and modified_at.replace(microsecond=0) <= moment


def _same(if_range: str, etag: str, modified_at: datetime) -> bool:
    """Strong: a weak tag never vouches for bytes."""
    if if_range.startswith(('"', "W/")):
        return if_range == etag
    return _date(if_range) == modified_at.replace(microsecond=0)


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
