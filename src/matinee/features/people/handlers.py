"""What messages do in people."""

from matinee.features.people import service
from matinee.features.people.messages import FreeHandles
from matinee.infra.work import Work


async def free_handles(work: Work, order: FreeHandles) -> None:
    """Idempotent."""
    await service.free_handles(work)
