"""An account as operators see it: with what it keeps, and accounts of services. Never a secret."""

from collections.abc import Sequence

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import LookedUp
from matinee.features.files import service as files
from matinee.features.people.schemas import PersonPage, Quota
from matinee.features.people.service import profiles
from matinee.features.roles import service as roles
from matinee.features.roles.errors import AboveYou
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId


async def look_up(work: Work, account_id: AccountId) -> PersonPage:
    """Written down as `accounts.look_up` does. Raises `NoSuchAccount`."""
    return await _page(work, await accounts.look_up(work, account_id))


async def create_service(work: Work, handle: str, title: str, held: Sequence[str]) -> PersonPage:
    """It holds what its maker may give. Raises what `accounts.create_service`, `roles.check_new` and `create` do."""
    await roles.check_new(work, held)
    account = await accounts.create_service(work, held)
    await profiles.create(work, account.id, handle, title)
    return await _page(work, await accounts.page_of(work, account.id))


async def _page(work: Work, found: LookedUp) -> PersonPage:
    quota, above = None, None
    try:
        await roles.check_not_above(work, found.id)
    except AboveYou as error:
        above = error.detail
    if work.actor.may("accounts.manage"):
        usage = await files.usage(work, found.id)
        quota = Quota(used_bytes=usage.used_bytes, limit_bytes=usage.limit_bytes)
        found.closed = above or found.closed
    look = (
        work.actor.may(accounts.LOOK)
        and above is None
        and found.kind == "person"
        and found.state in ("open", "limited")
        and found.id != work.actor.account_id
    )
    return PersonPage(**found.model_dump(), quota=quota, look=look)
