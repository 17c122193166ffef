"""Reading the audit log: one's own entries, or all of them for whoever may."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from matinee.features.accounts import repository as rows
from matinee.features.accounts import rules
from matinee.features.accounts.repository import audit as repository
from matinee.features.accounts.repository.audit import Entry
from matinee.features.accounts.schemas import AuditEntry, AuditPerson, OwnAct
from matinee.features.accounts.service import audit, reach
from matinee.infra.work import Work
from matinee.kernel.actor import Via
from matinee.kernel.ids import AccountId
from matinee.kernel.page import Page, decode_cursor, encode_cursor

READ = "accounts.audit"
Who = Literal["you", "operator", "house", "nobody"]


async def own_acts(work: Work, *, cursor: str | None = None, limit: int = 20) -> Page[OwnAct]:
    """What the actor did, and what others did with their account, newest first."""
    return await acts_of(work, work.actor.owner(), cursor=cursor, limit=limit)


async def acts_of(
    work: Work, account_id: AccountId, *, cursor: str | None = None, limit: int = 20
) -> Page[OwnAct]:
    """As that person sees it; asks nobody's leave."""
    pseudonym, key = (await audit.pseudonyms(work, [account_id]))[account_id]
    before = None if cursor is None else decode_cursor(cursor)
    found = await repository.entries(work.session, of=pseudonym, before=before, limit=limit + 1)
    items = [_own(row, pseudonym, key) for row in found[:limit]]
    return Page(items=items, next_cursor=_next(found, limit))


async def audit_log(
    work: Work,
    *,
    act: str | None = None,
    person: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AuditEntry]:
    """All entries, newest first. `act` in full, or `thing.` for all about a thing; `person` by handle, email or
    pseudonym. Addresses are for who manages accounts: others find nobody by one, and do not read them."""
    work.actor.require(READ)
    if person is not None and "@" in person.strip()[1:]:
        work.actor.require(reach.MANAGE)
    manages = work.actor.may(reach.MANAGE)
    of = None
    if person is not None:
        of = await _pseudonym(work, person)
        if of is None:
            return Page(items=[])
    before = None if cursor is None else decode_cursor(cursor)
    found = await repository.entries(
        work.session, of=of, act=act, since=since, until=until, before=before, limit=limit + 1
    )
    shown = found[:limit]
    ids = {one for row in shown for one in (row.by_id, row.about_id) if one is not None}
    persons = await repository.persons(work.session, ids) if ids else {}
    return Page(
        items=[_entry(row, persons, addresses=manages) for row in shown], next_cursor=_next(found, limit)
    )


async def last_backup_at(work: Work) -> datetime | None:
    """When one was begun last, as far as the log reaches. Asks nobody's leave."""
    return await repository.last_backup_at(work.session)


async def _pseudonym(work: Work, person: str) -> UUID | None:
    try:
        return UUID(person)
    except ValueError:
        row = await rows.by_login(work.session, rules.normalise_login(person))
    if row is None:
        return None
    account_id = AccountId(row.id)
    return (await audit.pseudonyms(work, [account_id]))[account_id][0]


def _next(found: Sequence[Entry], limit: int) -> str | None:
    return encode_cursor(found[limit - 1].at, found[limit - 1].id) if len(found) > limit else None


def _own(row: Entry, pseudonym: UUID, key: bytes) -> OwnAct:
    others = row.about_id is not None and row.about_id != pseudonym
    who: Who = "nobody"
    if row.by_id is not None:
        who = "you" if row.by_id == pseudonym else "operator"
    elif row.via == "system":
        who = "house"
    words = None if others else audit.opened(row.sealed, key)
    return OwnAct(id=row.id, at=row.at, act=row.act, who=who, facts=_facts_for(row, who), words=words or {})


def _facts_for(row: Entry, who: Who) -> dict[str, str | int | bool | list[str]]:
    """An operator's device and place are the operator's own."""
    private = ("device", "place") if who == "operator" else ()
    return {name: value for name, value in row.facts.items() if name not in private}


def _entry(row: Entry, persons: dict[UUID, tuple[str | None, bytes]], *, addresses: bool) -> AuditEntry:
    owner = persons.get(row.about_id or row.by_id)
    words = None if row.sealed is None or owner is None else audit.opened(row.sealed, owner[1])
    if words is not None and not addresses:
        words.pop("email", None)
    return AuditEntry(
        id=row.id,
        seq=row.seq,
        at=row.at,
        act=row.act,
        by=_person(row.by_id, persons),
        via=cast(Via, row.via),
        about=_person(row.about_id, persons),
        facts=row.facts,
        words=words,
    )


def _person(pseudonym: UUID | None, persons: dict[UUID, tuple[str | None, bytes]]) -> AuditPerson | None:
    if pseudonym is None:
        return None
    return AuditPerson(pseudonym=pseudonym, handle=persons[pseudonym][0] if pseudonym in persons else None)
