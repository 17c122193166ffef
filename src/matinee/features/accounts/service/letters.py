"""Letters about accounts: asked for in a request, written in a job, which alone knows the secret of their link.

A request does the same for every address: whether an account has it is found out later, by the job.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import NoAddressYet, NoLetters, SlowDown
from matinee.features.accounts.messages import WriteLetter
from matinee.features.accounts.models import AccountRow, LetterRow, RestrictionRow
from matinee.features.accounts.repository import standing
from matinee.features.accounts.service import audit, letter_words, proof, throttle
from matinee.infra.mail.port import LetterRefused
from matinee.infra.mail.trial import trial
from matinee.infra.mail.writing import Words, write
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.settings import HouseSettings

log = structlog.get_logger(__name__)
StandingLetter = Literal["restricted", "lifted"]
Kind = (
    Literal[
        "reset",
        "verify",
        "join",
        "invite",
        "changed",
        "moved",
        "replaced",
        "token",
        "copy",
        "leaving",
        "admitted",
        "refused",
    ]
    | StandingLetter
)
LIFE: dict[Kind, timedelta] = {
    "reset": timedelta(minutes=30),
    "verify": timedelta(days=2),
    "join": timedelta(days=2),
    "invite": timedelta(days=1),
    "changed": timedelta(days=2),
    "moved": timedelta(days=2),
    "replaced": timedelta(days=2),
    "token": timedelta(days=2),
    "copy": timedelta(days=2),
    "leaving": timedelta(days=2),
    "admitted": timedelta(days=2),
    "refused": timedelta(days=2),
    "restricted": timedelta(days=2),
    "lifted": timedelta(days=2),
}
PAGES = {"reset": "reset-password", "verify": "confirm-address", "join": "join", "invite": "join"}
TO_ONE_ACCOUNT = 5
WINDOW_S = 3600


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to be said to whom. Without `keep` the row is of no use once the letter is gone."""

    to: str
    words: Words
    keep: bool = False


async def ask(work: Work, kind: Kind, address: str, account_id: UUID | None = None) -> UUID:
    """Order a letter; nothing is looked up. Returns its id."""
    row = new_row(work, kind, address, account_id)
    await repository.add_letter(work.session, row)
    work.send(WriteLetter(letter_id=row.id))
    return row.id


async def tell(
    work: Work,
    account: AccountRow,
    kind: Literal["changed", "moved", "token", "copy", "leaving", "admitted", "refused"] | StandingLetter,
) -> None:
    """Let the owner know, where the house sends letters and the owner has an address."""
    if work.mailer.can_send and account.email is not None:
        await ask(work, kind, account.email, account.id)


async def tell_copy(work: Work, account_id: AccountId) -> None:
    """A copy of everything about the account can be fetched."""
    account = await repository.account(work.session, account_id)
    if account is not None:
        await tell(work, account, "copy")


async def tell_verdict(work: Work, account_id: AccountId, *, admitted: bool) -> None:
    """An operator decided on the request that made the account."""
    account = await repository.account(work.session, account_id)
    if account is not None:
        await tell(work, account, "admitted" if admitted else "refused")


async def send_trial(work: Work) -> None:
    """A letter to the actor's own address, at once, to see whether letters leave. Raises `ProveAgain`, `NoLetters`,
    `NoAddressYet`, `SlowDown`, and what the carrier says: `Unavailable` or `LetterRefused`."""
    proof.require(work)
    account = await repository.account(work.session, work.actor.owner())
    if not work.mailer.can_send:
        raise NoLetters("This house sends no letters yet: set MATINEE_MAIL, and start it again.")
    if account is None or account.email is None or rules.is_stand_in(account.email):
        raise NoAddressYet
    to = account.email
    key = rules.throttle_key("trial-letter", str(account.id))
    await throttle.count(work, key, most=TO_ONE_ACCOUNT, window_s=WINDOW_S)
    async with work.outside():
        await work.mailer.send(trial(to, work.settings(HouseSettings).address))
    await audit.record(work, "mail.tried")


def new_row(work: Work, kind: Kind, address: str, account_id: UUID | None) -> LetterRow:
    return LetterRow(
        id=new_id(),
        kind=kind,
        account_id=account_id,
        address=address,
        created_at=work.now,
        expires_at=work.now + LIFE[kind],
    )


def seal(work: Work, row: LetterRow, life: timedelta) -> str:
    """The address of the page that the link leads to. The secret stands behind the #, which browsers send nobody."""
    secret = rules.new_secret()
    row.secret_hash, row.expires_at = rules.digest(secret), work.now + life
    return f"{work.settings(HouseSettings).address}/{PAGES[row.kind]}#{secret}"


async def write_letter(work: Work, letter_id: UUID) -> None:
    """Send a letter that was asked for; nothing where nobody is to get it. Every try has a link and a Message-ID of
    its own: the links of earlier tries are over."""
    row = await repository.letter(work.session, letter_id, work.now)
    draft = None if row is None else await _draft(work, row, work.now)
    if draft is None:
        await repository.take_letter(work.session, letter_id)
        return
    address = work.settings(HouseSettings).address
    async with work.outside():
        try:
            await work.mailer.send(
                write(draft.words, id=new_id(), to=draft.to, house="Matinee", address=address)
            )
        except LetterRefused as error:
            log.warning("letter.refused", letter_id=str(letter_id), why=error.detail)
    if not draft.keep:
        await repository.take_letter(work.session, letter_id)


async def _draft(work: Work, row: LetterRow, now: datetime) -> _Draft | None:
    if row.kind == "join":
        return await _join(work, row)
    account = await _account(work, row)
    if account is None or account.email is None:
        return None
    held = await standing.current(work.session, account.id, now)
    if row.kind in ("restricted", "lifted"):
        return _of_standing(work, row, account, held)
    if held is not None and held.kind == "suspended":
        return None
    if row.kind == "leaving":
        until = account.leaves_at
        words = None if until is None else letter_words.leaving(until, _page(work, "sign-in"))
        return None if words is None else _Draft(row.address, words)
    if account.erasure_id is not None:
        return None
    if row.kind == "changed":
        return _Draft(row.address, letter_words.changed(account.login_name, _page(work, "forgot-password")))
    if row.kind == "moved":
        return _Draft(row.address, letter_words.moved(account.login_name, _page(work, "settings")))
    if row.kind == "replaced":
        return _Draft(row.address, letter_words.replaced(account.login_name))
    if row.kind == "token":
        return _Draft(row.address, letter_words.token_made(account.login_name, _page(work, "settings")))
    if row.kind == "copy":
        return _Draft(row.address, letter_words.copy_ready(account.login_name, _page(work, "settings")))
    if row.kind in ("admitted", "refused"):
        said = letter_words.admitted if row.kind == "admitted" else letter_words.refused
        return _Draft(row.address, said(account.login_name, _page(work, "sign-in")))
    if row.kind == "verify":
        return await _verify(work, row, account)
    if not await _may_write(work, "letters", str(account.id)):
        return None
    await repository.drop_letters(work.session, "reset", account_id=account.id, but=row.id)
    row.account_id, row.address = account.id, account.email
    link = seal(work, row, LIFE["reset"])
    return _Draft(account.email, letter_words.reset(account.login_name, link), keep=True)


def _of_standing(
    work: Work, row: LetterRow, account: AccountRow, held: RestrictionRow | None
) -> _Draft | None:
    """As it is by now: what was lifted meanwhile is told no more."""
    if row.kind == "lifted":
        words = letter_words.lifted(account.login_name, _page(work, "sign-in"))
        return _Draft(row.address, words) if held is None else None
    if held is None:
        return None
    say = letter_words.suspended if held.kind == "suspended" else letter_words.limited
    address = work.settings(HouseSettings).address
    return _Draft(row.address, say(account.login_name, held.reason, held.until, address))


async def _account(work: Work, row: LetterRow) -> AccountRow | None:
    if row.account_id is not None:
        return await repository.account(work.session, row.account_id, lock=True)
    found = await repository.by_login(work.session, row.address)
    return None if found is None else await repository.account(work.session, found.id, lock=True)


async def _join(work: Work, row: LetterRow) -> _Draft | None:
    if not await _may_write(work, "letters-join", row.address):
        return None
    taken = await repository.by_login(work.session, row.address)
    if taken is not None:
        return _Draft(row.address, letter_words.taken(_page(work, "sign-in"), _page(work, "forgot-password")))
    await repository.drop_letters_to(work.session, [row.address], kind="join", but=row.id)
    return _Draft(row.address, letter_words.join(seal(work, row, LIFE["join"])), keep=True)


async def _verify(work: Work, row: LetterRow, account: AccountRow) -> _Draft:
    other = await repository.by_login(work.session, row.address)
    if other is not None and other.id != account.id:
        words = letter_words.taken(_page(work, "sign-in"), _page(work, "forgot-password"))
        return _Draft(
            row.address, words, keep=True
        )  # the wish stays in sight, as one for a free address does
    link = seal(work, row, LIFE["verify"])
    return _Draft(row.address, letter_words.verify(account.login_name, row.address, link), keep=True)


async def _may_write(work: Work, about: str, whom: str) -> bool:
    """False beyond a few letters an hour, from however many networks they are asked for. Whoever asked is not told."""
    if work.job is not None and work.job.attempt > 1:
        return True
    key = rules.throttle_key(about, whom)
    try:
        await throttle.count(work, key, most=TO_ONE_ACCOUNT, window_s=WINDOW_S)
    except SlowDown:
        return False
    return True


def _page(work: Work, name: str) -> str:
    return f"{work.settings(HouseSettings).address}/{name}"
