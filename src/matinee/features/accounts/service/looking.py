"""Looking at the house through somebody's eyes: an operator's session sees what they see, and they read why.

The session's access token says whose eyes; it is cut when the look ends, as it is for everything else. Never opens what
keeps the other account safe.
"""

from datetime import timedelta
from uuid import UUID

from matinee.features.accounts import repository
from matinee.features.accounts.errors import NoSuchAccount, NotYourself, ServiceAccount
from matinee.features.accounts.models import LookRow
from matinee.features.accounts.repository import standing as rows
from matinee.features.accounts.schemas import LookInfo
from matinee.features.accounts.service import audit, gate, notices, proof, sessions
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id

LOOK = "accounts.look"
STOP = "accounts.stop_looking"
LIFE = timedelta(minutes=15)


async def begin(work: Work, account_id: AccountId, reason: str) -> LookInfo:
    """From the next request on, for 15 minutes at most. Who may look as whom is asked in room `roles`. Raises
    `ProveAgain`, `BrowserOnly`, `NotYourself`, `ServiceAccount` where nobody is there to be told, and `NoSuchAccount`
    also for one that is closed."""
    work.actor.require(LOOK)
    proof.require(work)
    if work.actor.account_id == account_id:
        raise NotYourself
    row = await repository.account(work.session, account_id, lock=True)
    held = await rows.current(work.session, account_id, work.now)
    if row is None or row.waits or row.erasure_id is not None:
        raise NoSuchAccount
    if held is not None and held.kind == "suspended":
        raise NoSuchAccount
    if row.kind == "service":
        raise ServiceAccount
    await sessions.require_living(work)
    key = UUID(work.actor.session_key)
    await stop(work)
    look = LookRow(
        id=new_id(),
        session_id=key,
        by_id=work.actor.owner(),
        about_id=account_id,
        reason=reason,
        since=work.now,
        until=work.now + LIFE,
    )
    await rows.add_look(work.session, look)
    minutes = round(LIFE.total_seconds() / 60)
    await audit.record(work, "look.begun", about=account_id, words={"reason": reason}, minutes=minutes)
    await notices.note_operator(work, account_id, "looked_at", id=look.id)
    await gate.look_again(work, [key])
    return LookInfo(until=look.until)


async def stop(work: Work) -> None:
    """The session of this request sees as its own person again. Nothing to do where it does."""
    if work.actor.via != "session" or work.actor.session_key is None:
        return
    look = await rows.look_of(work.session, UUID(work.actor.session_key), work.now)
    if look is not None:
        await _end(work, look)


async def end_at(work: Work, account_id: AccountId) -> None:
    """Nobody looks through the eyes of this account any more; asks nobody's leave."""
    for look in await rows.looks_at(work.session, account_id, work.now):
        await _end(work, look)


async def until(work: Work) -> LookInfo | None:
    """How long the session of this request looks yet."""
    if work.actor.behind is None or work.actor.session_key is None:
        return None
    look = await rows.look_of(work.session, UUID(work.actor.session_key), work.now)
    return None if look is None else LookInfo(until=look.until)


async def _end(work: Work, look: LookRow) -> None:
    look.ended_at = work.now
    await audit.record(work, "look.ended", about=AccountId(look.about_id), by=work.actor.behind)
    await gate.look_again(work, [look.session_id])
