"""Signing in with more than a password, or without one: the step after a right password, and a passkey alone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import PasskeyRefused, TicketOver, WrongCode
from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.rules import digest, may_enter, throttle_key
from matinee.features.accounts.schemas import (
    PASSKEY_COOKIE,
    TICKET_COOKIE,
    FactorGiven,
    FactorKind,
    PasskeyOptions,
    SecondStep,
)
from matinee.features.accounts.service import factors, notices, passkeys, refusals, sessions, steps, throttle
from matinee.features.accounts.service.sessions import SignedIn
from matinee.infra.cookies import Cookie
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId
from matinee.kernel.network import network_of

TRIES = 5
"""Of one sign-in; then it begins again with the password."""
BEGINNINGS_OF_A_NETWORK = 600
BEGINNINGS_WINDOW_S = 600

STEP_OVER = (
    Cookie(name=TICKET_COOKIE, value="", max_age_s=0),
    Cookie(name=PASSKEY_COOKIE, value="", max_age_s=0),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in whose password was right. It opens nothing by itself."""

    asked: SecondStep
    secret: str

    def cookies(self) -> tuple[Cookie, ...]:
        return (Cookie(name=TICKET_COOKIE, value=self.secret, max_age_s=steps.LIFE_S),)


async def begin(work: Work, account_id: AccountId, kinds: list[FactorKind]) -> Ticket:
    """For an account whose password was shown just now."""
    secret = steps.new_secret()
    await steps.begin(work, "ticket", secret, account_id=account_id)
    return Ticket(SecondStep(factors=kinds, expires_in_s=steps.LIFE_S), secret)


async def second_options(work: Work, ticket: str | None) -> PasskeyOptions:
    """To show a passkey of the account whose password was right. Raises `TicketOver`."""
    row = await repository.step(work.session, "ticket", digest(ticket), work.now) if ticket else None
    if ticket is None or row is None:
        raise TicketOver
    return await passkeys.options(work, "second", ticket, account_id=row.account_id, verified=False)


async def finish(
    work: Work, ticket: str | None, given: FactorGiven, *, address: str, agent: str = ""
) -> SignedIn:
    """A session for a right factor after a right password, once. Raises `TicketOver`, `WrongCode`, `PasskeyRefused`,
    `ChallengeOver` and `SlowDown`."""
    bound_to = digest(ticket or "")
    tried = await repository.try_step(work.session, "ticket", bound_to, work.now, TRIES)
    async with work.outside():
        pass  # the try counts although the request fails
    if tried is None or ticket is None:
        raise TicketOver
    account_id, tries = tried
    if given.credential is not None:
        await factors.check_passkey(
            work, "second", ticket, given.credential, account_id=account_id, address=address, agent=agent
        )
        proof = "password and passkey"
    else:
        try:
            await factors.check_code(work, account_id, given.code or "", address=address, agent=agent)
        except WrongCode:
            if tries >= TRIES:
                await notices.note_once_a_day(work, account_id, "codes_guessed", address=address, agent=agent)
            raise
        proof = "password and code"
    if await repository.take_step_of(work.session, "ticket", bound_to, work.now) is None:
        raise TicketOver
    await _check_open(work, account_id, address)
    return await sessions.open_session(work, AccountId(account_id), address=address, agent=agent, proof=proof)


async def alone_options(work: Work, *, address: str) -> tuple[PasskeyOptions, Cookie]:
    """To sign in with a passkey and nothing else: any that the browser holds. The cookie binds the challenge to it."""
    key = throttle_key("passkey", network_of(address))
    await throttle.count(work, key, most=BEGINNINGS_OF_A_NETWORK, window_s=BEGINNINGS_WINDOW_S)
    secret = steps.new_secret()
    options = await passkeys.options(work, "alone", secret, account_id=None, verified=True)
    return options, Cookie(name=PASSKEY_COOKIE, value=secret, max_age_s=steps.LIFE_S)


async def alone(
    work: Work, bound_to: str | None, credential: dict[str, Any], *, address: str, agent: str = ""
) -> SignedIn:
    """A session for who shows a passkey and is known to its device. Raises `ChallengeOver` and `PasskeyRefused`."""
    account_id = await factors.check_passkey(
        work, "alone", bound_to, credential, account_id=None, address=address, agent=agent
    )
    await _check_open(work, account_id, address)
    return await sessions.open_session(
        work, AccountId(account_id), address=address, agent=agent, proof="passkey"
    )


async def _check_open(work: Work, account_id: UUID, address: str) -> None:
    account = await accounts.account(work.session, account_id, lock=True)
    if account is None or not may_enter(account.erasure_id, account.leaves_at, work.now, to_stay=True):
        raise PasskeyRefused
    await refusals.unless_suspended(work, account_id, address=address)
