"""Tables of privacy. Private to the room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class CopyRow(Base):
    """A copy that somebody asked for. Its bytes lie in `tree_id`, which is recorded in `files` once all are there."""

    __tablename__ = "privacy_copy"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts_account.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(8))
    films: Mapped[bool]
    tree_id: Mapped[UUID]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'making', 'ready', 'failed', 'over')", name="state"),
        Index(
            "privacy_copy_open_ix",
            "account_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'making')"),
        ),
    )
