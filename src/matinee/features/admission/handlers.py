"""What messages do in admission."""

from matinee.features.admission import service
from matinee.features.admission.messages import TidyDoors
from matinee.infra.work import Work


async def tidy(work: Work, order: TidyDoors) -> None:
    """Idempotent."""
    await service.tidy(work)
