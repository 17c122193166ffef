"""Tables of the room; private."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class Encode(Base):
    """One video's encode. `facts` and `ladder` are the engine's plans; `renditions` maps names to videos' ids;
    `firsts` holds what has its first segment: picture, sound. The facts of a long film are large, and few ask for
    them.

    Without a key to the video, whose deletion would lock the rows in the opposite order to the steps; the fact of its
    deletion removes them."""

    __tablename__ = "encoding_encode"

    video_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    generation: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    blob_id: Mapped[UUID] = mapped_column(Uuid)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    facts: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True), deferred=True, deferred_raiseload=True
    )
    ladder: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    renditions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    firsts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    playable_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("encoding_encode_of_owner_ix", "owner_id", "created_at"),)


class Step(Base):
    """One resumable step. `wanted`: it may run now; `ordered`: its job has been sent, with its `turn` among all
    steps of its lane, `urgent` or `long`. Of one owner's steps those of the lower `tier` go first, then those of the
    older film. `again`: what is there already is made once more and replaced."""

    __tablename__ = "encoding_step"

    video_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("encoding_encode.video_id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    rungs: Mapped[list[Any]] = mapped_column(JSONB)
    first_segment: Mapped[int] = mapped_column(Integer)
    end_segment: Mapped[int] = mapped_column(Integer)
    weight: Mapped[float] = mapped_column(Float)
    lane: Mapped[str] = mapped_column(String(8))
    tier: Mapped[int] = mapped_column(Integer)
    wanted: Mapped[bool] = mapped_column(Boolean, server_default=false())
    ordered: Mapped[bool] = mapped_column(Boolean, server_default=false())
    again: Mapped[bool] = mapped_column(Boolean, server_default=false())
    turn: Mapped[int] = mapped_column(BigInteger, server_default="0")
    state: Mapped[str] = mapped_column(String(16))
    percent: Mapped[float] = mapped_column(Float)
    attempts: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[float | None] = mapped_column(Float)
    log: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    worker: Mapped[str | None] = mapped_column(String(120))

    __table_args__ = (
        Index(
            "encoding_step_open_ix", "lane", "state", postgresql_where=text("state IN ('waiting', 'running')")
        ),
    )


class Share(Base):
    """Where an owner's next step may start on the virtual clock of a lane; see `turns`."""

    __tablename__ = "encoding_share"

    owner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lane: Mapped[str] = mapped_column(String(8), primary_key=True)
    finish: Mapped[int] = mapped_column(BigInteger)
