"""Tables of people. Private to the room."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class ProfileRow(Base):
    """One per account. `handle` is kept in lower case, so that unique means unique."""

    __tablename__ = "people_profile"
    __table_args__ = (CheckConstraint("handle ~ '^[a-z0-9_]{3,30}$'", name="handle"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts_account.id"), unique=True)
    handle: Mapped[str] = mapped_column(String(30), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    bio: Mapped[str] = mapped_column(String(500), server_default=text("''"))
    created_at: Mapped[datetime]
