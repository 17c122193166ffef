"""Decisions without database or clock: states, who may see what, what the master shows, what counts as a view."""

import hashlib
import hmac
import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from matinee.features.videos.schemas import State, Visibility

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    "uploading": frozenset({"checking", "failed", "cancelled"}),
    "checking": frozenset({"encoding", "rejected", "failed", "cancelled"}),
    "encoding": frozenset({"playable", "ready", "rejected", "failed", "cancelled"}),
    "playable": frozenset({"ready", "failed", "cancelled"}),
    "ready": frozenset(),
    "rejected": frozenset({"checking"}),
    "failed": frozenset({"uploading", "checking", "encoding", "playable"}),
    "cancelled": frozenset({"uploading", "checking", "encoding", "playable"}),
}
LIVE: Final[frozenset[State]] = frozenset({"uploading", "checking", "encoding", "playable"})
GROWING: Final[frozenset[State]] = frozenset({"encoding", "playable"})
"""Of what plays, more may still come."""
TAKES_A_FILE: Final[frozenset[State]] = frozenset({"uploading", "rejected", "failed", "cancelled"})
VIEW_S: Final = 30.0
VIEW_AGAIN: Final = timedelta(hours=6)
VISIT_KEPT: Final = timedelta(days=1)
OWN_POSTERS_FROM: Final = 1_000_000
POSTERS_AT_ONCE: Final = 100
SHEETS_AT_ONCE: Final = 100
NO_PICTURES: Final = "encoding.no_pictures"
"""The reason of a video that is ready, and of which no pictures could be made."""
OPEN_GRANT: Final = "open"


def may_become(state: State, new: State) -> bool:
    return new in TRANSITIONS[state]


def watchable(state: State, playable_at: datetime | None) -> bool:
    """Whether there is something to play. A video that fails after it was playable goes on playing what it has."""
    return state in ("playable", "ready") or (state == "failed" and playable_at is not None)


def seen_by_others(visibility: Visibility, held: bool, state: State, playable_at: datetime | None) -> bool:
    """Whether somebody who is not the owner may know of it by its address."""
    return visibility != "private" and not held and (state == "encoding" or watchable(state, playable_at))


def resumed(has_source: bool, checked: bool, playable_at: datetime | None) -> State:
    """The state of a failed or cancelled video that is taken up again."""
    if not has_source:
        return "uploading"
    if playable_at is not None:
        return "playable"
    return "encoding" if checked else "checking"


# What the master shows.


@dataclass(frozen=True, slots=True)
class Track:
    """A rendition as far as the master's choice goes. `started`: init and segment 0 are there."""

    id: UUID
    kind: str
    role: str
    height: int
    contiguous: int
    started: bool
    complete: bool
    aligned: bool


def master(tracks: Sequence[Track], shown: Collection[UUID] = ()) -> list[UUID]:
    """The renditions to list, given those that are `shown` now.

    Rungs enter when they and the sound are complete. Before the first of them there is the copied source, or one
    growing rung where there is no source. The source leaves when the first two rungs (all, where there are fewer)
    are in, unless it lies on the ladder's grid.
    """
    rungs = sorted((t for t in tracks if t.role == "ladder" and t.kind == "video"), key=lambda t: t.height)
    sound = [t for t in tracks if t.role == "audio" or (t.role == "ladder" and t.kind == "audio")]
    source = [t for t in tracks if t.role == "source"]
    full = [t for t in rungs if t.complete and t.started]
    if not all(t.complete for t in sound):
        full = []
    source_plays = bool(source) and all(t.started for t in source) and any(t.kind == "video" for t in source)
    if source_plays and not all(t.aligned for t in source) and full and len(full) >= min(2, len(rungs)):
        source_plays = False
    chosen = full
    if not full and not source_plays and (not sound or any(t.started for t in sound)):
        sound = [t for t in sound if t.started]
        growing = [t for t in rungs if t.started]
        growing.sort(key=lambda t: (t.id not in shown, -t.contiguous, t.height))
        chosen = growing[:1]
    listed = [*chosen, *(sound if chosen else ())]
    if source_plays:
        listed += source
    return [t.id for t in listed]


def unbroken(present: Iterable[int], start: int) -> int:
    """How many numbers follow from 0 without a gap, when 0…start-1 are known to be there."""
    held = set(present)
    while start in held:
        start += 1
    return start


def rates_bps(segments: Iterable[tuple[float, int]], target_s: float) -> tuple[int, int]:
    """(average, peak) of (seconds, bytes). A short last segment would claim an absurd peak and is left out of it."""
    rows = [(duration_s, size) for duration_s, size in segments if duration_s > 0]
    if not rows:
        return 0, 0
    whole = [row for row in rows if row[0] >= target_s / 2] or rows
    average = sum(size for _, size in rows) * 8 / sum(duration_s for duration_s, _ in rows)
    return round(average), round(max(size * 8 / duration_s for duration_s, size in whole))


# Signed addresses. A grant is `open`, or `<expires>.<signature>` with Unix seconds.


def sign(key: bytes, video_id: UUID, purpose: str, expires: int) -> str:
    """A grant for all media of one video (`media`), or for its untouched source (`original`)."""
    text = f"{purpose}:{video_id}:{expires}".encode()
    return f"{expires}.{hmac.new(key, text, hashlib.sha256).hexdigest()[:40]}"


def grant_holds(key: bytes, video_id: UUID, purpose: str, grant: str, now: datetime) -> bool:
    """Whether `grant` is one of ours for this video and purpose, and has not ended."""
    expires, dot, _ = grant.partition(".")
    if not (dot and expires.isascii() and expires.isdigit() and len(expires) <= 12 and grant.isascii()):
        return False
    good = sign(key, video_id, purpose, int(expires))
    return hmac.compare_digest(good, grant) and int(expires) > now.timestamp()


def grant_expiry(now: datetime, valid_s: int) -> int:
    """Rounded up to the next quarter of the validity, so that addresses stay the same between two reads of a page."""
    step = max(1, valid_s // 4)
    return (int(now.timestamp()) + valid_s + step - 1) // step * step


# Views and resume points.


def viewer_of_account(key: bytes, account_id: UUID) -> str:
    return _viewer(key, f"account:{account_id}")


def viewer_of_address(key: bytes, address: str) -> str:
    """A guest is the network address it comes from; of IPv6 the /64 that one household has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _viewer(key, "guest:unknown")
    if parsed.version == 6:
        if parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        else:
            return _viewer(key, f"guest:{ipaddress.ip_network((parsed, 64), strict=False)}")
    return _viewer(key, f"guest:{parsed}")


def _viewer(key: bytes, text: str) -> str:
    return hmac.new(key, b"viewer:" + text.encode(), hashlib.sha256).hexdigest()[:32]


def view_needs_s(duration_s: float | None) -> float:
    """Seconds to watch before it is a view: 30, or half of what is shorter than a minute."""
    return VIEW_S if duration_s is None or duration_s <= 0 else min(VIEW_S, duration_s / 2)


def watched_s(claimed_s: float, first_at: datetime, at: datetime, duration_s: float | None) -> float:
    """What a beat may claim: neither more than the time since the visit's first beat nor than the video lasts."""
    most = max(0.0, (at - first_at).total_seconds())
    if duration_s is not None:
        most = min(most, max(0.0, duration_s))
    return min(claimed_s, most)


def resume_position_s(position_s: float, duration_s: float | None) -> float:
    """Where to go on; the first seconds and the end count as the start."""
    if duration_s is None:
        return position_s
    if position_s < 5 or position_s > duration_s - max(5.0, duration_s * 0.03):
        return 0.0
    return position_s


def rung_height(name: str, width: int | None, height: int | None) -> int:
    """The number people know a quality by: of `1080p` 1080, of a copied source its shorter side."""
    digits = name.removesuffix("p")
    return int(digits) if digits.isascii() and digits.isdigit() else min(width or 0, height or 0)
