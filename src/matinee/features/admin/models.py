"""Tables of admin. Private to the room."""

from datetime import datetime

from sqlalchemy import String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class FirstStepsRow(Base):
    """The one row about the first steps of this house. `begun_at` is null in a house that was there before them;
    `skipped` names steps; `letter_at` is when a letter left that was to try the mail."""

    __tablename__ = "admin_first_steps"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    begun_at: Mapped[datetime | None]
    put_away_at: Mapped[datetime | None]
    skipped: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default=text("'{}'"))
    letter_at: Mapped[datetime | None]
