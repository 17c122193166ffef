"""What the command does to the whole house is written into its audit log. Never stops what it tells of: a house whose
database is away, or older than this program, is backed up all the same."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matinee.kernel.settings import Settings


def note(settings: "Settings", act: str, *, database_url: str | None = None, **facts: object) -> bool:
    """Write an entry of the house itself. Returns whether it stands."""
    return asyncio.run(_note(settings, act, database_url, facts))


async def _note(settings: "Settings", act: str, url: str | None, facts: dict[str, object]) -> bool:
    from matinee.entrypoints.parts import database_url, unopened
    from matinee.features.accounts import service as accounts

    try:
        async with unopened(settings, url or database_url(settings)) as works, works.open() as work:
            await accounts.audit.record(work, act, about=None, by=None, words=None, **facts)
    except Exception:  # away, not begun, or at another revision
        return False
    return True
