"""From rows to the schemas that leave the room. Never decides who may see: `access` does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.features.files import service as files
from matinee.features.people import service as people
from matinee.features.videos import repository, rules
from matinee.features.videos.models import Poster as PosterRow
from matinee.features.videos.models import Rendition
from matinee.features.videos.models import Video as VideoRow
from matinee.features.videos.schemas import (
    Card,
    LadderRung,
    OwnerName,
    Playback,
    Poster,
    PosterChoice,
    RungState,
    SourceFacts,
    Video,
    VideoProgress,
)
from matinee.features.videos.service import access
from matinee.features.videos.service.changes import subject_of
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

_NOBODY = OwnerName(handle="", display_name="Somebody who left")


async def cards(work: Work, rows: Sequence[VideoRow]) -> list[Card]:
    """For rows that the actor may see, in their order; two queries for all of them."""
    names = await _owners(work, rows)
    shown = await repository.shown_posters(work.session, [row.id for row in rows]) if rows else {}
    return [Card(**_card(work, row, names[row.owner_id], shown.get(row.id))) for row in rows]


async def videos(work: Work, rows: Sequence[VideoRow]) -> list[Video]:
    """As `cards`, with everything that the actor may know."""
    ids = [row.id for row in rows]
    names = await _owners(work, rows)
    renditions = await repository.renditions(work.session, ids)
    posters = await repository.posters(work.session, ids)
    known = [subject_of(row.id) for row in rows if access.has_insight(work.actor, row)]
    sizes = await files.bytes_of(work, known) if known else {}
    return [
        await _video(work, row, names[row.owner_id], renditions[row.id], posters[row.id], sizes)
        for row in rows
    ]


async def video(work: Work, row: VideoRow) -> Video:
    return (await videos(work, [row]))[0]


async def _owners(work: Work, rows: Sequence[VideoRow]) -> dict[UUID, OwnerName]:
    ids = list({AccountId(row.owner_id) for row in rows})
    profiles = await people.profiles_of(work, ids) if ids else {}
    return {
        id: OwnerName(handle=profiles[id].handle, display_name=profiles[id].display_name)
        if id in profiles
        else _NOBODY
        for id in ids
    }


def _card(work: Work, row: VideoRow, owner: OwnerName, shown: PosterRow | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "duration_s": row.duration_s,
        "state": row.state,
        "visibility": row.visibility,
        "view_count": row.view_count,
        "published_at": row.published_at,
        "created_at": row.created_at,
        "owner": owner,
        "poster": None if shown is None else _poster(work, row, shown),
        "best_height": row.best_height,
        "width": row.width,
        "height": row.height,
        "tint": None if shown is None else shown.tint,
    }


async def _video(
    work: Work,
    row: VideoRow,
    owner: OwnerName,
    renditions: Sequence[Rendition],
    posters: Sequence[PosterRow],
    sizes: Mapping[str, int],
) -> Video:
    shown = next((poster for poster in posters if poster.number == row.poster_number), None)
    insight = access.has_insight(work.actor, row)
    upload = None
    if insight and row.state in rules.TAKES_A_FILE:
        uploads = await files.uploads_for(work, subject_of(row.id))
        upload = next((upload for upload in uploads if upload.purpose == "video"), None)
    return Video(
        **_card(work, row, owner, shown),
        description=row.description,
        filename=row.filename if insight else None,
        is_owner=access.is_owner(work.actor, row),
        held=row.held,
        playback=_playback(work, row),
        ladder=_ladder(row, renditions),
        source_playing=any(r.role == "source" and str(r.id) in row.master for r in renditions),
        poster_candidates=[
            PosterChoice(index=poster.number, at_s=poster.at_s, poster=_poster(work, row, poster))
            for poster in posters
        ]
        if insight
        else [],
        reason=row.reason if insight else None,
        reason_code=row.reason_code if insight else None,
        error_log=row.error_log if insight else None,
        source=SourceFacts.model_validate(row.source) if insight and row.source is not None else None,
        size_bytes=sizes.get(subject_of(row.id)),
        original=f"/media/{row.id}/{access.original_grant(work, row).text}/original"
        if insight and row.source_blob_id is not None
        else None,
        progress=None if row.progress is None else VideoProgress.model_validate(row.progress),
        upload=upload,
        playable_s=_since(row.received_at, row.playable_at),
        ready_s=_since(row.received_at, row.ready_at),
        playable_at=row.playable_at,
        ready_at=row.ready_at,
    )


def _poster(work: Work, row: VideoRow, poster: PosterRow) -> Poster:
    base = f"/media/{row.id}/{access.media_grant(work, row).text}/poster/{poster.number}"
    return Poster(widths=poster.widths, base=base)


def _playback(work: Work, row: VideoRow) -> Playback | None:
    if not row.master:
        return None
    grant = access.media_grant(work, row)
    base = f"/media/{row.id}/{grant.text}"
    return Playback(
        hls=f"{base}/master.m3u8",
        dash=f"{base}/manifest.mpd",
        grant_expires_at=grant.expires_at,
        revision=row.revision,
    )


def _ladder(row: VideoRow, renditions: Sequence[Rendition]) -> list[LadderRung]:
    """Lowest first."""
    working = row.state in ("encoding", "playable")
    rungs = [r for r in renditions if r.role == "ladder" and r.kind == "video" and r.withdrawn_at is None]
    rungs.sort(key=lambda r: (r.width or 0) * (r.height or 0))
    shown = []
    for rung in rungs:
        begun = rung.contiguous > 0 or rung.percent > 0
        state: RungState = "done" if rung.complete else "running" if begun and working else "waiting"
        shown.append(
            LadderRung(
                name=rung.name,
                width=rung.width or 0,
                height=rung.height or 0,
                state=state,
                percent=rung.percent,
            )
        )
    return shown


def _since(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 3)
