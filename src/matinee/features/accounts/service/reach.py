"""Whom somebody who manages accounts may change: anybody but themselves. Who is above them is asked in room `roles`."""

from matinee.features.accounts import repository
from matinee.features.accounts.errors import NoSuchAccount, NotYourself
from matinee.features.accounts.models import AccountRow
from matinee.features.accounts.service import proof
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

MANAGE = "accounts.manage"


async def lock(work: Work, account_id: AccountId) -> AccountRow:
    """The account, which nobody else changes until the transaction ends. Raises `ProveAgain`, `NotYourself` and
    `NoSuchAccount`."""
    work.actor.require(MANAGE)
    proof.require(work)
    if work.actor.account_id == account_id:
        raise NotYourself
    row = await repository.account(work.session, account_id, lock=True)
    if row is None:
        raise NoSuchAccount
    return row
