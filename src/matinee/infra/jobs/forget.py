"""Removing what the queue still remembers of somebody: ended jobs, errors and tallies.

Never touches work that is still to be done.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def forget(session: AsyncSession, words: Sequence[str]) -> int:
    """Remove every ended job, error note and tally that holds one of `words` (ids, addresses).

    Returns how many jobs that hold one are still to be done; call again when they are.
    """
    values = {"words": [f"%{_escaped(word)}%" for word in words]}
    await session.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')"
            " AND args::text LIKE ANY(:words)"
        ),
        values,
    )
    await session.execute(text("DELETE FROM infra_job_note WHERE error LIKE ANY(:words)"), values)
    await session.execute(
        text(
            "DELETE FROM infra_tally WHERE data::text LIKE ANY(:words) OR subject_id::text LIKE ANY(:words)"
        ),
        values,
    )
    left = await session.scalar(
        text("SELECT count(*) FROM procrastinate_jobs WHERE args::text LIKE ANY(:words)"), values
    )
    return int(left or 0)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
