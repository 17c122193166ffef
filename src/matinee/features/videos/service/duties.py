"""What the room owes every account and the house: export, erasure, figures."""

import json
from collections.abc import AsyncIterator
from typing import Any

from prometheus_client import Gauge

from matinee.features.videos import repository, rules
from matinee.features.videos.schemas import Visibility
from matinee.features.videos.service import owning
from matinee.features.videos.service.keys import media_key
from matinee.infra import telemetry
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import decode_cursor, encode_cursor

_BATCH = 20
VIDEOS = Gauge("matinee_videos", "Videos by state.", ["state"], registry=telemetry.REGISTRY)
PLAYABLE_S = Gauge(
    "matinee_video_playable_seconds",
    "Seconds from the last received byte to playable, over the newest thousand videos.",
    ["quantile"],
    registry=telemetry.REGISTRY,
)


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, bytes]]:
    """The account's videos in words, and what it watched. The uploaded files themselves come from room `files`."""
    told: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        after = None if cursor is None else decode_cursor(cursor)
        rows = await repository.of_owner(work.session, account_id, after=after, limit=200)
        for row in rows:
            visibility: Visibility = row.visibility  # type: ignore[assignment]
            told.append(
                {
                    "id": row.id,
                    "title": row.title,
                    "description": row.description,
                    "visibility": visibility,
                    "state": row.state,
                    "filename": row.filename,
                    "source": row.source,
                    "views": row.view_count,
                    "created_at": row.created_at,
                    "published_at": row.published_at,
                    "reason": row.reason,
                    "imported_from": row.import_url,
                }
            )
        if len(rows) < 200:
            break
        cursor = encode_cursor(rows[-1].created_at, rows[-1].id)
    yield "videos.json", _json(told)
    viewer = rules.viewer_of_account(media_key(work), account_id)
    watched = {
        "stopped_at": [
            {"video": point.video_id, "position_s": point.position_s, "at": point.at}
            for point in await repository.resume_points(work.session, account_id)
        ],
        "counted_views": [
            {"video": view.video_id, "at": view.counted_at}
            for view in await repository.views_of(work.session, viewer)
        ],
    }
    yield "watched.json", _json(watched)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str).encode()


async def erase(work: Work, account_id: AccountId) -> bool:
    """A batch of the account's videos with all their bytes; with the last, what it watched."""
    rows = await repository.of_owner(work.session, account_id, limit=_BATCH)
    for row in rows:
        locked = await repository.video(work.session, row.id, lock=True)
        if locked is not None:
            await owning.discard(work, locked)
    if len(rows) == _BATCH:
        return False
    viewer = rules.viewer_of_account(media_key(work), account_id)
    await repository.forget_viewer(work.session, account_id, viewer)
    return True


async def refresh_metrics(work: Work) -> None:
    figures = await owning.figures(work)
    for state in rules.TRANSITIONS:
        VIDEOS.labels(state).set(figures.by_state.get(state, 0))
    for quantile, seconds in (("0.5", figures.playable_p50_s), ("0.95", figures.playable_p95_s)):
        PLAYABLE_S.labels(quantile).set(float("nan") if seconds is None else seconds)


async def own_channel(work: Work, key: str | None) -> str | None:
    """The channel of the actor's own list."""
    if key is not None or work.actor.account_id is None:
        return None
    return f"my-videos:{work.actor.account_id}"
