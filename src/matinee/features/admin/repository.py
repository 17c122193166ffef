"""Queries of admin. Private to the room; never decides anything."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from matinee.features.admin.models import FirstStepsRow

_ONLY = 1


async def first_steps(session: AsyncSession) -> FirstStepsRow | None:
    return await session.get(FirstStepsRow, _ONLY, populate_existing=True)


async def keep_first_steps(session: AsyncSession) -> FirstStepsRow:
    """The row, made where there is none, locked."""
    await session.execute(insert(FirstStepsRow).values(id=_ONLY, skipped=[]).on_conflict_do_nothing())
    query = select(FirstStepsRow).where(FirstStepsRow.id == _ONLY).execution_options(populate_existing=True)
    return (await session.scalars(query.with_for_update())).one()
