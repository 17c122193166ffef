"""What messages do in people."""

from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import AccountLeaving, AccountStays
from matinee.features.admission.messages import AccountAdmitted
from matinee.features.people import service
from matinee.features.people.messages import FreeHandles
from matinee.infra.work import Work


async def hide(work: Work, fact: AccountLeaving) -> None:
    """Idempotent."""
    if (found := await accounts.leaving(work, fact.erasure_id)) is not None:
        await service.follow_presence(work, found[0])


async def show(work: Work, fact: AccountStays) -> None:
    """Idempotent."""
    await service.follow_presence(work, fact.account_id)


async def welcome(work: Work, fact: AccountAdmitted) -> None:
    """Idempotent."""
    await service.follow_presence(work, fact.account_id)


async def free_handles(work: Work, order: FreeHandles) -> None:
    """Idempotent."""
    await service.free_handles(work)
