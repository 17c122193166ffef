"""What the house does across all rooms: erasing a person, and handing them everything it keeps about them.

Knows no table of any room: each room says itself what it exports and how it erases.
"""

import asyncio
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

import structlog

from matinee.entrypoints import product
from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import AccountLeaving
from matinee.infra.jobs.forget import forget
from matinee.infra.room import Handler, Room
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.message import Order

log = structlog.get_logger(__name__)
LOOK_AGAIN_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAccount(Order):
    """Erase the account that is leaving under this id. Never names the account: the order outlives it."""

    erasure_id: UUID


async def begin(work: Work, fact: AccountLeaving) -> None:
    """From the fact to the order that goes on until nothing is left."""
    work.send(EraseAccount(erasure_id=fact.erasure_id))


async def erase(work: Work, order: EraseAccount) -> None:
    """Walk the rooms from the top row to the bottom, each until it holds nothing more, accounts last.

    Every batch is committed; begun again it finds what is left. Waits while jobs that name the account are still
    to be done, because they may write once more.
    """
    leaving = await accounts.leaving(work, order.erasure_id)
    if leaving is None:
        return
    account_id = leaving.id
    *upper, last = product.ROOMS
    for room in upper:
        await _erase_in(work, room, account_id)
        if work.job is not None and work.job.should_stop():
            work.send(order)  # another worker goes on
            return
    if left := await forget(work.session, [str(account_id), leaving.email]):
        log.info("erasure.waits", jobs=left)
        work.send(order, at=work.now + timedelta(seconds=LOOK_AGAIN_S))
        return
    await _erase_in(work, last, account_id)


async def _erase_in(work: Work, room: Room, account_id: AccountId) -> None:
    while room.erase is not None and not await room.erase(work, account_id):
        async with work.outside():
            pass  # a batch is done for good


async def build_export(work: Work, account_id: AccountId) -> IO[bytes]:
    """An open file without a name, at its start. The caller closes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for room in product.ROOMS:
                if room.export is None:
                    continue
                async for name, data in room.export(work, account_id):
                    await asyncio.to_thread(_add, archive, f"{room.name}/{name}", data, work.now)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _add(archive: zipfile.ZipFile, name: str, data: bytes, now: datetime) -> None:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


ROOM = Room(
    name="house",
    router="matinee.entrypoints.api.export",
    handlers=(
        Handler(message=AccountLeaving, run=begin),
        Handler(message=EraseAccount, run=erase, lock=lambda order: f"erase:{order.erasure_id}", retries=20),
    ),
    retention="An erasure runs within minutes of a person's leaving; nothing is kept of it.",
)
