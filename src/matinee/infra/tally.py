"""Tallies: one append-only row per frequent happening, read by each listener at its own pace.

Rows are read in the order (transaction, id) and only below the oldest open transaction, so a row that commits
late is never passed over. Never used for what must not be lost with a room's own change: send a message then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from matinee.infra.db import Base


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One frequent happening, read back by a listener."""

    id: int
    kind: str
    subject_id: UUID
    data: dict[str, Any]
    at: Any


class Xid8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class TallyRow(Base):
    __tablename__ = "infra_tally"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[str] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    kind: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))

    __table_args__ = (Index("infra_tally_kind_xid_id_ix", "kind", "xid", "id"),)


class TallyCursor(Base):
    __tablename__ = "infra_tally_cursor"

    listener: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    xid: Mapped[str] = mapped_column(Xid8, server_default=text("'0'::xid8"))
    last_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


async def take(session: AsyncSession, listener: str, kind: str, batch: int) -> Sequence[Tally]:
    """The next rows for `listener`, its cursor moved past them in the same transaction. Empty when caught up
    or when another worker is reading for the same listener."""
    await session.execute(
        text("INSERT INTO infra_tally_cursor (listener, kind) VALUES (:l, :k) ON CONFLICT DO NOTHING"),
        {"l": listener, "k": kind},
    )
    cursor = (
        await session.execute(
            text(
                "SELECT xid::text, last_id FROM infra_tally_cursor WHERE listener = :l FOR UPDATE SKIP LOCKED"
            ),
            {"l": listener},
        )
    ).first()
    if cursor is None:
        return ()
    rows = (
        await session.execute(
            text(
                "SELECT id, xid::text AS xid, kind, subject_id, data, at FROM infra_tally"
                " WHERE kind = :k AND (xid, id) > (CAST(:x AS text)::xid8, :i)"
                " AND xid < pg_snapshot_xmin(pg_current_snapshot())"
                " ORDER BY xid, id LIMIT :n"
            ),
            {"k": kind, "x": cursor.xid, "i": cursor.last_id, "n": batch},
        )
    ).all()
    if rows:
        await session.execute(
            text(
                "UPDATE infra_tally_cursor SET xid = CAST(:x AS text)::xid8, last_id = :i WHERE listener = :l"
            ),
            {"x": rows[-1].xid, "i": rows[-1].id, "l": listener},
        )
    return [Tally(id=r.id, kind=r.kind, subject_id=r.subject_id, data=r.data, at=r.at) for r in rows]


async def prune(session: AsyncSession) -> int:
    """Remove rows that every listener of their kind has read. Returns how many."""
    result = await session.execute(
        text(
            "DELETE FROM infra_tally t USING ("
            "  SELECT DISTINCT ON (kind) kind, xid, last_id FROM infra_tally_cursor ORDER BY kind, xid, last_id"
            ") c WHERE t.kind = c.kind AND (t.xid, t.id) <= (c.xid, c.last_id)"
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
