"""Refused sign-ins in the audit log: the first of a window at once, the others counted and told when it is over.

So an attack of hundreds a second leaves a few entries for each account, and one in ten minutes for all names that
nobody has. Never decides whether a sign-in is refused.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal
from uuid import UUID

from matinee.features.accounts.repository import audit as repository
from matinee.features.accounts.repository import standing as standing_rows
from matinee.features.accounts.rules import standing
from matinee.features.accounts.service import audit, notices
from matinee.infra.tally import Tally
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

TALLY = "accounts.refused"
WINDOW = timedelta(minutes=10)
ACCOUNTS_MOST = 200
"""Accounts with entries of their own in one window; tries at more go into one count."""
_NOBODY = UUID(int=0)
Why = Literal["credentials", "suspended", "first password", "confirmation", "code", "passkey"]


async def note(work: Work, account_id: UUID | None, why: Why, *, address: str = "") -> None:
    """A try was refused: this stands although the request fails. The same work for an account and for nobody."""
    place = notices.place(work, account_id, address)
    work.tally(TALLY, account_id or _NOBODY, why=why, place=place)
    async with work.outside():
        pass


async def unless_suspended(work: Work, account_id: UUID, *, address: str) -> None:
    """Asked once somebody has proved to own the account. Raises `Suspended`, which says why and until when."""
    held = await standing_rows.current(work.session, account_id, work.now)
    if held is not None and held.kind == "suspended":
        refusal = standing.suspended(held.reason, held.until)
        await note(work, account_id, "suspended", address=address)
        raise refusal


async def count(work: Work, tallies: Sequence[Tally]) -> None:
    """Take a batch into account."""
    ids = {AccountId(one.subject_id) for one in tallies if one.subject_id != _NOBODY}
    known = await audit.pseudonyms(work, sorted(ids))
    accounts = {pseudonym: account_id for account_id, (pseudonym, _) in known.items()}
    batch: dict[UUID, list[Tally]] = defaultdict(list)
    counted = await repository.refusals(work.session)
    for one in tallies:
        pseudonym = known[AccountId(one.subject_id)][0] if one.subject_id in known else _NOBODY
        full = len(counted.keys() | batch.keys()) >= ACCOUNTS_MOST
        batch[_NOBODY if full and pseudonym not in counted and pseudonym not in batch else pseudonym].append(
            one
        )
    for pseudonym, tries in batch.items():
        if pseudonym in counted:
            counted[pseudonym].tries += len(tries)
            continue
        await repository.add_refusal(work.session, pseudonym, work.now)
        await audit.record(
            work,
            "session.refused",
            about=accounts.get(pseudonym),
            tries=len(tries),
            reasons={one.data["why"] for one in tries},
            places={one.data["place"] for one in tries} if pseudonym in accounts else None,
        )


async def sum_up(work: Work, *, all_of_them: bool = False) -> None:
    """Write down what was only counted in windows that are over."""
    counted = await repository.refusals(work.session)
    over = [row for row in counted.values() if all_of_them or work.now - row.since >= WINDOW]
    names = await repository.accounts_of(work.session, [row.id for row in over if row.tries])
    for row in over:
        if row.tries:
            about = names.get(row.id)
            await audit.record(
                work,
                "session.refused",
                about=None if about is None else AccountId(about),
                tries=row.tries,
                since=row.since.isoformat(timespec="seconds"),
            )
    await repository.delete_refusals(work.session, [row.id for row in over])
