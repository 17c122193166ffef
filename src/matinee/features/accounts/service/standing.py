"""Suspending and limiting accounts, until a moment or until somebody lifts it. What ends by itself needs no job.

A suspended account is shut out at once; a limited one may look around and keep itself. Their things stay.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from matinee.features.accounts import repository
from matinee.features.accounts.errors import Limited, NoSuchAccount
from matinee.features.accounts.models import AccountRow, RestrictionRow
from matinee.features.accounts.repository import factors as factor_rows
from matinee.features.accounts.repository import sessions as session_rows
from matinee.features.accounts.repository import standing as rows
from matinee.features.accounts.rules import standing as judged
from matinee.features.accounts.schemas import (
    Identity,
    Limit,
    OwnStanding,
    Restriction,
    RestrictionKind,
    Standing,
)
from matinee.features.accounts.service import audit, gate, holding, letters, looking, reach, sessions
from matinee.infra.work import Work
from matinee.kernel.errors import Invalid
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.words import is_blank

HISTORY_MOST = 100
REASON_MOST, NOTE_MOST = 500, 1000
LONGEST = timedelta(days=36_525)


async def restrict(
    work: Work,
    account_id: AccountId,
    kind: RestrictionKind,
    reason: str,
    until: datetime | None = None,
    note: str = "",
) -> None:
    """In place of what counts now. The same once more changes nothing. Who may decide about whom is asked in room
    `roles`. Raises `ProveAgain`, `NotYourself` and `LastOwner`."""
    row = await reach.lock(work, account_id)
    if is_blank(reason) or len(reason) > REASON_MOST:
        raise Invalid(
            f"Give a reason of at most {REASON_MOST} characters: its person reads it.", field="reason"
        )
    if len(note) > NOTE_MOST:
        raise Invalid(f"A note has at most {NOTE_MOST} characters.", field="note")
    if until is not None and until <= work.now:
        raise Invalid("This moment is over. Choose a later one.", field="until")
    if until is not None and until - work.now > LONGEST:
        raise Invalid("This is more than a hundred years away. Leave the end out.", field="until")
    await holding.stay_owned(work, row)
    before = await rows.current(work.session, account_id, work.now)
    if before is not None and (before.kind, before.reason, before.until, before.note) == (
        kind, reason, until, note,
    ):  # fmt: skip
        return
    await rows.lift(work.session, account_id, work.now)
    await rows.add(
        work.session,
        RestrictionRow(
            id=new_id(),
            account_id=account_id,
            kind=kind,
            reason=reason,
            note=note,
            since=work.now,
            until=until,
        ),
    )
    await audit.record(
        work,
        f"account.{kind}",
        about=account_id,
        words={"reason": reason},
        until=None if until is None else until.isoformat(timespec="minutes"),
    )
    if kind == "suspended":
        await factor_rows.drop_steps(work.session, account_id)
        await sessions.end_sessions(work, account_id)
    await looking.end_at(work, account_id)
    await _tell(work, row, "restricted")


async def lift(work: Work, account_id: AccountId) -> None:
    """The account may all that its roles grant again. Nothing to do where it may. Raises as `restrict` does."""
    row = await reach.lock(work, account_id)
    if await rows.current(work.session, account_id, work.now) is None:
        return
    await rows.lift(work.session, account_id, work.now)
    await audit.record(work, "account.restored", about=account_id)
    await _tell(work, row, "lifted")


async def standing(work: Work, account_id: AccountId) -> Standing:
    """What an account is held by, and was. Raises `NoSuchAccount`."""
    work.actor.require(reach.MANAGE)
    if await repository.account(work.session, account_id) is None:
        raise NoSuchAccount
    current = await rows.current(work.session, account_id, work.now)
    return Standing(
        now=None if current is None else _shown(current),
        history=[_shown(row) for row in await rows.all_of(work.session, account_id, HISTORY_MOST)],
    )


async def own_standing(work: Work, account_id: AccountId) -> OwnStanding | None:
    """As its person sees it; asks nobody's leave."""
    row = await rows.current(work.session, account_id, work.now)
    return None if row is None else OwnStanding.model_validate(row, from_attributes=True)


def limited(limit: Limit) -> Limited:
    """How a limited account is refused."""
    return judged.limited(limit.reason, limit.until)


async def with_reason(work: Work, identity: Identity) -> Identity:
    """An access token says that its account is limited, and until when; why is looked up."""
    if identity.limit is None or identity.limit.reason:
        return identity
    row = await rows.current(work.session, identity.account_id, work.now)
    return replace(identity, limit=None if row is None else Limit(until=row.until, reason=row.reason))


async def follow(work: Work, key: str | None) -> str | None:
    """The channel of the topic `me`: what the actor may has changed."""
    if key is not None or work.actor.account_id is None:
        return None
    return _channel(work.actor.account_id)


async def _tell(work: Work, row: AccountRow, kind: letters.StandingLetter) -> None:
    """The person by letter; sessions, tokens, sockets and open pages look again."""
    held = await session_rows.of(work.session, row.id, work.now)
    tokens = await repository.tokens(work.session, row.id, work.now)
    await gate.look_again(work, [one.id for one in held] + [one.id for one in tokens])
    await letters.tell(work, row, kind)
    work.signal(_channel(AccountId(row.id)))


def _channel(account_id: AccountId) -> str:
    return f"account:{account_id}"


def _shown(row: RestrictionRow) -> Restriction:
    return Restriction.model_validate(row, from_attributes=True)
