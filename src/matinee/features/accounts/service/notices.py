"""What owners should know about signing in: shown on their page, and written to them where the house has mail."""

import contextlib
from datetime import timedelta
from typing import Literal
from uuid import UUID

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import SlowDown
from matinee.features.accounts.messages import TellOwner
from matinee.features.accounts.models import AccountRow, NoticeRow
from matinee.features.accounts.repository import roles, standing
from matinee.features.accounts.repository import sessions as repository
from matinee.features.accounts.rules import places, throttle_key
from matinee.features.accounts.schemas import NoticeKind
from matinee.features.accounts.service import letter_words, signing, throttle
from matinee.features.accounts.settings import RetentionSettings
from matinee.infra.mail.writing import write
from matinee.infra.work import Work
from matinee.kernel.ids import new_id
from matinee.kernel.settings import HouseSettings

DAY_S = 86_400
SEEN_EXACT_TO = timedelta(days=1)
PLACE_LETTERS_EVERY_S = 3600
END_TOLD = timedelta(days=7)
"""How long before its end the owner of a program's token is told."""


async def note(work: Work, account_id: UUID, kind: NoticeKind, *, address: str, agent: str) -> None:
    """Something happened to the account; by whom is kept as a device and a place."""
    await _add(work, account_id, kind, places.device_of(agent), place(work, account_id, address))


async def note_once_a_day(
    work: Work, account_id: UUID, kind: NoticeKind, *, address: str, agent: str
) -> None:
    """As `note`, but further ones of a day say nothing new. It stands although the request fails."""
    with contextlib.suppress(SlowDown):
        await throttle.count(work, throttle_key(kind, str(account_id)), most=1, window_s=DAY_S)
        await note(work, account_id, kind, address=address, agent=agent)
        async with work.outside():
            pass


async def note_unless_noted(
    work: Work, account_id: UUID, kind: NoticeKind, *, address: str, agent: str
) -> None:
    """As `note`, but not while one of the kind is kept."""
    if not await repository.has_notice(work.session, account_id, kind):
        await note(work, account_id, kind, address=address, agent=agent)


async def note_own(work: Work, kind: NoticeKind) -> None:
    """The actor did it, in the session of this request."""
    account_id, key = work.actor.owner(), work.actor.session_key
    found = await repository.living(work.session, UUID(key), work.now) if key else None
    if found is not None:
        await _add(work, account_id, kind, found[0].device, found[0].place)


async def note_operator(work: Work, account_id: UUID, kind: NoticeKind, *, id: UUID | None = None) -> None:
    """Who runs the house did it. `id` is that of the look which the notice is about."""
    await _add(work, account_id, kind, "The operator of this house", "", id=id)


async def note_endings(work: Work) -> None:
    """Owners of programs' tokens that end within a week are told, once each. Of a service's, which nobody reads for,
    the owners of the house are."""
    ending = await accounts.take_ending_tokens(work.session, work.now, END_TOLD)
    found = await accounts.several(work.session, [account_id for account_id, _, _ in ending])
    services = {row.id: row.login_name for row in found if row.kind == "service"}
    owners = await roles.owners(work.session, work.now) if services else ()
    for account_id, name, ends_at in ending:
        when = f"on {ends_at:%d %B %Y at %H:%M} UTC"
        if account_id not in services:
            await _add(work, account_id, "token_ends", name, when)
            continue
        for owner in owners:
            await _add(work, owner, "token_ends", name, f"of @{services[account_id]}, {when}")


async def note_where(work: Work, account: AccountRow, *, address: str, agent: str) -> None:
    """Somebody signs in: told where this device and this place were not seen together lately. Not of the first sign-in
    of a new account, which has nothing to compare with."""
    if not address:  # the house itself opened it
        return
    since = work.now - timedelta(days=work.settings(RetentionSettings).notice_days)
    by_link = _mark(work, account.id, address, agent, "link")
    known = await standing.seen(work.session, account.id, since) - {by_link}
    mark = _mark(work, account.id, address, agent)
    await standing.see(work.session, account.id, mark, work.now)
    if mark in known or (not known and account.created_at >= since):
        return
    where = places.device_of(agent), place(work, account.id, address)
    await _add(work, account.id, "new_place", *where, letter=await _may_write(work, account.id))


async def is_known(work: Work, account_id: UUID, *, address: str, agent: str) -> bool:
    """Whether this device was signed in from this network lately, or used a link there that the owner alone has."""
    since = work.now - timedelta(days=work.settings(RetentionSettings).notice_days)
    marks = {_mark(work, account_id, address, agent, what) for what in ("seen", "link")}
    return not marks.isdisjoint(await standing.seen(work.session, account_id, since))


async def note_link(work: Work, account_id: UUID, *, address: str, agent: str) -> None:
    """Somebody chose a password by a link. Their sign-in, which follows, is told of all the same."""
    await standing.see(work.session, account_id, _mark(work, account_id, address, agent, "link"), work.now)


async def still_there(work: Work, account_id: UUID, *, address: str, agent: str) -> None:
    """Somebody stays signed in: where they once signed in is remembered on. A place where they did not is no better
    known by it, as a session may be stolen."""
    mark = _mark(work, account_id, address, agent)
    await standing.see_again(work.session, account_id, mark, work.now, stale=work.now - SEEN_EXACT_TO)


def _mark(
    work: Work, account_id: UUID, address: str, agent: str, what: Literal["seen", "link"] = "seen"
) -> bytes:
    key = signing.secret_of(work.works.settings, f"{what} of {account_id}")
    return places.mark_of(places.device_of(agent), places.place_of(address, key), key)


async def _may_write(work: Work, account_id: UUID) -> bool:
    key = throttle_key("letters-new-place", str(account_id))
    try:
        await throttle.count(work, key, most=1, window_s=PLACE_LETTERS_EVERY_S)
    except SlowDown:
        return False
    return True


async def _add(
    work: Work,
    account_id: UUID,
    kind: NoticeKind,
    device: str,
    place: str,
    *,
    id: UUID | None = None,
    letter: bool = True,
) -> None:
    row = NoticeRow(
        id=id or new_id(), account_id=account_id, kind=kind, device=device, place=place, at=work.now
    )
    await repository.add_notice(work.session, row)
    if letter:
        work.send(TellOwner(notice_id=row.id))


def place(work: Work, account_id: UUID | None, address: str) -> str:
    """Comparable within a month, for one account."""
    purpose = f"places of {account_id} in {work.now:%Y-%m}"
    return places.place_of(address, signing.secret_of(work.works.settings, purpose))


async def tell_owner(work: Work, notice_id: UUID) -> None:
    """Nothing to do where the house has no mail or the account no address, the notice is gone, or its letter has left.
    Raises `Unavailable` and `LetterRefused`."""
    found = await repository.notice(work.session, notice_id)
    if found is None or found[0].told_at is not None or not work.mailer.can_send:
        return
    notice, email = found
    if email is None:
        return
    address = work.settings(HouseSettings).address
    known = [word for word in (notice.device, notice.place) if word]
    if notice.kind != "token_ends":
        known.append(f"{notice.at:%d %B %Y at %H:%M} UTC")
    look = await standing.look(work.session, notice.id) if notice.kind == "looked_at" else None
    words = letter_words.notice(
        notice.kind,
        f"{', '.join(known)}.",
        f"{address}/settings",
        reason=None if look is None else look.reason,
    )
    letter = write(words, id=notice.id, to=email, house="Matinee", address=address)
    async with work.outside():
        await work.mailer.send(letter)
    if (again := await repository.notice(work.session, notice_id)) is not None:
        again[0].told_at = work.now
