"""How long a session lasts: until it has rested, and at the longest for a while after its person proved who they are.

Never ends one: `sessions` does, by the moment that is kept with it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from matinee.features.accounts.repository import roles as role_rows
from matinee.features.accounts.rules import refresh
from matinee.features.accounts.schemas import AccountsSettings
from matinee.infra.work import Work
from matinee.kernel.actor import ROLES

_OF_THE_HOUSE = frozenset({"owner", "admin", "moderator"})
_HOURS_BY_DEFAULT = 12


async def ends_at(
    work: Work, roles: Collection[str], proven_at: datetime, *, had: datetime | None = None
) -> datetime:
    """The end of a session that is used now. `had`: the end that it had before."""
    days = work.settings(AccountsSettings).session_days_most
    most = timedelta(days=days) if days else None
    return refresh.ends_at(work.now, await _rest(work, roles), proven_at, most, had)


def longest(work: Work) -> timedelta:
    """Without a visit, for whoever has the most time."""
    return timedelta(days=work.settings(AccountsSettings).session_days)


async def _rest(work: Work, roles: Collection[str]) -> timedelta:
    settings = work.settings(AccountsSettings)
    hours = settings.operator_session_hours
    if hours is None:
        hours = _HOURS_BY_DEFAULT if work.works.settings.house.address.startswith("https://") else 0
    if hours and await _runs_the_house(work, roles):
        return min(longest(work), timedelta(hours=hours))
    return longest(work)


async def _runs_the_house(work: Work, roles: Collection[str]) -> bool:
    """Of roles that operators made, those that need a second factor count."""
    if not _OF_THE_HOUSE.isdisjoint(roles):
        return True
    made = sorted(set(roles).difference(ROLES))
    return bool(made) and await role_rows.asks_factor(work.session, made)
