"""What messages do in accounts."""

from matinee.features.accounts import service
from matinee.features.accounts.messages import PruneAccess
from matinee.infra.work import Work


async def prune(work: Work, order: PruneAccess) -> None:
    """Idempotent."""
    await service.prune(work)
