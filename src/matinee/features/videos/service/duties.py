"""What the room owes every account and the house: export, erasure, figures."""

from collections.abc import AsyncIterator, Mapping

from prometheus_client import Gauge

from matinee.features.videos import repository, rules
from matinee.features.videos.service import owning
from matinee.features.videos.service.keys import media_keys
from matinee.infra import telemetry
from matinee.infra.room import Told
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import decode_cursor, encode_cursor

_BATCH = 20
TOLD = (
    Told(
        file="videos.ndjson",
        about="Your videos, newest first. Their files are told of in files/originals.ndjson.",
        tables=("videos_video",),
        seen_by="chosen",
        fields={
            "id": "Its id, as in its address.",
            "title": "As you wrote it.",
            "description": "As you wrote it.",
            "visibility": "public, unlisted or private.",
            "state": "How far it came.",
            "filename": "The name of its file.",
            "source": "What was found in its file.",
            "views": "How often it was watched.",
            "created_at": "When you began it.",
            "published_at": "When everybody could first see it; null for never.",
            "reason": "Why it was turned away or failed; null where it was not.",
            "imported_from": "The address that it is fetched from, until it is here.",
        },
    ),
    Told(
        file="stopped_at.ndjson",
        about="Where you stopped in videos, last watched first.",
        tables=("videos_resume",),
        fields={"video": "The video's id.", "position_s": "Seconds from its start.", "at": "When."},
    ),
    Told(
        file="counted_views.ndjson",
        about="Videos that counted a view of yours lately.",
        tables=("videos_view",),
        fields={"video": "The video's id.", "at": "When."},
    ),
)
UNTOLD = {
    "videos_check": "Which part of the house looks at a video before others see it.",
    "videos_poster": "Where pictures lie that were made from your files.",
    "videos_rendition": "What was encoded from your files.",
    "videos_segment": "Pieces of what was encoded from your files.",
    "videos_visit": "Seconds of present visits, under keyed hashes, for a day.",
}
VIDEOS = Gauge("matinee_videos", "Videos by state.", ["state"], registry=telemetry.REGISTRY)
PLAYABLE_S = Gauge(
    "matinee_video_playable_seconds",
    "Seconds from the last received byte to playable, over the newest thousand videos.",
    ["quantile"],
    registry=telemetry.REGISTRY,
)


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
    """The account's videos in words, and what it watched. The uploaded files themselves come from room `files`."""
    cursor: str | None = None
    while True:
        after = None if cursor is None else decode_cursor(cursor)
        rows = await repository.of_owner(work.session, account_id, after=after, limit=200)
        for row in rows:
            yield (
                "videos.ndjson",
                {
                    "id": row.id,
                    "title": row.title,
                    "description": row.description,
                    "visibility": row.visibility,
                    "state": row.state,
                    "filename": row.filename,
                    "source": row.source,
                    "views": row.view_count,
                    "created_at": row.created_at,
                    "published_at": row.published_at,
                    "reason": row.reason,
                    "imported_from": row.import_url,
                },
            )
        if len(rows) < 200:
            break
        cursor = encode_cursor(rows[-1].created_at, rows[-1].id)
    for point in await repository.resume_points(work.session, account_id):
        yield (
            "stopped_at.ndjson",
            {"video": point.video_id, "position_s": point.position_s, "at": point.at},
        )
    for key in media_keys(work):
        for view in await repository.views_of(work.session, rules.viewer_of_account(key, account_id)):
            yield "counted_views.ndjson", {"video": view.video_id, "at": view.counted_at}


async def erase(work: Work, account_id: AccountId) -> bool:
    """A batch of the account's videos with all their bytes; with the last, what it watched."""
    rows = await repository.of_owner(work.session, account_id, limit=_BATCH)
    for row in rows:
        locked = await repository.video(work.session, row.id, lock=True)
        if locked is not None:
            await owning.discard(work, locked)
    if len(rows) == _BATCH:
        return False
    for key in media_keys(work):
        viewer = rules.viewer_of_account(key, account_id)
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
