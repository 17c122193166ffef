"""What messages do in privacy. Copies themselves are made where all rooms are known: `entrypoints/copying.py`."""

from matinee.features.privacy import service
from matinee.features.privacy.messages import EndCopies
from matinee.infra.work import Work


async def end_copies(work: Work, order: EndCopies) -> None:
    """Idempotent."""
    await service.end(work)
