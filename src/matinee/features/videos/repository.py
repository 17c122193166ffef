"""The only file with queries. Private."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from matinee.features.videos.models import (
    LISTED,
    Check,
    Poster,
    Rendition,
    ResumePoint,
    Segment,
    Video,
    View,
    Visit,
)

After = tuple[datetime, UUID] | None
_SEEN_BY = (Video.visibility, Video.held, Video.state, Video.playable_at)
_CARD = load_only(
    *_SEEN_BY,
    Video.owner_id,
    Video.title,
    Video.duration_s,
    Video.width,
    Video.height,
    Video.best_height,
    Video.poster_number,
    Video.view_count,
    Video.created_at,
    Video.published_at,
    raiseload=True,
)
_PLACE = (
    load_only(
        Rendition.kind,
        Rendition.tree_id,
        Rendition.init_bytes,
        Rendition.contiguous,
        Rendition.revision,
        raiseload=True,
    ),
    load_only(*_SEEN_BY, Video.media_version, raiseload=True),
)

_PICTURE = (Poster.video_id, Poster.number, Poster.at_s, Poster.tint, Poster.widths)


class Rung(NamedTuple):
    """What is shown of a rendition with a picture."""

    id: UUID
    role: str
    name: str
    width: int
    height: int
    contiguous: int
    percent: float
    complete: bool


class Picture(NamedTuple):
    """What is shown of a poster."""

    number: int
    at_s: float | None
    tint: str | None
    widths: list[int]


async def count_for_one_more(session: AsyncSession, owner_id: UUID) -> int:
    """How many the owner has. Who asks next for the same owner waits until this transaction ends, and counts what it
    adds."""
    key = {"key": f"videos.more.{owner_id}"}
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    query = select(func.count()).select_from(Video).where(Video.owner_id == owner_id)
    return (await session.scalar(query)) or 0


async def video(session: AsyncSession, video_id: UUID, *, lock: bool = False) -> Video | None:
    query = select(Video).where(Video.id == video_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def videos(session: AsyncSession, ids: Collection[UUID]) -> Sequence[Video]:
    """As much of them as a card shows."""
    if not ids:
        return ()
    return (await session.execute(select(Video).where(Video.id.in_(ids)).options(_CARD))).scalars().all()


async def newest(
    session: AsyncSession, *, owner_id: UUID | None, after: After, limit: int
) -> Sequence[Video]:
    """Listed videos below the keyset position `after`, newest first; as much of them as a card shows."""
    query = select(Video).where(text(LISTED)).options(_CARD)
    if owner_id is not None:
        query = query.where(Video.owner_id == owner_id)
    if after is not None:
        query = query.where(tuple_(Video.published_at, Video.id) < tuple_(*after))
    query = query.order_by(Video.published_at.desc(), Video.id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def of_owner(
    session: AsyncSession, owner_id: UUID, *, state: str | None = None, after: After = None, limit: int
) -> Sequence[Video]:
    query = select(Video).where(Video.owner_id == owner_id)
    if state is not None:
        query = query.where(Video.state == state)
    if after is not None:
        query = query.where(tuple_(Video.created_at, Video.id) < tuple_(*after))
    query = query.order_by(Video.created_at.desc(), Video.id.desc()).limit(limit)
    return (await session.execute(query)).scalars().all()


async def latest(session: AsyncSession, *, state: str | None, limit: int) -> Sequence[Video]:
    """Of everybody, for the operator; as much of them as a card shows."""
    query = select(Video).options(_CARD).order_by(Video.created_at.desc(), Video.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Video.state == state)
    return (await session.execute(query)).scalars().all()


async def by_state(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(select(Video.state, func.count()).group_by(Video.state))
    return {row[0]: row[1] for row in rows}


async def playable_quantiles_s(session: AsyncSession, last: int = 1000) -> tuple[float | None, float | None]:
    """(p50, p95) of seconds from last byte to playable, over the newest `last` videos."""
    row = (
        await session.execute(
            text(
                "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS p50,"
                " percentile_cont(0.95) WITHIN GROUP (ORDER BY s) AS p95 FROM ("
                "  SELECT extract(epoch FROM playable_at - received_at) AS s FROM videos_video"
                "  WHERE playable_at IS NOT NULL AND received_at IS NOT NULL"
                "  ORDER BY playable_at DESC LIMIT :n) t"
            ),
            {"n": last},
        )
    ).one()
    return (None, None) if row.p50 is None else (float(row.p50), float(row.p95))


# Renditions and segments.


async def renditions(session: AsyncSession, video_ids: Collection[UUID]) -> dict[UUID, list[Rendition]]:
    """By video; within a video in the order of their making."""
    found: dict[UUID, list[Rendition]] = {id: [] for id in video_ids}
    if found:
        query = select(Rendition).where(Rendition.video_id.in_(found)).order_by(Rendition.id)
        for row in (await session.execute(query)).scalars():
            found[row.video_id].append(row)
    return found


async def rungs(session: AsyncSession, video_ids: Collection[UUID]) -> dict[UUID, list[Rung]]:
    """By video; smallest first, without those withdrawn."""
    found: dict[UUID, list[Rung]] = {id: [] for id in video_ids}
    if found:
        query = (
            select(
                Rendition.video_id,
                Rendition.id,
                Rendition.role,
                Rendition.name,
                func.coalesce(Rendition.width, 0),
                func.coalesce(Rendition.height, 0),
                Rendition.contiguous,
                Rendition.percent,
                Rendition.complete,
            )
            .where(Rendition.video_id.in_(found), Rendition.kind == "video", Rendition.withdrawn_at.is_(None))
            .order_by(Rendition.width * Rendition.height, Rendition.id)
        )
        for row in await session.execute(query):
            found[row[0]].append(Rung(*row[1:]))
    return found


async def rendition(session: AsyncSession, rendition_id: UUID) -> Rendition | None:
    query = select(Rendition).where(Rendition.id == rendition_id).execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def rendition_named(
    session: AsyncSession, video_id: UUID, generation: int, name: str
) -> Rendition | None:
    query = select(Rendition).where(
        Rendition.video_id == video_id, Rendition.generation == generation, Rendition.name == name
    )
    return (await session.execute(query)).scalar_one_or_none()


async def rendition_with_video(
    session: AsyncSession, video_id: UUID, rendition_id: UUID
) -> tuple[Rendition, Video] | None:
    """One look-up by primary keys, the whole database cost of a segment: where its bytes are, how far it is made,
    and who may see it."""
    query = (
        select(Rendition, Video)
        .join(Video, Video.id == Rendition.video_id)
        .where(Rendition.id == rendition_id, Rendition.video_id == video_id)
        .options(*_PLACE)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def segments(
    session: AsyncSession, rendition_ids: Collection[UUID]
) -> dict[UUID, list[tuple[int, float, int]]]:
    """(number, seconds, bytes) in order."""
    found: dict[UUID, list[tuple[int, float, int]]] = {id: [] for id in rendition_ids}
    if found:
        query = (
            select(Segment.rendition_id, Segment.number, Segment.duration_s, Segment.size_bytes)
            .where(Segment.rendition_id.in_(found))
            .order_by(Segment.rendition_id, Segment.number)
        )
        for id, number, duration_s, size_bytes in await session.execute(query):
            found[id].append((number, duration_s, size_bytes))
    return found


async def segment_numbers(session: AsyncSession, rendition_id: UUID, *, start: int = 0) -> set[int]:
    query = select(Segment.number).where(Segment.rendition_id == rendition_id, Segment.number >= start)
    return set((await session.execute(query)).scalars())


async def put_segments(session: AsyncSession, rendition_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    query = insert(Segment).values([{"rendition_id": rendition_id, **row} for row in rows])
    await session.execute(
        query.on_conflict_do_update(
            index_elements=[Segment.rendition_id, Segment.number],
            set_={"duration_s": query.excluded.duration_s, "size_bytes": query.excluded.size_bytes},
        )
    )


async def bytes_of_segments(session: AsyncSession, rendition_id: UUID, numbers: Sequence[int]) -> int:
    query = select(func.coalesce(func.sum(Segment.size_bytes), 0))
    query = query.where(Segment.rendition_id == rendition_id, Segment.number.in_(numbers))
    return int(await session.scalar(query) or 0)


# Pictures.


async def posters(session: AsyncSession, video_ids: Collection[UUID]) -> dict[UUID, list[Poster]]:
    found: dict[UUID, list[Poster]] = {id: [] for id in video_ids}
    if found:
        query = select(Poster).where(Poster.video_id.in_(found)).order_by(Poster.number)
        for row in (await session.execute(query)).scalars():
            found[row.video_id].append(row)
    return found


async def pictures(session: AsyncSession, video_ids: Collection[UUID]) -> dict[UUID, list[Picture]]:
    """All posters, by video, in the order of their numbers."""
    found: dict[UUID, list[Picture]] = {id: [] for id in video_ids}
    if found:
        query = select(*_PICTURE).where(Poster.video_id.in_(found)).order_by(Poster.number)
        for row in await session.execute(query):
            found[row[0]].append(Picture(*row[1:]))
    return found


async def shown_pictures(session: AsyncSession, video_ids: Collection[UUID]) -> dict[UUID, Picture]:
    """Of each video that has one, the picture that stands for it."""
    query = select(*_PICTURE).join(
        Video, (Video.id == Poster.video_id) & (Video.poster_number == Poster.number)
    )
    rows = await session.execute(query.where(Video.id.in_(video_ids)))
    return {row[0]: Picture(*row[1:]) for row in rows}


async def poster_with_video(
    session: AsyncSession, video_id: UUID, number: int
) -> tuple[Poster, Video] | None:
    query = (
        select(Poster, Video)
        .join(Video, Video.id == Poster.video_id)
        .where(Poster.video_id == video_id, Poster.number == number)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


# Checks.


async def checks(session: AsyncSession, video_id: UUID) -> list[Check]:
    return list((await session.execute(select(Check).where(Check.video_id == video_id))).scalars())


# Visits, views, resume points.


async def hold_videos(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, float | None]:
    """Durations in seconds of those that exist; none of them is deleted before the transaction ends."""
    query = select(Video.id, Video.duration_s).where(Video.id.in_(ids)).order_by(Video.id)
    rows = await session.execute(query.with_for_update(key_share=True, read=True))
    return {row[0]: row[1] for row in rows}


async def visits(session: AsyncSession, keys: Collection[tuple[UUID, str, UUID]]) -> Sequence[Visit]:
    if not keys:
        return ()
    query = select(Visit).where(tuple_(Visit.video_id, Visit.viewer, Visit.visit).in_(keys))
    return (await session.execute(query)).scalars().all()


async def put_visits(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    query = insert(Visit).values(rows)
    await session.execute(
        query.on_conflict_do_update(
            index_elements=[Visit.video_id, Visit.viewer, Visit.visit],
            set_={
                "first_at": func.least(Visit.first_at, query.excluded.first_at),
                "last_at": func.greatest(Visit.last_at, query.excluded.last_at),
                "watched_s": func.greatest(Visit.watched_s, query.excluded.watched_s),
            },
        )
    )


async def count_views(session: AsyncSession, rows: Sequence[dict[str, Any]], again_s: float) -> list[UUID]:
    """Mark each (video, viewer) as counted at `counted_at`, unless it was within `again_s` before. Returns one video
    id per view that counts."""
    if not rows:
        return []
    query = insert(View).values(rows)
    stated = query.on_conflict_do_update(
        index_elements=[View.video_id, View.viewer],
        set_={"counted_at": query.excluded.counted_at},
        where=View.counted_at <= query.excluded.counted_at - func.make_interval(0, 0, 0, 0, 0, 0, again_s),
    ).returning(View.video_id)
    return list((await session.execute(stated)).scalars())


async def add_views(session: AsyncSession, video_id: UUID, number: int) -> None:
    query = update(Video).where(Video.id == video_id).values(view_count=Video.view_count + number)
    await session.execute(query.execution_options(synchronize_session=False))


async def put_resume_points(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    query = insert(ResumePoint).values(rows)
    await session.execute(
        query.on_conflict_do_update(
            index_elements=[ResumePoint.account_id, ResumePoint.video_id],
            set_={"position_s": query.excluded.position_s, "at": query.excluded.at},
            where=ResumePoint.at < query.excluded.at,
        )
    )


async def resume_point(session: AsyncSession, account_id: UUID, video_id: UUID) -> ResumePoint | None:
    return await session.get(ResumePoint, (account_id, video_id))


async def resume_points(session: AsyncSession, account_id: UUID) -> Sequence[ResumePoint]:
    query = select(ResumePoint).where(ResumePoint.account_id == account_id).order_by(ResumePoint.at.desc())
    return (await session.execute(query)).scalars().all()


async def forget_visits(
    session: AsyncSession, visits_before: datetime, views_before: datetime, stops_before: datetime | None
) -> None:
    if stops_before is not None:
        await session.execute(delete(ResumePoint).where(ResumePoint.at < stops_before))
    await session.execute(delete(Visit).where(Visit.last_at < visits_before))
    await session.execute(delete(View).where(View.counted_at < views_before))


async def forget_viewer(session: AsyncSession, account_id: UUID, viewer: str) -> None:
    """Everything that says what one account watched, beats not yet read too."""
    await session.execute(delete(ResumePoint).where(ResumePoint.account_id == account_id))
    await session.execute(delete(Visit).where(Visit.viewer == viewer))
    await session.execute(delete(View).where(View.viewer == viewer))
    await session.execute(
        text("DELETE FROM infra_tally WHERE kind = 'videos.watched' AND data->>'viewer' = :v"), {"v": viewer}
    )


async def views_of(session: AsyncSession, viewer: str) -> Sequence[View]:
    query = select(View).where(View.viewer == viewer).order_by(View.counted_at.desc())
    return (await session.execute(query)).scalars().all()


async def bytes_by_rendition(session: AsyncSession) -> Sequence[tuple[str, int, int]]:
    """(name, bytes of its segments, how many there are), the most bytes first."""
    size_bytes = func.sum(Segment.size_bytes)
    rows = await session.execute(
        select(Rendition.name, size_bytes, func.count(Rendition.id.distinct()))
        .join(Segment, Segment.rendition_id == Rendition.id)
        .group_by(Rendition.name)
        .order_by(size_bytes.desc())
    )
    return [(name, int(total), int(number)) for name, total, number in rows]
