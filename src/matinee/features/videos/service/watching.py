"""Signs of life from players: views counted once per person and six hours, and where everybody stopped.

A beat is a tally; the listener turns beats into views and resume points in batches. Never keeps an address: a viewer
is a keyed hash.
"""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from uuid import UUID

from matinee.features.videos import repository, rules
from matinee.features.videos.schemas import Resume, Watched
from matinee.features.videos.service import access
from matinee.features.videos.service.keys import media_key
from matinee.features.videos.settings import VideosSettings
from matinee.infra.tally import Tally
from matinee.infra.work import Work

WATCHED: Final = "videos.watched"
_BURST: Final = 6.0
_EVERY_S: Final = 4.0
_VIEWERS_KEPT: Final = 20_000


async def watch(work: Work, video_id: UUID, beat: Watched, address: str) -> None:
    """Note a beat of the actor, or of the guest at `address`. Beats that come too thick are passed over in silence."""
    video = await access.visible(work, video_id)
    key = media_key(work)
    account_id = work.actor.account_id
    if account_id is not None:
        viewer = rules.viewer_of_account(key, account_id)
    else:
        viewer = rules.viewer_of_address(key, address)
    if not _pace.allows((video.id, viewer), work.now):
        return
    work.tally(
        WATCHED,
        video.id,
        viewer=viewer,
        visit=str(beat.visit),
        account=None if account_id is None else str(account_id),
        position_s=beat.position_s,
        watched_s=beat.watched_s,
    )


async def resume(work: Work, video_id: UUID) -> Resume:
    """Where the actor stopped; the start for a guest and for what was watched to its end."""
    video = await access.visible(work, video_id)
    if work.actor.account_id is None:
        return Resume(position_s=0)
    point = await repository.resume_point(work.session, work.actor.account_id, video.id)
    if point is None:
        return Resume(position_s=0)
    return Resume(position_s=rules.resume_position_s(point.position_s, video.duration_s))


async def take_beats(work: Work, beats: Sequence[Tally]) -> None:
    """Apply a batch. Idempotent: the same beats again count nothing twice."""
    durations = await repository.hold_videos(work.session, {beat.subject_id for beat in beats})
    heard = [(beat, _beat(beat)) for beat in beats if beat.subject_id in durations]
    keys = {(beat.subject_id, said["viewer"], said["visit"]) for beat, said in heard}
    first: dict[tuple[UUID, str, UUID], datetime] = {}
    rows: dict[tuple[UUID, str, UUID], dict[str, Any]] = {}
    before_s: dict[tuple[UUID, str, UUID], float] = {}
    for visit in await repository.visits(work.session, keys):
        first[visit.video_id, visit.viewer, visit.visit] = visit.first_at
        before_s[visit.video_id, visit.viewer, visit.visit] = visit.watched_s
    points: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    views: dict[tuple[UUID, str], dict[str, Any]] = {}
    for beat, said in sorted(heard, key=lambda pair: pair[0].at):
        key = (beat.subject_id, said["viewer"], said["visit"])
        duration_s = durations[beat.subject_id]
        began = min(first.setdefault(key, beat.at), beat.at)
        watched_s = rules.watched_s(said["watched_s"], began, beat.at, duration_s)
        row = rows.setdefault(
            key,
            {"video_id": key[0], "viewer": key[1], "visit": key[2], "first_at": began, "watched_s": 0.0},
        )
        row["last_at"] = beat.at
        row["watched_s"] = max(row["watched_s"], watched_s)
        if before_s.get(key, 0.0) < rules.view_needs_s(duration_s) <= watched_s:
            views.setdefault(key[:2], {"video_id": key[0], "viewer": key[1], "counted_at": beat.at})
        if said["account"] is not None:
            points[said["account"], key[0]] = {
                "account_id": said["account"],
                "video_id": key[0],
                "position_s": said["position_s"],
                "at": beat.at,
            }
    await repository.put_visits(work.session, list(rows.values()))
    again_s = rules.VIEW_AGAIN.total_seconds()
    counted = await repository.count_views(work.session, list(views.values()), again_s)
    for video_id, number in sorted(Counter(counted).items()):
        await repository.add_views(work.session, video_id, number)
    await repository.put_resume_points(work.session, list(points.values()))


def _beat(tally: Tally) -> dict[str, Any]:
    data = tally.data
    return {
        "viewer": str(data["viewer"]),
        "visit": UUID(data["visit"]),
        "account": None if data.get("account") is None else UUID(data["account"]),
        "position_s": float(data["position_s"]),
        "watched_s": float(data["watched_s"]),
    }


async def forget_visits(work: Work) -> None:
    """Remove what can decide nothing any more."""
    days, old = work.settings(VideosSettings).resume_days, work.now - rules.VISIT_KEPT
    stops_before = work.now - timedelta(days=days) if days else None
    await repository.forget_visits(
        work.session, visits_before=old, views_before=old, stops_before=stops_before
    )


class _Pace:
    """How many beats of one viewer of one video this process takes: six at once, then one every four seconds."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[UUID, str], tuple[float, datetime]] = OrderedDict()
        self._lock = Lock()

    def allows(self, key: tuple[UUID, str], now: datetime) -> bool:
        with self._lock:
            left, at = self._left.pop(key, (_BURST, now))
            left = min(_BURST, left + max(0.0, (now - at).total_seconds()) / _EVERY_S)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            while len(self._left) > _VIEWERS_KEPT:
                self._left.popitem(last=False)
            return allowed


_pace = _Pace()
