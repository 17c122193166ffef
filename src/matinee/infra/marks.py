"""What all processes of a house must agree on, whatever machine they run on: short values under a name, made once.

Never holds a secret: of one, its fingerprint.
"""

from datetime import datetime

from sqlalchemy import DateTime, String, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class Mark(Base):
    """One value. It stays until an operator replaces it."""

    __tablename__ = "infra_mark"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(128))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


async def mark(session: AsyncSession, name: str) -> str | None:
    found: str | None = await session.scalar(select(Mark.value).where(Mark.name == name))
    return found


async def settled(session: AsyncSession, name: str, value: str) -> str:
    """The value of `name`: `value` when nobody made one before."""
    await session.execute(insert(Mark).values(name=name, value=value).on_conflict_do_nothing())
    return (await session.scalars(select(Mark.value).where(Mark.name == name))).one()


async def replace(session: AsyncSession, name: str, value: str) -> None:
    wish = insert(Mark).values(name=name, value=value)
    await session.execute(wish.on_conflict_do_update(index_elements=[Mark.name], set_={"value": value}))
