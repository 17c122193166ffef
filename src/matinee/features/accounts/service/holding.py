"""Who holds which roles. What a role is, and who may give it to whom, is decided in room `roles`."""

import re
from collections.abc import Sequence
from uuid import UUID

from matinee.features.accounts import repository as rows
from matinee.features.accounts.errors import LastOwner, NoSuchAccount
from matinee.features.accounts.models import AccountRow
from matinee.features.accounts.repository import roles as repository
from matinee.features.accounts.repository import sessions as session_rows
from matinee.features.accounts.repository import standing as standing_rows
from matinee.features.accounts.schemas import Identity, Limit
from matinee.features.accounts.service import audit, gate, looking, proof, required
from matinee.infra.work import Work
from matinee.kernel.actor import GUEST_ROLE, OWNER_ROLE, ROLE_NAME, ROLES_HELD_MOST
from matinee.kernel.errors import Invalid
from matinee.kernel.ids import AccountId

_AT_ONCE = 1_000


async def set_roles(work: Work, account_id: AccountId, roles: Sequence[str]) -> None:
    """What an account holds, from its next request on. Asks nobody's leave. Raises `ProveAgain` and `LastOwner`."""
    proof.require(work)
    kept = check(roles)
    row = await rows.account(work.session, account_id, lock=True)
    if row is None:
        raise NoSuchAccount
    if OWNER_ROLE not in roles:
        await stay_owned(work, row)
    await audit.record(work, "account.roles", about=account_id, before=row.roles, after=kept)
    row.roles = kept
    # A link that was handed out, and that somebody else may have kept, would open what the account holds from now on.
    await rows.drop_letters(work.session, "reset", account_id=account_id, but_to=row.email)
    held = await session_rows.of(work.session, account_id, work.now)
    tokens = await rows.tokens(work.session, account_id, work.now)
    await gate.look_again(work, [one.id for one in held] + [one.id for one in tokens])
    await looking.end_at(work, account_id)


def check(roles: Sequence[str]) -> list[str]:
    """Each once. Raises `Invalid` for what cannot be a role of an account."""
    if len(roles) > ROLES_HELD_MOST:
        raise Invalid(f"An account holds {ROLES_HELD_MOST} roles at most.", field="roles")
    for role in roles:
        if role == GUEST_ROLE or not re.fullmatch(ROLE_NAME, role):
            raise Invalid(f"There is no role {role}.", field="roles")
    return list(dict.fromkeys(roles))


async def stay_owned(work: Work, row: AccountRow) -> None:
    """Asked before this account, locked by its caller, ceases to be an owner. Raises `LastOwner`."""
    if OWNER_ROLE not in row.roles:
        return
    await repository.lock_owners(work.session)
    if await repository.owners(work.session, work.now) == [row.id]:
        raise LastOwner


async def first_owner(work: Work) -> AccountId | None:
    """The oldest open account that owns the house."""
    found = await repository.owners(work.session, work.now)
    return AccountId(found[0]) if found else None


async def count_holders(work: Work) -> dict[str, int]:
    """How many accounts hold each role that anybody holds."""
    return await repository.count_holders(work.session)


async def identity_of(work: Work, account_id: AccountId) -> Identity:
    """Whom an account would stand for in a browser of its person. Raises `NoSuchAccount`."""
    row = await rows.account(work.session, account_id)
    if row is None:
        raise NoSuchAccount
    due = row.kind == "person" and await required.due(work, account_id, row.roles)
    held = await standing_rows.current(work.session, account_id, work.now)
    return Identity(
        account_id=account_id,
        roles=tuple(row.roles),
        via="session",
        session_key="",
        factor_due=due,
        waits=row.waits,
        limit=None if held is None else Limit(until=held.until, reason=held.reason),
    )


async def take_from_all(work: Work, role: str) -> int:
    """Nobody holds it any more. Asks nobody's leave. Returns how many did."""
    await repository.ask_no_factor(work.session, role)
    taken = await repository.take_from_all(work.session, role)
    await _look_again(work, [account_id for account_id, _ in taken])
    for account_id, left in taken:
        about = AccountId(account_id)
        await audit.record(work, "account.roles", about=about, before=[*left, role], after=left)
    return len(taken)


async def end_handed_out(work: Work, role: str) -> None:
    """What this role allows grew: a link that somebody may have kept would open it. Asks nobody's leave."""
    await repository.drop_handed_out(work.session, role)


async def ask_factor(work: Work, role: str, *, asked: bool) -> None:
    """Whether who holds it needs a second factor, from their next request on. Asks nobody's leave."""
    change = repository.ask_factor if asked else repository.ask_no_factor
    if await change(work.session, role):
        await _look_again(work, await repository.holders(work.session, role))


async def _look_again(work: Work, account_ids: Sequence[UUID]) -> None:
    keys = await repository.keys_of(work.session, account_ids, work.now)
    for first in range(0, len(keys), _AT_ONCE):
        await gate.look_again(work, list(keys[first : first + _AT_ONCE]))
