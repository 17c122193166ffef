"""What the house does across all rooms: erasing a person, and handing them everything it keeps about them.

Knows no table of any room: each room says itself what it exports and how it erases.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from matinee.entrypoints import copying, product
from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import AccountLeaving
from matinee.features.privacy.messages import MakeCopy
from matinee.infra.jobs.forget import forget
from matinee.infra.marks import Mark
from matinee.infra.room import Handler, Periodic, Room
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.message import Order

log = structlog.get_logger(__name__)
LOOK_AGAIN_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAccount(Order):
    """Erase the account that is leaving under this id. Never names the account: the order outlives it."""

    erasure_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FindLeavers(Order):
    """Look for erasures that should have begun."""


async def begin(work: Work, fact: AccountLeaving) -> None:
    """From the fact to the order that goes on until nothing is left."""
    leaving = await accounts.leaving(work, fact.erasure_id)
    if leaving is not None:
        work.send(EraseAccount(erasure_id=fact.erasure_id), at=leaving[2] if leaving[2] > work.now else None)


async def catch_up(work: Work, order: FindLeavers) -> None:
    """Order erasures anew whose order was lost, as with a backup that was restored."""
    for erasure_id in await accounts.overdue(work):
        work.send(EraseAccount(erasure_id=erasure_id))


async def erase(work: Work, order: EraseAccount) -> None:
    """Walk the rooms from the top row to the bottom, each until it holds nothing more, accounts last.

    Every batch is committed; begun again it finds what is left. Waits while jobs that name the account are still
    to be done, because they may write once more.
    """
    leaving = await accounts.leaving(work, order.erasure_id)
    if leaving is None:
        return
    account_id, email, leaves_at = leaving
    if leaves_at > work.now:  # came early
        work.send(order, at=leaves_at)
        return
    *upper, last = product.ROOMS
    for room in upper:
        await _erase_in(work, room, account_id)
        if work.job is not None and work.job.should_stop():
            work.send(order)  # another worker goes on
            return
    if left := await forget(work.session, [str(account_id), *([email] if email else [])]):
        log.info("erasure.waits", jobs=left)
        work.send(order, at=work.now + timedelta(seconds=LOOK_AGAIN_S))
        return
    await _erase_in(work, last, account_id)


async def _erase_in(work: Work, room: Room, account_id: AccountId) -> None:
    while room.erase is not None and not await room.erase(work, account_id):
        async with work.outside():
            pass  # a batch is done for good


ROOM = Room(
    name="house",
    handlers=(
        Handler(message=AccountLeaving, run=begin),
        Handler(message=FindLeavers, run=catch_up),
        Handler(message=EraseAccount, run=erase, lock=lambda order: f"erase:{order.erasure_id}", retries=20),
        # One at a time in the whole house: nobody waits for one, and it reads a lot.
        Handler(message=MakeCopy, run=copying.make, lock=lambda order: "copies", on_dead=copying.give_up),
    ),
    periodic=(Periodic(cron="51 * * * *", order=FindLeavers),),
    untold={
        "infra_bucket": "Keyed hashes of who asked how often, full again within minutes.",
        "infra_job_note": "Errors of jobs; about no person, and removed with one.",
        Mark.__tablename__: "About no person.",
        "infra_paused_lane": "About no person.",
        "infra_tally": "What happened in the last seconds, before its room notes it.",
        "infra_tally_cursor": "About no person.",
        "infra_worker": "About no person.",
    },
    retention="An erasure runs MATINEE_LEAVING_DAYS after a person left; nothing is kept of it.",
)
