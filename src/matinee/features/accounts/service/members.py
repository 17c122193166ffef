"""Accounts themselves: made, changed, left and erased."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import (
    EmailTaken,
    LoginNameTaken,
    NoSuchAccount,
    ServiceAccount,
    WeakPassword,
)
from matinee.features.accounts.models import AccountRow
from matinee.features.accounts.repository import factors as factor_rows
from matinee.features.accounts.repository import sessions as session_rows
from matinee.features.accounts.repository import standing as standing_rows
from matinee.features.accounts.schemas import (
    Account,
    AccountKind,
    AccountName,
    AccountsSettings,
    StrengthInfo,
    Theme,
)
from matinee.features.accounts.service import (
    access,
    audit,
    chaining,
    gate,
    holding,
    letters,
    notices,
    passwords,
    proof,
    reach,
    sessions,
    throttle,
    totp,
)
from matinee.features.accounts.settings import PasswordSettings, RetentionSettings
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.network import network_of

SIGNUP_WINDOW_S = 3600
MEASURES_OF_A_NETWORK = 600
MEASURES_WINDOW_S = 600
CUTS_KEPT = timedelta(hours=1)


async def sign_up(
    work: Work, email: str, password: str, *, address: str, words: Sequence[str] = (), waits: bool = False
) -> Account:
    """An account for a stranger. Counts tries per network before it hashes."""
    await count_sign_up(work, address)
    return await create(work, email, password, words=words, waits=waits)


async def count_sign_up(work: Work, address: str) -> None:
    """Raises `SlowDown` when a network makes many."""
    key = rules.throttle_key("signup", network_of(address))
    most = work.settings(AccountsSettings).signups_per_hour
    await throttle.count(work, key, most=most, window_s=SIGNUP_WINDOW_S)


async def create(
    work: Work,
    email: str,
    password: str,
    roles: Sequence[str] = ("viewer", "creator"),
    *,
    words: Sequence[str] = (),
    verified: bool = False,
    waits: bool = False,
    made_up: bool = False,
) -> Account:
    """A new account, without asking whether the house takes any. Ends the transaction on the way, before anything
    of the account is written. `words` are more that the password must not be made of; `verified` where somebody
    proved to read the mail of this address; `waits` where somebody must let them in; `made_up` where the house made the
    password up. Raises `BadEmail`, `WeakPassword`, `LeakedPassword` and `EmailTaken`."""
    email = rules.normalise_email(email)
    roles = holding.check(roles)
    if await repository.by_login(work.session, email) is not None:
        raise EmailTaken(field="email")
    async with work.outside():
        hashed = await passwords.accept(
            work.settings(PasswordSettings), password, (*email.split("@"), *words)
        )
    account_id = AccountId(new_id())
    if not await repository.add_account(
        work.session,
        id=account_id,
        email=email,
        password_hash=hashed,
        roles=roles,
        now=work.now,
        email_verified_at=work.now if verified else None,
        waits=waits,
        password_made_up_at=work.now if made_up else None,
    ):
        raise EmailTaken(field="email")
    await audit.name(work, account_id)
    by = None if work.actor.is_system else account_id
    await audit.record(work, "account.made", about=account_id, by=by, roles=roles)
    return _account(await _row(work, account_id))


async def create_service(work: Work, roles: Sequence[str]) -> Account:
    """An account that a program has to itself: without address and password, so that nobody signs in with it, and by
    who manages accounts. What it may hold is asked in room `roles`. Raises `ProveAgain`."""
    work.actor.require(reach.MANAGE)
    proof.require(work)
    roles = holding.check(roles)
    account_id = AccountId(new_id())
    await repository.add_account(
        work.session,
        id=account_id,
        kind="service",
        email=None,
        password_hash=None,
        roles=roles,
        now=work.now,
    )
    await audit.name(work, account_id)
    await audit.record(work, "account.made", about=account_id, kind="service", roles=roles)
    return _account(await _row(work, account_id))


async def get(work: Work, account_id: AccountId, *, lock: bool = False) -> Account | None:
    """Any account, suspended ones too; asks nobody's leave. `lock`: it stays as it is until the transaction ends."""
    row = await repository.account(work.session, account_id, lock=lock)
    return _account(row) if row is not None else None


async def find(work: Work, login: str) -> Account | None:
    """By email or handle; asks nobody's leave."""
    row = await repository.by_login(work.session, rules.normalise_login(login))
    return _account(row) if row is not None else None


async def is_open(work: Work, account_id: AccountId) -> bool:
    """Whether somebody may act with it: it is there, let in, not shut, and not leaving."""
    row = await repository.account(work.session, account_id)
    if row is None or row.waits or row.erasure_id is not None:
        return False
    held = await standing_rows.current(work.session, account_id, work.now)
    return held is None or held.kind != "suspended"


async def waits(work: Work, account_id: AccountId) -> bool:
    """Whether it waits until an operator lets its person in."""
    return await repository.waits(work.session, account_id)


async def let_in(work: Work, account_id: AccountId) -> None:
    """Who waited may what their roles grant, from the next request on. Asks nobody's leave. Idempotent."""
    row = await _row(work, account_id)
    if row.waits:
        row.waits = False
        await _look_again(work, account_id)


async def names(work: Work, account_ids: Iterable[AccountId]) -> dict[AccountId, AccountName]:
    """Of the people among them, for operators; asks nobody's leave."""
    wanted = list(dict.fromkeys(account_ids))
    rows = await repository.several(work.session, wanted) if wanted else ()
    return {
        AccountId(row.id): AccountName(handle=row.login_name, email=row.email)
        for row in rows
        if row.email is not None
    }


async def set_login_name(work: Work, account_id: AccountId, name: str | None) -> None:
    """The name beside the email with which this account signs in: its handle. Raises `LoginNameTaken`."""
    if not await repository.set_login_name(
        work.session, account_id, None if name is None else rules.normalise_login(name)
    ):
        raise LoginNameTaken


async def set_shown_name(work: Work, account_id: AccountId, name: str) -> None:
    """The name that the directory shows and is searched by."""
    (await _row(work, account_id)).shown_name = name


async def set_theme(work: Work, theme: Theme) -> None:
    """The actor's own choice of light or dark."""
    (await _row(work, work.actor.owner())).theme = theme


async def change_password(work: Work, current: str, new: str, *, end_tokens: bool = False) -> None:
    """The actor's own, after proof; ends their other sessions. Tokens stay unless `end_tokens`."""
    await access.confirm(work, current, field="current")
    await replace_password(work, work.actor.owner(), new, field="new")
    kept = work.actor.session_key if work.actor.via == "session" else None
    await sessions.end_sessions(work, work.actor.owner(), but=kept)
    await repository.drop_letters(work.session, "reset", account_id=work.actor.owner())
    if end_tokens:
        await access.end_tokens(work, work.actor.owner())
    await audit.record(work, "password.changed", about=work.actor.owner())


async def set_password(work: Work, account_id: AccountId, new: str, *, made_up: bool = False) -> None:
    """Without the present one, for the house itself; ends every session. `made_up`: it lasts some days. Raises
    `ProveAgain`."""
    work.actor.require("accounts.manage")
    proof.require(work)
    await replace_password(work, account_id, new, field="password", made_up=made_up)
    await sessions.end_sessions(work, account_id)
    await repository.drop_letters(work.session, "reset", account_id=account_id)
    await audit.record(work, "password.set", about=account_id)


async def first_password_ends(work: Work, account_id: AccountId) -> datetime | None:
    """When the password that the house made up ends; None for one of its person's own. Asks nobody's leave."""
    row = await repository.account(work.session, account_id)
    days = work.settings(PasswordSettings).first_password_days
    return None if row is None else rules.first_password_ends(row.password_made_up_at, days)


async def strength(work: Work, password: str, words: Sequence[str], *, address: str) -> StrengthInfo:
    """How good a new password would be for the actor, or for a stranger who types `words` beside it. Raises
    `SlowDown`."""
    key = rules.throttle_key("strength", network_of(address))
    await throttle.count(work, key, most=MEASURES_OF_A_NETWORK, window_s=MEASURES_WINDOW_S)
    own = tuple(words)
    if work.actor.account_id is not None:
        row = await _row(work, work.actor.account_id)
        own += _words_of(row)
    async with work.outside():
        return await passwords.strength(work.settings(PasswordSettings), password, own)


async def prune(work: Work) -> None:
    """Remove what has ended: sessions, devices, letters, counters, keys, notices, tokens, halves of sign-ins, old
    entries of the audit log. Tell of tokens that end soon."""
    await notices.note_endings(work)
    await repository.prune(work.session, work.now)
    cuts = work.now - CUTS_KEPT
    forgotten = work.now - timedelta(days=work.settings(RetentionSettings).notice_days)
    await session_rows.prune(work.session, work.now, cuts=cuts, notices=forgotten)
    await standing_rows.prune(work.session, forgotten)
    await factor_rows.prune(work.session, work.now, drafts=work.now - totp.DRAFT_LIFE)
    await chaining.shorten(work)
    await chaining.link(work)


async def erase(work: Work, account_id: AccountId) -> bool:
    """Remove the account with its sessions, tokens, devices, factors and letters, and the key of its pseudonym: what
    the audit log says about it stays and leads to nobody. Every other room must have erased before."""
    row = await repository.account(work.session, account_id)
    if row is not None:
        called = [name for name in (row.email, row.login_name) if name is not None]
        await repository.drop_letters_to(work.session, called)
        await audit.record(work, "account.erased", about=account_id)
    await repository.delete_account(work.session, account_id)
    return True


async def replace_password(
    work: Work, account_id: AccountId, new: str, *, field: str, made_up: bool = False
) -> None:
    """Without proof and without ending sessions; the owner is told. Whoever knew the old one may have asked for another
    address: that wish ends. Ends the transaction on the way. Raises `ServiceAccount`, and `WeakPassword` also for the
    one that the house made up, which would end no more."""
    row = await _row(work, account_id)
    if row.kind == "service":
        raise ServiceAccount
    words, settings = _words_of(row), work.settings(PasswordSettings)
    first = row.password_hash if row.password_made_up_at is not None else None
    async with work.outside():
        if first is not None and (await passwords.verify(settings, first, new))[0]:
            raise WeakPassword(
                "This one was made up for you and stood on a screen. Choose another.", field=field
            )
        hashed = await passwords.accept(settings, new, words, field=field)
    row = await _row(work, account_id)
    await sessions.require_living(work)
    row.password_hash = hashed
    row.password_made_up_at = work.now if made_up else None
    await factor_rows.drop_steps(work.session, account_id)
    await repository.drop_letters(work.session, "verify", account_id=account_id, but_to=row.email)
    await letters.tell(work, row, "changed")


async def _look_again(work: Work, account_id: AccountId) -> None:
    held = await session_rows.of(work.session, account_id, work.now)
    await gate.look_again(work, [one.id for one in held] + await _token_ids(work, account_id))


def _words_of(row: AccountRow) -> tuple[str, ...]:
    """What a password must not be made of."""
    return (*(row.email or "").split("@"), row.login_name or "")


async def _token_ids(work: Work, account_id: AccountId) -> list[UUID]:
    return [token.id for token in await repository.tokens(work.session, account_id, work.now)]


async def _row(work: Work, account_id: AccountId) -> AccountRow:
    row = await repository.account(work.session, account_id, lock=True)
    if row is None:
        raise NoSuchAccount
    return row


def _account(row: AccountRow) -> Account:
    return Account(
        id=AccountId(row.id),
        kind=cast(AccountKind, row.kind),
        email=row.email,
        roles=row.roles,
        theme=cast(Theme, row.theme),
        created_at=row.created_at,
        email_verified_at=row.email_verified_at,
        seen_at=row.seen_at,
    )
