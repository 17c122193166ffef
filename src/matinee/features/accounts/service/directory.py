"""The directory of accounts, for who runs the house. Looking at somebody is written down. Never changes an account."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import NoSuchAccount, NotYourself
from matinee.features.accounts.models import AccountRow, RestrictionRow
from matinee.features.accounts.repository import directory as repository
from matinee.features.accounts.repository import standing
from matinee.features.accounts.rules import searching
from matinee.features.accounts.schemas import (
    AccountKind,
    AccountState,
    DirectoryOrder,
    FactorKind,
    Listed,
    LookedUp,
    OwnStanding,
)
from matinee.features.accounts.service import access, audit, reach, sessions
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import Page, decode_cursor, encode_cursor

READ = "accounts.read"
LOOKS_APART = timedelta(hours=1)


async def directory(
    work: Work,
    *,
    query: str | None = None,
    role: str | None = None,
    state: AccountState | None = None,
    factor: bool | None = None,
    kind: AccountKind | None = None,
    order: DirectoryOrder = "joined",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Listed]:
    """Newest first, or last seen first. `query` is the beginning of a handle, of words of a name, or of an address.
    Addresses, factors and visits are for who manages accounts, and to search by an address is written down."""
    work.actor.require(READ)
    meant = searching.read(query) if query and query.strip() else searching.Search()
    if meant.address is not None or factor is not None or order == "seen":
        work.actor.require(reach.MANAGE)
    wanted = repository.Filter(
        handle=meant.handle,
        names=meant.names,
        address=meant.address,
        role=role,
        state=state,
        factor=factor,
        kind=kind,
    )
    before = None if cursor is None else decode_cursor(cursor)
    rows = await repository.page(
        work.session, wanted, by_last=order == "seen", before=before, limit=limit + 1, now=work.now
    )
    if meant.address is not None and cursor is None:
        found = AccountId(rows[0][0].id) if len(rows) == 1 else None
        await audit.record(work, "account.searched", about=found, found=len(rows[:limit]))
    page = Page[Listed](items=await _listed(work, rows[:limit]))
    if len(rows) > limit:
        last, _ = rows[limit - 1]
        at = (last.seen_at or last.created_at) if order == "seen" else last.created_at
        page.next_cursor = encode_cursor(at, last.id)
    return page


async def look_up(work: Work, account_id: AccountId) -> LookedUp:
    """One account; that it was looked at is written down once an hour. Whether it is above the actor is asked in room
    `roles`. Raises `NoSuchAccount`."""
    work.actor.require(READ)
    found = await page_of(work, account_id)
    await _note(work, account_id)
    return found


async def page_of(work: Work, account_id: AccountId) -> LookedUp:
    """For who just made the account: asks nobody's leave, and writes nothing down. Raises `NoSuchAccount`."""
    row = await accounts.account(work.session, account_id)
    if row is None:
        raise NoSuchAccount
    pseudonym = (await audit.pseudonyms(work, [account_id]))[account_id][0]
    held = await standing.current(work.session, account_id, work.now)
    (listed,) = await _listed(work, [(row, held)])
    manages = work.actor.may(reach.MANAGE)
    own = account_id == work.actor.account_id
    return LookedUp(
        **listed.model_dump(),
        email_verified_at=row.email_verified_at if manages else None,
        leaves_at=row.leaves_at,
        closed=_CLOSED if not manages else NotYourself.sentence if own else None,
        pseudonym=pseudonym if manages else None,
        sessions=await sessions.sessions_of(work, account_id) if manages else None,
        tokens=await access.tokens_of(work, account_id) if manages else None,
    )


_CLOSED = f"Your roles do not hold the permission “{reach.MANAGE}”."


async def _note(work: Work, account_id: AccountId) -> None:
    actor = work.actor
    pseudonyms = await audit.pseudonyms(work, [account_id, *([actor.account_id] if actor.account_id else [])])
    about = pseudonyms[account_id][0]
    by = pseudonyms[actor.account_id][0] if actor.account_id is not None else None
    since = work.now - LOOKS_APART
    if by != about and not await repository.looked_up(
        work.session, "account.seen", by=by, about=about, since=since
    ):
        await audit.record(work, "account.seen", about=account_id)


async def _listed(work: Work, rows: Sequence[tuple[AccountRow, RestrictionRow | None]]) -> list[Listed]:
    manages = work.actor.may(reach.MANAGE)
    factors = await repository.factors(work.session, [row.id for row, _ in rows]) if manages and rows else {}
    return [
        Listed(
            id=AccountId(row.id),
            kind=cast(AccountKind, row.kind),
            handle=row.login_name,
            display_name=row.shown_name,
            email=row.email if manages else None,
            roles=row.roles,
            state=_state(row, held),
            standing=_standing(held) if manages else None,
            factors=cast(list[FactorKind], factors.get(row.id, [])) if manages else None,
            created_at=row.created_at,
            seen_at=row.seen_at if manages else None,
        )
        for row, held in rows
    ]


def _state(row: AccountRow, held: RestrictionRow | None) -> AccountState:
    """The one that shuts most; the filters of the list say the same."""
    if row.erasure_id is not None:
        return "leaving"
    if held is not None and held.kind == "suspended":
        return "suspended"
    if row.waits:
        return "waiting"
    return "open" if held is None else "limited"


def _standing(held: RestrictionRow | None) -> OwnStanding | None:
    return None if held is None else OwnStanding.model_validate(held, from_attributes=True)
