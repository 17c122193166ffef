"""The verbs of privacy: the only door for other rooms. Never reads what a copy holds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import get_args
from uuid import UUID

import structlog
from prometheus_client import Gauge

from matinee.features.accounts import service as accounts
from matinee.features.files import service as files
from matinee.features.privacy import repository
from matinee.features.privacy.errors import CopiesOften, CopyNotFound, CopyUnderWay
from matinee.features.privacy.messages import MakeCopy
from matinee.features.privacy.models import CopyRow
from matinee.features.privacy.schemas import Copies, Copy, CopyOrder, CopyState, StoredCopy
from matinee.features.privacy.settings import PrivacySettings
from matinee.infra import telemetry
from matinee.infra.room import Told
from matinee.infra.work import Work
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId, new_id

log = structlog.get_logger(__name__)
DAY = timedelta(days=1)
SHOWN_FOR = timedelta(days=30)
"""How long an ended one stands in its person's list."""
COPIES = Gauge("matinee_copies", "Copies of people's data, by state.", ["state"], registry=telemetry.REGISTRY)
_NAME = "copy.zip"
READ = "privacy.read"
"""The permission that everybody holds."""

TOLD = (
    Told(
        file="copies.ndjson",
        about="Copies like this one that you asked for in the last month.",
        tables=("privacy_copy",),
        fields={
            "state": "How far it came: waiting, making, ready, failed or over.",
            "films": "Whether it was to hold your films.",
            "size_bytes": "How large it became.",
            "asked_at": "When you asked for it.",
            "ready_at": "When it could be fetched.",
            "ends_at": "Until when.",
        },
    ),
)


async def ask(work: Work, *, films: bool) -> Copy:
    """A copy of everything about the actor. Raises `ProveAgain`, `CopyUnderWay` and `CopiesOften`."""
    accounts.require_proof(work)
    account_id = work.actor.owner()
    lately = await repository.asked_since(work.session, account_id, work.now - DAY)
    if len(lately) >= (most := work.settings(PrivacySettings).copies_per_day):
        free_at = lately[-most] + DAY
        raise CopiesOften(retry_after_s=max(1, round((free_at - work.now).total_seconds())))
    copy_id = new_id()
    if not await repository.add(
        work.session,
        id=copy_id,
        account_id=account_id,
        state="waiting",
        films=films,
        tree_id=files.new_tree(),
        asked_at=work.now,
    ):
        raise CopyUnderWay
    work.send(MakeCopy(copy_id=copy_id))
    await accounts.audit.record(work, "copy.asked", about=account_id, films=films)
    return _copy(await _row(work, copy_id))


async def own(work: Work) -> Copies:
    """The actor's own, newest first."""
    knobs = work.settings(PrivacySettings)
    rows = await repository.of(work.session, work.actor.owner())
    return Copies(items=[_copy(row) for row in rows], days=knobs.copy_days, per_day=knobs.copies_per_day)


async def fetch(work: Work, copy_id: UUID) -> StoredCopy:
    """Where the bytes of a copy of the actor are. Raises `ProveAgain` and `CopyNotFound`."""
    accounts.require_proof(work)
    row = await _row(work, copy_id)
    if row.account_id != work.actor.owner() or row.state != "ready" or row.size_bytes is None:
        raise CopyNotFound
    if row.ends_at is None or row.ends_at <= work.now:
        raise CopyNotFound
    key, filename = _key(row), f"matinee-{row.ready_at:%Y-%m-%d}.zip"
    async with work.outside():
        try:
            return StoredCopy(await work.storage.stat(key), filename)
        except NotFound:
            raise CopyNotFound from None


async def drop(work: Work, copy_id: UUID) -> None:
    """Of the actor: not to be made any more, or its bytes to go. Still counts among those of a day. Idempotent. Raises
    `CopyNotFound`."""
    row = await repository.get(work.session, copy_id, lock=True)
    if row is None or row.account_id != work.actor.owner():
        raise CopyNotFound
    if row.state not in ("waiting", "making", "ready"):
        return
    await files.drop_tree(work, files.TreeId(row.tree_id))
    row.state = "over"
    await accounts.audit.record(work, "copy.dropped", about=work.actor.owner())


async def is_wanted(work: Work, copy_id: UUID) -> bool:
    """Whether somebody still waits for it."""
    row = await repository.get(work.session, copy_id)
    return row is not None and row.state == "making"


async def note_fetched(work: Work) -> None:
    """The actor takes a copy away."""
    await accounts.audit.record(work, "copy.fetched", about=work.actor.owner())


async def begin(work: Work, copy_id: UUID) -> CopyOrder | None:
    """For who makes it; None when there is nothing to make any more."""
    row = await repository.get(work.session, copy_id, lock=True)
    if row is None or row.state not in ("waiting", "making"):
        return None
    row.state = "making"
    most = work.settings(PrivacySettings).copy_most_bytes
    return CopyOrder(AccountId(row.account_id), row.films, _part(copy_id), _key(row), most)


async def finish(work: Work, copy_id: UUID, size_bytes: int) -> bool:
    """All bytes are there. False when nobody wants them any more: then they are the caller's to remove."""
    row = await repository.get(work.session, copy_id, lock=True)
    if row is None or row.state != "making":
        return False
    tree_id = files.TreeId(row.tree_id)
    await files.open_tree(work, AccountId(row.account_id), "copy", f"copy:{copy_id}", tree_id)
    await files.note_tree_bytes(work, tree_id, size_bytes)
    row.state, row.size_bytes, row.ready_at = "ready", size_bytes, work.now
    row.ends_at = work.now + timedelta(days=work.settings(PrivacySettings).copy_days)
    await accounts.tell_copy(work, AccountId(row.account_id))
    seconds = round((work.now - row.asked_at).total_seconds(), 1)
    work.after_commit(lambda: log.info("copy.ready", size_bytes=size_bytes, seconds=seconds))
    return True


async def fail(work: Work, copy_id: UUID) -> None:
    """It cannot be made. Idempotent."""
    row = await repository.get(work.session, copy_id, lock=True)
    if row is not None and row.state in ("waiting", "making"):
        row.state = "failed"
        work.after_commit(lambda: log.error("copy.failed"))
    async with work.outside():
        await work.storage.discard(_part(copy_id))


async def end(work: Work) -> None:
    """Remove the bytes of copies whose days are over, and later the memory of them."""
    for row in await repository.over(work.session, work.now):
        await files.drop_tree(work, files.TreeId(row.tree_id))
        row.state = "over"
    await work.session.flush()
    await repository.forget(work.session, work.now - SHOWN_FOR)


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, dict[str, object]]]:
    """The copies that were asked for."""
    for row in await repository.of(work.session, account_id):
        yield "copies.ndjson", _copy(row).model_dump(mode="json", exclude={"id"})


async def erase(work: Work, account_id: AccountId) -> bool:
    """Copies, ready or half made."""
    rows = await repository.of(work.session, account_id)
    parts = [_part(row.id) for row in rows]
    for row in rows:
        await files.drop_tree(work, files.TreeId(row.tree_id))
    await repository.remove(work.session, account_id)
    async with work.outside():
        for part in parts:
            await work.storage.discard(part)
    return True


async def refresh_metrics(work: Work) -> None:
    found = await repository.by_state(work.session)
    for state in get_args(CopyState):
        COPIES.labels(state).set(found.get(state, 0))


async def _row(work: Work, copy_id: UUID) -> CopyRow:
    row = await repository.get(work.session, copy_id)
    if row is None:
        raise CopyNotFound
    return row


def _part(copy_id: UUID) -> str:
    """No upload's name, so that no sweep takes it for the rest of one."""
    return f"copy-{copy_id}"


def _key(row: CopyRow) -> str:
    return files.tree_key(files.TreeId(row.tree_id), _NAME)


def _copy(row: CopyRow) -> Copy:
    return Copy.model_validate(row, from_attributes=True)
