"""What the house keeps of its jobs beside the queue's own tables: errors and who works."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class JobNote(Base):
    """The last error of a job, and the thing it is about."""

    __tablename__ = "infra_job_note"

    job_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    error: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


class WorkerRow(Base):
    """One running worker process. `lanes` maps each of its lanes to how many jobs it runs side by side.
    `starving_since`: its patient children hardly get a processor."""

    __tablename__ = "infra_worker"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    lanes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    heartbeat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    starving_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PausedLane(Base):
    """A lane whose waiting jobs no worker takes, until somebody lets it go on."""

    __tablename__ = "infra_paused_lane"

    lane: Mapped[str] = mapped_column(String(20), primary_key=True)
    paused_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
