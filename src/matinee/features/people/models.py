"""Tables of people. Private to the room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class ProfileRow(Base):
    """One per account. `handle` is kept in lower case, so that unique means unique; `handle_changes` are the moments of
    the last changes of it. `hidden` while their person is leaving, or waits to be let in."""

    __tablename__ = "people_profile"
    __table_args__ = (CheckConstraint("handle ~ '^[a-z0-9_]{3,30}$'", name="handle"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id"), unique=True)
    handle: Mapped[str] = mapped_column(String(30), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    bio: Mapped[str] = mapped_column(String(500), server_default=text("''"))
    created_at: Mapped[datetime]
    hidden: Mapped[bool] = mapped_column(server_default=false())
    handle_changes: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), server_default=text("'{}'")
    )


class FormerHandleRow(Base):
    """A handle that somebody gave up: until `kept_until` it leads to them and is nobody else's. May be theirs again."""

    __tablename__ = "people_former_handle"

    handle: Mapped[str] = mapped_column(String(30), primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("people_profile.id", ondelete="CASCADE"), index=True)
    left_at: Mapped[datetime]
    kept_until: Mapped[datetime] = mapped_column(index=True)
