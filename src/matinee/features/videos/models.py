"""Tables. Private: rows never leave the service.

`Video.master` lists the renditions that the master shows, so that a change of that set is seen and counted;
`best_height` is the best of them, so that lists need no look at renditions. `Video.storyboard` is the engine's
description of the sheets in `storyboard_tree_id`. `posters_made` and `storyboards_made` count how often pictures were
found and sheets made: their numbers, by which they are cached for ever, begin anew with each.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base

LISTED = "visibility = 'public' AND NOT held AND state IN ('playable', 'ready') AND published_at IS NOT NULL"


class Video(Base):
    """`media_version` grows with every change that a manifest can show. `import_url` is where its file is fetched from,
    until it is here."""

    __tablename__ = "videos_video"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id"))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    held: Mapped[bool] = mapped_column(default=False)
    filename: Mapped[str | None] = mapped_column(String(255))
    declared_bytes: Mapped[int | None]
    generation: Mapped[int] = mapped_column(default=0)
    source_blob_id: Mapped[UUID | None]
    import_url: Mapped[str | None] = mapped_column(Text)
    source: Mapped[dict[str, Any] | None]
    duration_s: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    reason_code: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(Text)
    error_log: Mapped[str | None] = mapped_column(Text)
    progress: Mapped[dict[str, Any] | None]
    master: Mapped[list[Any]] = mapped_column(default=list)
    best_height: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=0)
    media_version: Mapped[int] = mapped_column(default=0)
    poster_number: Mapped[int | None]
    poster_reason: Mapped[str | None] = mapped_column(Text)
    own_posters: Mapped[int] = mapped_column(default=0)
    posters_made: Mapped[int] = mapped_column(default=0)
    storyboards_made: Mapped[int] = mapped_column(default=0)
    storyboard_tree_id: Mapped[UUID | None]
    storyboard: Mapped[dict[str, Any] | None]
    view_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    playable_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("visibility IN ('public', 'unlisted', 'private')", name="visibility"),
        CheckConstraint(
            "state IN ('uploading', 'checking', 'encoding', 'playable', 'ready', 'rejected', 'failed', 'cancelled')",
            name="state",
        ),
        Index(
            "videos_video_newest_ix",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=text(LISTED),
        ),
        Index(
            "videos_video_newest_of_owner_ix",
            "owner_id",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=text(LISTED),
        ),
        Index("videos_video_of_owner_ix", "owner_id", text("created_at DESC"), text("id DESC")),
        Index(
            "videos_video_playable_ix",
            text("playable_at DESC"),
            postgresql_where=text("playable_at IS NOT NULL"),
        ),
    )


class Rendition(Base):
    """One track of one quality. `contiguous` segments from 0 on have no gap; only these are in manifests. `revision`
    counts how often some of it was made again: manifests name it, since what was served is cached for ever."""

    __tablename__ = "videos_rendition"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    video_id: Mapped[UUID] = mapped_column(ForeignKey("videos_video.id", ondelete="CASCADE"))
    generation: Mapped[int]
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(5))
    role: Mapped[str] = mapped_column(String(6))
    tree_id: Mapped[UUID]
    codecs: Mapped[str] = mapped_column(String(80))
    width: Mapped[int | None]
    height: Mapped[int | None]
    fps: Mapped[float | None]
    language: Mapped[str | None] = mapped_column(String(40))
    label: Mapped[str | None] = mapped_column(String(200))
    channels: Mapped[int] = mapped_column(default=2)
    is_default: Mapped[bool] = mapped_column(default=False)
    aligned: Mapped[bool] = mapped_column(default=True)
    target_s: Mapped[float]
    segment_count: Mapped[int | None]
    frame_count: Mapped[int | None]
    declared_bps: Mapped[int] = mapped_column(default=0)
    average_bps: Mapped[int] = mapped_column(default=0)
    peak_bps: Mapped[int | None]
    init_bytes: Mapped[int | None]
    contiguous: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    percent: Mapped[float] = mapped_column(default=0.0)
    complete: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("video_id", "generation", "name"),
        CheckConstraint("kind IN ('video', 'audio')", name="kind"),
        CheckConstraint("role IN ('ladder', 'source', 'audio')", name="role"),
    )


class Segment(Base):
    __tablename__ = "videos_segment"

    rendition_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_rendition.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    duration_s: Mapped[float]
    size_bytes: Mapped[int]


class Poster(Base):
    """One picture. `number` stands in its address and is never given again: pictures are cached for ever."""

    __tablename__ = "videos_poster"

    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_video.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    own: Mapped[bool] = mapped_column(default=False)
    at_s: Mapped[float | None]
    tint: Mapped[str | None] = mapped_column(String(7))
    tree_id: Mapped[UUID]
    widths: Mapped[list[Any]]


class Check(Base):
    """Somebody above looks at the video before others may see it."""

    __tablename__ = "videos_check"

    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_video.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    deadline_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class Visit(Base):
    """One sitting of one viewer; forgotten a day after its last beat. `viewer` is a keyed hash."""

    __tablename__ = "videos_visit"

    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_video.id", ondelete="CASCADE"), primary_key=True
    )
    viewer: Mapped[str] = mapped_column(String(32), primary_key=True)
    visit: Mapped[UUID] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    watched_s: Mapped[float]


class View(Base):
    """When a viewer was last counted; forgotten once that can decide nothing any more."""

    __tablename__ = "videos_view"

    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_video.id", ondelete="CASCADE"), primary_key=True
    )
    viewer: Mapped[str] = mapped_column(String(32), primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(index=True)


class ResumePoint(Base):
    """Where an account stopped. Without a foreign key: a beat may be read after its person left."""

    __tablename__ = "videos_resume"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    video_id: Mapped[UUID] = mapped_column(
        ForeignKey("videos_video.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position_s: Mapped[float]
    at: Mapped[datetime]
