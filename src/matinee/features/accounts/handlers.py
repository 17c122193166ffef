"""What messages do in accounts."""

from collections.abc import Sequence

from matinee.features.accounts import service
from matinee.features.accounts.messages import PruneAccess, SumRefusals, TellOwner, WriteLetter
from matinee.infra.tally import Tally
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


async def sum_refusals(work: Work, order: SumRefusals) -> None:
    """Idempotent."""
    await service.sum_refusals(work)


async def link_audit(work: Work, tallies: Sequence[Tally]) -> None:
    """Something was written to the audit log: all that waits gets its place, whatever the tallies name."""
    await service.link_audit(work)


async def count_refusals(work: Work, tallies: Sequence[Tally]) -> None:
    await service.count_refusals(work, tallies)
