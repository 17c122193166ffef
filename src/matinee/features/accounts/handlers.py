"""What messages do in accounts."""

from matinee.features.accounts import service
from matinee.features.accounts.messages import PruneAccess, TellOwner, WriteLetter
from matinee.infra.work import Work


async def prune(work: Work, order: PruneAccess) -> None:
    """Idempotent."""
    await service.prune(work)


async def write_letter(work: Work, order: WriteLetter) -> None:
    """A second run makes a new link, and the one before it ends."""
    await service.write_letter(work, order.letter_id)


async def tell_owner(work: Work, order: TellOwner) -> None:
    """At most one letter for a notice, unless a try broke off after it had left."""
    await service.tell_owner(work, order.notice_id)
