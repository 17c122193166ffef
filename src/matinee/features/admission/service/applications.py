"""Requests to be let in: an account that waits, what its person wrote, and what operators decide."""

from datetime import timedelta
from typing import Any, Literal, cast

from matinee.features.accounts import service as accounts
from matinee.features.admission import repository
from matinee.features.admission.errors import NoSuchApplication, TooManyWaiting
from matinee.features.admission.messages import AccountAdmitted
from matinee.features.admission.models import ApplicationRow
from matinee.features.admission.schemas import Admission, Applicant, Application
from matinee.features.admission.service import policy
from matinee.features.admission.settings import AdmissionSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.page import Page, decode_cursor, encode_cursor

State = Literal["waiting", "refused"]
REFUSED_KEPT = timedelta(days=7)
ERASED_AT_ONCE = 100


async def check_room(work: Work) -> None:
    """Raises `TooManyWaiting`."""
    if await repository.count_waiting(work.session) >= work.settings(AdmissionSettings).signup_waiting_most:
        raise TooManyWaiting


async def add(work: Work, account_id: AccountId, admission: Admission) -> None:
    """The account that was made just now waits. Raises `TooManyWaiting`."""
    await repository.lock(work.session, "applications")
    await check_room(work)
    await repository.add_application(
        work.session,
        account_id=account_id,
        question=admission.question,
        answer=admission.answer,
        asked_at=work.now,
    )
    await accounts.audit.record(work, "application.made", about=account_id, by=account_id)


async def own(work: Work) -> Application:
    """The actor's. Raises `NoSuchApplication`."""
    row = await repository.application(work.session, work.actor.owner())
    if row is None:
        raise NoSuchApplication
    return told(row)


async def withdraw(work: Work) -> None:
    """The actor wants in no more: the account is erased at once. Raises `NoSuchApplication`."""
    account_id = work.actor.owner()
    if await repository.application(work.session, account_id, lock=True) is None:
        raise NoSuchApplication
    await accounts.audit.record(work, "application.withdrawn", about=account_id)
    await _end(work, account_id)


async def queue(work: Work, state: State, *, cursor: str | None, limit: int) -> Page[Applicant]:
    """For operators, oldest first."""
    work.actor.require(policy.MANAGE)
    after = decode_cursor(cursor) if cursor else None
    found = await repository.applications(work.session, state, after=after, most=limit + 1)
    rows = found[:limit]
    names = await accounts.names(work, [AccountId(row.account_id) for row in rows])
    items = [
        Applicant(
            **_values(row),
            account_id=row.account_id,
            handle=names[AccountId(row.account_id)].handle,
            email=names[AccountId(row.account_id)].email,
        )
        for row in rows
        if row.account_id in names
    ]
    more = encode_cursor(rows[-1].asked_at, rows[-1].account_id) if len(found) > limit else None
    return Page(items=items, next_cursor=more)


async def approve(work: Work, account_id: AccountId) -> None:
    """Let somebody in, also who was refused and is not erased yet. Raises `NoSuchApplication`."""
    work.actor.require(policy.MANAGE)
    if await repository.application(work.session, account_id, lock=True) is None:
        raise NoSuchApplication
    await repository.delete_application(work.session, account_id)
    await accounts.let_in(work, account_id)
    await accounts.tell_verdict(work, account_id, admitted=True)
    await accounts.audit.record(work, "application.approved", about=account_id)
    work.send(AccountAdmitted(account_id=account_id))


async def refuse(work: Work, account_id: AccountId, reason: str) -> None:
    """They read `reason` when they sign in, for a week. Raises `NoSuchApplication`."""
    work.actor.require(policy.MANAGE)
    row = await repository.application(work.session, account_id, lock=True)
    if row is None or row.state != "waiting":
        raise NoSuchApplication
    row.state, row.reason, row.decided_at = "refused", reason, work.now
    await accounts.tell_verdict(work, account_id, admitted=False)
    await accounts.audit.record(work, "application.refused", about=account_id, words={"reason": reason})


async def erase_refused(work: Work) -> None:
    """Those whose week is over."""
    before = work.now - REFUSED_KEPT
    for account_id in await repository.refused_before(work.session, before, ERASED_AT_ONCE):
        await _end(work, AccountId(account_id))


async def _end(work: Work, account_id: AccountId) -> None:
    await repository.delete_application(work.session, account_id)
    await accounts.dismiss(work, account_id)


def told(row: ApplicationRow) -> Application:
    return Application(**_values(row))


def _values(row: ApplicationRow) -> dict[str, Any]:
    erased_at = None if row.decided_at is None else row.decided_at + REFUSED_KEPT
    return {
        "state": cast(State, row.state),
        "question": row.question,
        "answer": row.answer,
        "asked_at": row.asked_at,
        "decided_at": row.decided_at,
        "reason": row.reason,
        "erased_at": erased_at,
    }
