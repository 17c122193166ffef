"""Of whom the operator asks for a second factor."""

from collections.abc import Iterable
from uuid import UUID

from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.repository import roles as role_rows
from matinee.features.accounts.settings import FactorSettings
from matinee.infra.work import Work
from matinee.kernel.actor import ROLES
from matinee.kernel.settings import Settings


def by_settings(settings: Settings) -> frozenset[str]:
    """Roles of which the settings ask for one, named or by default."""
    return settings.of(FactorSettings).roles_at(settings.house.address)


async def of_roles(work: Work, roles: Iterable[str]) -> bool:
    """By the settings, or by what is asked of a role that operators made."""
    held = set(roles)
    if not by_settings(work.works.settings).isdisjoint(held):
        return True
    made = sorted(held.difference(ROLES))
    return bool(made) and await role_rows.asks_factor(work.session, made)


async def due(work: Work, account_id: UUID, roles: Iterable[str]) -> bool:
    """Whether this account must set one up before anything else."""
    return await of_roles(work, roles) and not await repository.has_any(work.session, account_id)
