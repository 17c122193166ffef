"""From rows to the schemas that leave the room. Never decides who may see: `access` does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.features.files import service as files
from matinee.features.people import service as people
from matinee.features.videos import repository, rules
from matinee.features.videos.models import Video as VideoRow
from matinee.features.videos.repository import Picture, Rung
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
    shown = await repository.shown_pictures(work.session, [row.id for row in rows]) if rows else {}
    return [
        Card(**_card(row, access.media_grant(work, row), names[row.owner_id], shown.get(row.id)))
        for row in rows
    ]


async def videos(work: Work, rows: Sequence[VideoRow]) -> list[Video]:
    """As `cards`, with everything that the actor may know."""
    ids = [row.id for row in rows]
    names = await _owners(work, rows)
    rungs = await repository.rungs(work.session, ids)
    pictures = await repository.pictures(work.session, ids)
    known = [subject_of(row.id) for row in rows if access.has_insight(work.actor, row)]
    sizes = await files.bytes_of(work, known) if known else {}
    return [
        await _video(work, row, names[row.owner_id], rungs[row.id], pictures[row.id], sizes) for row in rows
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


def _card(
    row: VideoRow, grant: access.Grant | None, owner: OwnerName, shown: Picture | None
) -> dict[str, Any]:
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
        "poster": None if shown is None or grant is None else _poster(row, grant, shown),
        "best_height": row.best_height,
        "width": row.width,
        "height": row.height,
        "tint": None if shown is None else shown.tint,
    }


async def _video(
    work: Work,
    row: VideoRow,
    owner: OwnerName,
    rungs: Sequence[Rung],
    pictures: Sequence[Picture],
    sizes: Mapping[str, int],
) -> Video:
    grant, original = access.media_grant(work, row), access.original_grant(work, row)
    shown = next((picture for picture in pictures if picture.number == row.poster_number), None)
    insight = access.has_insight(work.actor, row)
    upload = None
    if insight and row.state in rules.TAKES_A_FILE:
        uploads = await files.uploads_for(work, subject_of(row.id))
        upload = next((upload for upload in uploads if upload.purpose == "video"), None)
    return Video(
        **_card(row, grant, owner, shown),
        description=row.description,
        filename=row.filename if insight else None,
        is_owner=access.is_owner(work.actor, row),
        held=row.held,
        playback=None if grant is None else _playback(row, grant),
        ladder=_ladder(row, rungs),
        source_playing=any(r.role == "source" and str(r.id) in row.master for r in rungs),
        poster_candidates=[
            PosterChoice(index=picture.number, at_s=picture.at_s, poster=_poster(row, grant, picture))
            for picture in pictures
        ]
        if insight and grant is not None
        else [],
        reason=row.reason if insight else None,
        poster_reason=row.poster_reason if insight else None,
        reason_code=row.reason_code if insight else None,
        error_log=row.error_log if insight else None,
        source=SourceFacts.model_validate(row.source) if insight and row.source is not None else None,
        size_bytes=sizes.get(subject_of(row.id)),
        original=None
        if original is None or row.source_blob_id is None
        else f"/media/{row.id}/{original.text}/original",
        progress=None if row.progress is None else _progress(row.progress, insight=insight),
        upload=upload,
        playable_s=_since(row.received_at, row.playable_at),
        ready_s=_since(row.received_at, row.ready_at),
        playable_at=row.playable_at,
        ready_at=row.ready_at,
    )


def _progress(told: dict[str, Any], *, insight: bool) -> VideoProgress:
    return VideoProgress.model_validate(told if insight else {**told, "waits": None})


def _poster(row: VideoRow, grant: access.Grant, picture: Picture) -> Poster:
    return Poster(widths=picture.widths, base=f"/media/{row.id}/{grant.text}/poster/{picture.number}")


def _playback(row: VideoRow, grant: access.Grant) -> Playback | None:
    if not row.master:
        return None
    base = f"/media/{row.id}/{grant.text}"
    return Playback(
        hls=f"{base}/master.m3u8",
        dash=f"{base}/manifest.mpd",
        storyboard=None if row.storyboard is None else f"{base}/storyboard.vtt",
        grant_expires_at=grant.expires_at,
        revision=row.revision,
    )


def _ladder(row: VideoRow, rungs: Sequence[Rung]) -> list[LadderRung]:
    """Lowest first."""
    working = row.state in rules.GROWING
    shown = []
    for rung in rungs:
        if rung.role != "ladder":
            continue
        begun = rung.contiguous > 0 or rung.percent > 0
        state: RungState = "done" if rung.complete else "running" if begun and working else "waiting"
        shown.append(
            LadderRung(
                name=rung.name, width=rung.width, height=rung.height, state=state, percent=rung.percent
            )
        )
    return shown


def _since(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round(max(0.0, (end - start).total_seconds()), 3)
