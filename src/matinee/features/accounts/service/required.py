"""Of whom the operator asks for a second factor."""

from collections.abc import Iterable
from uuid import UUID

from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.settings import FactorSettings
from matinee.infra.work import Work


def of_roles(work: Work, roles: Iterable[str]) -> bool:
    return not work.settings(FactorSettings).roles.isdisjoint(roles)


async def due(work: Work, account_id: UUID, roles: Iterable[str]) -> bool:
    """Whether this account must set one up before anything else."""
    return of_roles(work, roles) and not await repository.has_any(work.session, account_id)
