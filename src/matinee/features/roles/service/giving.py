"""Giving and taking roles."""

from collections.abc import Sequence

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import NoSuchAccount
from matinee.features.roles import repository, rules
from matinee.features.roles.errors import ChangedMeanwhile, UnknownName
from matinee.features.roles.schemas import HeldRoles
from matinee.features.roles.service.book import current
from matinee.infra.work import Work
from matinee.kernel.actor import GUEST_ROLE
from matinee.kernel.ids import AccountId


async def set_roles(
    work: Work, account_id: AccountId, roles: Sequence[str], before: Sequence[str] | None = None
) -> HeldRoles:
    """What an account holds, from its next request on. Raises `ProveAgain`, `UnknownName`, `OwnersOnly`, `AboveYou`,
    `BeyondYours`, `LastOwner`, and `ChangedMeanwhile` where it does not hold what it held `before`."""
    work.actor.require(rules.GIVE)
    accounts.require_proof(work)
    await check_names(work, roles)
    account = await accounts.get(work, account_id, lock=True)
    if account is None:
        raise NoSuchAccount
    if before is not None and set(before) != set(account.roles):
        raise ChangedMeanwhile
    rules.check_gift(await current(work), work.actor, account.roles, roles)
    await accounts.set_roles(work, account_id, roles)
    return HeldRoles(roles=list(dict.fromkeys(roles)))


async def check_new(work: Work, roles: Sequence[str]) -> None:
    """For an account that is made with these. Raises `UnknownName`, `OwnersOnly` and `BeyondYours`."""
    await check_names(work, roles)
    rules.check_gift(await current(work), work.actor, (), roles)


async def check_names(work: Work, roles: Sequence[str]) -> None:
    """None of them ceases to be before the transaction ends. Raises `UnknownName`."""
    accounts.check_roles(roles)
    await repository.keep(work.session, roles)
    known = (await current(work)).roles
    if unknown := sorted({name for name in roles if name not in known or name == GUEST_ROLE}):
        raise UnknownName(f"There is no role {unknown[0]}.", field="roles")


async def check_not_above(work: Work, account_id: AccountId) -> None:
    """For whatever an operator does to somebody else. Raises `AboveYou` and `NoSuchAccount`."""
    account = await accounts.get(work, account_id)
    if account is None:
        raise NoSuchAccount
    if account_id != work.actor.account_id:
        rules.check_reach(await current(work), work.actor, account.roles)
