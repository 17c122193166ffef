"""Tables of roles. Private to the room."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class RoleRow(Base):
    """A role that operators made. Those that come with the house are in no table."""

    __tablename__ = "roles_role"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(300))
    permissions: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    factor_needed: Mapped[bool]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
