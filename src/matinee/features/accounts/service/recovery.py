"""Ways back into an account and proofs of an address: by links that work once, from letters or from the operator."""

from datetime import timedelta
from uuid import UUID

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import (
    EmailTaken,
    LetterFirst,
    LinkOver,
    NoLetters,
    NoSuchAccount,
    ServiceAccount,
)
from matinee.features.accounts.models import AccountRow, LetterRow
from matinee.features.accounts.schemas import Account, HandedOut, JoinLetter
from matinee.features.accounts.service import (
    access,
    audit,
    guessing,
    letters,
    members,
    notices,
    reach,
    sessions,
    throttle,
)
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.network import network_of

ASKS_OF_A_NETWORK = 20
ASKS_FOR_ONE = 5
ASKS_WINDOW_S = 3600
LINKS_OF_A_NETWORK = 60
LINKS_WINDOW_S = 600
HANDED_OUT_LIFE = timedelta(days=1)


async def ask_reset(work: Work, login: str, *, address: str) -> None:
    """A letter with a link, if anybody is called so. Whether anybody is decides a job, later: here every name costs
    the same. Raises `NoLetters` and `SlowDown`."""
    login = rules.normalise_login(login)
    await _count_ask(work, login, address)
    await letters.ask(work, "reset", login[: rules.EMAIL_MOST])


async def reset(
    work: Work, secret: str, new: str, *, address: str, agent: str = "", end_tokens: bool = False
) -> None:
    """Another password for whom the link was made; every session ends. Where it was chosen it signs in, also while
    strangers guess. Raises `LinkOver` and `WeakPassword`."""
    link = await _link(work, ("reset",), secret, address)
    letter_id, account_id, sent_to = link.id, _account_id(link), link.address
    await members.replace_password(work, account_id, new, field="password")
    await _take(work, letter_id)
    account = await _account(work, account_id)
    if account.erasure_id is not None:
        raise LinkOver
    if sent_to and sent_to == account.email:
        account.email_verified_at = account.email_verified_at or work.now
    await guessing.begin_anew(work, account_id, address=address, agent=agent)
    await audit.record(work, "password.reset", about=account_id, by=account_id, letter=bool(sent_to))
    if end_tokens:
        await access.end_tokens(work, account_id)
    await sessions.end_sessions(work, account_id)


async def ask_join(work: Work, email: str, *, address: str) -> UUID:
    """A letter to somebody who wants an account, or who has one already: the answer is the same. Returns the letter's
    id. Raises `BadEmail`, `NoLetters` and `SlowDown`."""
    email = rules.normalise_email(email)
    await members.count_sign_up(work, address)
    await _count_ask(work, email, address)
    return await letters.ask(work, "join", email)


async def join_letter(work: Work, secret: str, *, address: str) -> JoinLetter:
    """What the link of a letter stands for; it still works afterwards. Raises `LinkOver`."""
    link = await _link(work, ("join", "invite"), secret, address)
    return JoinLetter(id=link.id, email=link.address, by_operator=link.kind == "invite")


async def join(
    work: Work, letter: JoinLetter, password: str, *, words: tuple[str, ...] = (), waits: bool = False
) -> Account:
    """The account for which a letter went out, its address proven. Raises `LinkOver`, `EmailTaken` and
    `WeakPassword`."""
    account = await members.create(work, letter.email, password, words=words, verified=True, waits=waits)
    await _take(work, letter.id)
    return account


async def sign_up(
    work: Work,
    email: str,
    password: str,
    *,
    address: str,
    words: tuple[str, ...] = (),
    waits: bool = False,
) -> Account:
    """An account at once, where no letter can go first. Raises `LetterFirst` where one can."""
    if work.mailer.can_send:
        raise LetterFirst(field="email")
    return await members.sign_up(work, email, password, address=address, words=words, waits=waits)


async def ask_verification(work: Work) -> None:
    """One more letter to the address that the actor has, or wants. Nothing where it is proven. Raises `NoLetters`
    and `SlowDown`."""
    account = await _account(work, work.actor.owner())
    wanted = await wanted_email(work, AccountId(account.id))
    if wanted is None and account.email_verified_at is not None:
        return
    await _count_ask(work, str(account.id), None)
    if (to := wanted or account.email) is None:
        raise ServiceAccount
    await _send_verification(work, account, to)


async def change_email(work: Work, email: str, password: str) -> None:
    """Another address for the actor, after proof: once it is confirmed, or at once where the house sends no letters.
    The present address is told. Raises `BadEmail`, `WrongPassword`, and `EmailTaken` without letters alone."""
    email = rules.normalise_email(email)
    await access.confirm(work, password, field="password")
    account = await _account(work, work.actor.owner())
    await sessions.require_living(work)
    await repository.drop_letters(work.session, "verify", account_id=account.id)
    if email == account.email:
        return
    if not work.mailer.can_send:
        if not await repository.set_email(work.session, account.id, email, None):
            raise EmailTaken(field="email")
        await repository.drop_letters(work.session, "reset", account_id=account.id)
        await _note_email(work, "email.changed", account.id, email)
        return
    await _count_ask(work, str(account.id), None)
    await letters.tell(work, account, "moved")
    await _send_verification(work, account, email)
    await _note_email(work, "email.asked", account.id, email)


async def verify(work: Work, secret: str, *, address: str) -> None:
    """The address that the link went to is the account's, from now on; the former one is told. Raises `LinkOver` and
    `EmailTaken`."""
    link = await _link(work, ("verify",), secret, address)
    account = await _account(work, _account_id(link))
    former = account.email
    await _take(work, link.id)
    if not await repository.set_email(work.session, account.id, link.address, work.now):
        raise EmailTaken
    await repository.drop_letters(work.session, "reset", account_id=account.id)
    if former is not None and former != link.address and work.mailer.can_send:
        await letters.ask(work, "replaced", former, account.id)
    await _note_email(work, "email.proven", account.id, link.address)


async def wanted_email(work: Work, account_id: AccountId) -> str | None:
    """The address that waits to be confirmed in place of the present one."""
    account = await repository.account(work.session, account_id)
    rows = await repository.letters_of(work.session, account_id, work.now)
    asked = [row.address for row in rows if row.kind == "verify"]
    return asked[-1] if account is not None and asked and asked[-1] != account.email else None


async def hand_out(work: Work, account_id: AccountId, kind: HandedOut) -> str:
    """A link that the operator gives to somebody: valid for a day, shown this once. It replaces the one before, and its
    person hears of one that opens the account. Raises `ServiceAccount`, and what `reach.lock` does."""
    account = await reach.lock(work, account_id)
    if account.email is None:
        raise ServiceAccount
    await repository.drop_letters(work.session, kind, account_id=account_id)
    row = letters.new_row(work, kind, account.email if kind == "verify" else "", account_id)
    if kind == "reset":
        await notices.note_operator(work, account_id, "link_handed_out")
    return await _hand_out(work, row)


async def invite(work: Work, email: str) -> str:
    """A link that makes an account with this address, also where the house takes none otherwise. Raises `BadEmail`
    and `EmailTaken`."""
    work.actor.require("accounts.manage")
    email = rules.normalise_email(email)
    if await repository.by_login(work.session, email) is not None:
        raise EmailTaken
    await repository.drop_letters_to(work.session, [email], kind="invite")
    return await _hand_out(work, letters.new_row(work, "invite", email, None))


async def _hand_out(work: Work, row: LetterRow) -> str:
    link = letters.seal(work, row, HANDED_OUT_LIFE)
    await repository.add_letter(work.session, row)
    about = None if row.account_id is None else AccountId(row.account_id)
    await audit.record(work, "link.handed_out", about=about, kind=row.kind)
    return link


async def _note_email(work: Work, act: str, account_id: UUID, email: str) -> None:
    owner = AccountId(account_id)
    await audit.record(work, act, about=owner, by=owner, words={"email": email})


async def _send_verification(work: Work, account: AccountRow, email: str) -> None:
    await repository.drop_letters(work.session, "verify", account_id=account.id)
    await letters.ask(work, "verify", email, account.id)


async def _count_ask(work: Work, whom: str, address: str | None) -> None:
    """Raises `NoLetters` and `SlowDown`. The letters of one name are counted for each network, so that a stranger
    cannot use them up."""
    if not work.mailer.can_send:
        raise NoLetters
    network = network_of(address) if address is not None else ""
    if network:
        key = rules.throttle_key("letters-network", network)
        await throttle.count(work, key, most=ASKS_OF_A_NETWORK, window_s=ASKS_WINDOW_S)
    key = rules.throttle_key("letters-to", whom, network)
    await throttle.count(work, key, most=ASKS_FOR_ONE, window_s=ASKS_WINDOW_S)


async def _link(work: Work, kinds: tuple[letters.Kind, ...], secret: str, address: str) -> LetterRow:
    """Counts what may be a guess."""
    key = rules.throttle_key("link", network_of(address))
    await throttle.count(work, key, most=LINKS_OF_A_NETWORK, window_s=LINKS_WINDOW_S)
    row = await repository.letter_by_secret(work.session, kinds, rules.digest(secret), work.now)
    if row is None:
        async with work.outside():
            pass  # the count stands although the request fails
        raise LinkOver
    return row


async def _take(work: Work, letter_id: UUID) -> None:
    """A link works once, however many use it at the same moment."""
    if not await repository.take_letter(work.session, letter_id):
        raise LinkOver


def _account_id(link: LetterRow) -> AccountId:
    assert link.account_id is not None
    return AccountId(link.account_id)


async def _account(work: Work, account_id: AccountId) -> AccountRow:
    row = await repository.account(work.session, account_id, lock=True)
    if row is None:
        raise NoSuchAccount
    return row
