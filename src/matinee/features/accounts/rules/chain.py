"""The chain of the audit log: each entry's digest is made of the one before, and a seal says where the chain ends.

The digests need no secret, so that everybody can check them; the seal needs the house's. Never knows a row or a clock.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

BEGINNING = bytes(32)
Fact = str | int | bool | list[str]
_ACT = re.compile(r"[a-z]{2,20}\.[a-z_]{2,19}")
_NAME = re.compile(r"[a-z_]{1,30}")
_SECRET = ("password", "secret", "cookie", "authorization", "signature")
_PERSONAL = ("email", "address", "handle", "name", "title")
_FACTS_MOST, _CHARACTERS_MOST, _ITEMS_MOST = 12, 200, 20
_FAULTS_MOST = 50


class Entry(Protocol):
    """What is chained."""

    id: UUID
    at: datetime
    act: str
    by_id: UUID | None
    via: str
    about_id: UUID | None
    facts: dict[str, Fact]
    sealed: str | None


class Linked(Entry, Protocol):
    """An entry with its place in the chain."""

    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain begins and ends. `broken_at`: when it was first found to be not as it was left."""

    first_seq: int
    first_before: bytes
    seq: int
    digest: bytes
    at: datetime
    broken_at: datetime | None


def check_act(act: str) -> None:
    """Raises `ValueError` for what is no `thing.done`."""
    if not _ACT.fullmatch(act):
        raise ValueError(f"{act} is not written as thing.done")


def bounded(facts: Mapping[str, object], *, personal: bool = False) -> dict[str, Fact]:
    """The facts as they are kept: few, short, of simple kinds, None left out. Raises `ValueError` for a name that
    promises a secret, or something `personal` where that does not belong."""
    kept: dict[str, Fact] = {}
    refused = _SECRET if personal else _SECRET + _PERSONAL
    for name, value in facts.items():
        if not _NAME.fullmatch(name) or any(word in name for word in refused):
            raise ValueError(f"{name} is no name for a fact")
        if value is None:
            continue
        if isinstance(value, (bool, int)):
            kept[name] = value if abs(value) < 1 << 62 else 0
        elif isinstance(value, (list, tuple, set, frozenset)):
            kept[name] = [_short(item) for item in sorted(str(item) for item in value)[:_ITEMS_MOST]]
        else:
            kept[name] = _short(value)
    if len(kept) > _FACTS_MOST:
        raise ValueError(f"an entry has {_FACTS_MOST} facts at most")
    return kept


def digest_of(before: bytes, seq: int, entry: Entry) -> bytes:
    """SHA-256 over the digest before and the entry, written in one way only."""
    said = [
        seq,
        str(entry.id),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.act,
        None if entry.by_id is None else str(entry.by_id),
        entry.via,
        None if entry.about_id is None else str(entry.about_id),
        entry.facts,
        entry.sealed,
    ]
    plain = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(before + plain.encode()).digest()


def mac_of(head: Head, key: bytes) -> bytes:
    """The seal of a head."""
    moments = [
        None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
        for moment in (head.at, head.broken_at)
    ]
    said = [head.first_seq, head.first_before.hex(), head.seq, head.digest.hex(), *moments]
    return hmac.digest(key, json.dumps(said).encode(), "sha256")


def is_sealed(head: Head, mac: bytes, key: bytes) -> bool:
    return hmac.compare_digest(mac, mac_of(head, key))


@dataclass(slots=True)
class Walk:
    """Goes over a chain from its first entry on and collects what is wrong, in words. `seq` and `digest` are those of
    the last entry that it met."""

    seq: int
    digest: bytes
    entries: int = 0
    faults: list[str] = field(default_factory=list)

    def take(self, entry: Linked) -> None:
        """The next entry, in the order of `seq`."""
        if entry.seq != self.seq + 1:
            self.miss(self.seq + 1, entry.seq - 1)
        elif digest_of(self.digest, entry.seq, entry) != entry.digest:
            self.say(f"Entry {entry.seq} is not what was written.")
        self.seq, self.digest, self.entries = entry.seq, entry.digest, self.entries + 1

    def miss(self, first: int, last: int) -> None:
        which = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
        self.say(f"{which} missing.")

    def say(self, fault: str) -> None:
        if len(self.faults) < _FAULTS_MOST:
            self.faults.append(fault)


def _short(value: object) -> str:
    plain = str(value).encode("utf-8", "replace").decode().replace("\x00", "")
    return plain[:_CHARACTERS_MOST]
