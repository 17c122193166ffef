"""Signing in and out, and the tokens of programs: from a secret to the account that it stands for."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import (
    BrowserOnly,
    FactorNeeded,
    FirstPasswordOver,
    NoSuchToken,
    NotAService,
    TokenTooLong,
    TooManyTokens,
    WrongCredentials,
    WrongPassword,
)
from matinee.features.accounts.models import RestrictionRow
from matinee.features.accounts.repository import directory
from matinee.features.accounts.schemas import (
    SCOPES,
    Identity,
    Limit,
    NewToken,
    TokenInfo,
    TokenList,
    TokenScope,
    TokenVia,
)
from matinee.features.accounts.service import (
    audit,
    factors,
    gate,
    guessing,
    letters,
    notices,
    passwords,
    proof,
    reach,
    refusals,
    required,
    second_step,
    sessions,
    throttle,
)
from matinee.features.accounts.service.second_step import Ticket
from matinee.features.accounts.service.sessions import SignedIn
from matinee.features.accounts.settings import PasswordSettings, TokenSettings
from matinee.infra.work import Work
from matinee.kernel.actor import Actor
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.network import network_of

TABLES = ("accounts_token", "accounts_device")
"""What programs and devices may act with."""
TRIES = 10
TRIES_OF_A_NETWORK = 100
TRIES_WINDOW_S = 300
TOKENS_MOST = 100
TOKEN_USE_EXACT_TO = timedelta(minutes=1)


async def authenticate(work: Work, token: str) -> Identity | None:
    """Whom a program's token stands for; None when it was revoked, or its account is closed."""
    if not rules.may_be_token(token):
        return None
    access = await repository.token_access(work.session, rules.digest(token), work.now)
    if access is None:
        return None
    if access.used_at is None or work.now - access.used_at >= TOKEN_USE_EXACT_TO:
        await repository.touch_token(work.session, access.key, work.now)
        await directory.seen(work.session, access.account_id, work.now)
    return await _identity(
        work,
        access.account_id,
        access.kind,
        access.roles,
        access.key,
        access.scopes,
        access.limit,
        waits=access.waits,
    )


async def again(work: Work, actor: Actor) -> Identity | None:
    """Whom the session or token of `actor` stands for by now; None when it has ended."""
    if actor.account_id is None or actor.session_key is None:
        return None
    if actor.via == "session":
        return await sessions.renewed_identity(work, actor.session_key)
    key = UUID(actor.session_key)
    rights = await repository.token_rights(work.session, key, work.now)
    if rights is None:
        return None
    kind, roles, scopes, limit = rights
    waits = await repository.waits(work.session, actor.account_id)
    return await _identity(work, actor.account_id, kind, roles, key, scopes, limit, waits=waits)


async def sign_in(
    work: Work, login: str, password: str, *, address: str, agent: str = ""
) -> SignedIn | Ticket:
    """A session for whoever proves to be `login` (email or handle), or a ticket for the second step where the account
    has a second factor. The same `WrongCredentials` and the same time for a wrong password and for nobody; `SlowDown`
    after many tries from one network, or for one name."""
    account_id = await _prove(work, login, password, address=address, to_stay=True, agent=agent)
    if kinds := await factors.kinds(work, account_id):
        return await second_step.begin(work, account_id, kinds)
    return await sessions.open_session(work, account_id, address=address, agent=agent)


async def sign_out(work: Work) -> None:
    """End the session, or the token, of this request. Nothing to do for a guest."""
    actor = work.actor
    if actor.account_id is None or actor.session_key is None:
        return
    end = sessions.end_session if actor.via == "session" else revoke_token
    with contextlib.suppress(NotFound):  # ended meanwhile
        await end(work, UUID(actor.session_key))


async def sign_in_program(
    work: Work,
    login: str,
    password: str,
    name: str,
    *,
    code: str | None = None,
    address: str,
    agent: str = "",
    scopes: Sequence[TokenScope] = SCOPES,
    days: int | None = None,
) -> NewToken:
    """A token for a program whose person proves to be `login`. Raises `FactorNeeded` and `WrongCode` where the account
    has a second factor, `TokenTooLong` and `TooManyTokens`."""
    account_id = await _prove(work, login, password, address=address, agent=agent)
    if await factors.kinds(work, account_id):
        if code is None:
            raise FactorNeeded
        await factors.check_code(work, account_id, code, address=address, agent=agent)
    return await _new_token(work, account_id, name, "token", scopes, days)


async def make_token(work: Work, name: str, scopes: Sequence[TokenScope], days: int | None) -> NewToken:
    """A token for the actor, who sits at a browser: a token makes none. Raises `BrowserOnly`, `ProveAgain`,
    `TokenTooLong` and `TooManyTokens`."""
    if work.actor.via != "session":
        raise BrowserOnly
    proof.require(work)
    await repository.account(work.session, work.actor.owner(), lock=True)
    await sessions.require_living(work)
    return await _new_token(work, work.actor.owner(), name, "token", scopes, days)


async def issue_token(
    work: Work,
    account_id: AccountId,
    name: str,
    via: TokenVia = "token",
    *,
    scopes: Sequence[TokenScope] = SCOPES,
    days: int | None = None,
) -> str:
    """A bearer token without proof. It is shown this once. Raises `TooManyTokens`."""
    return (await _new_token(work, account_id, name, via, scopes, days)).token


async def issue_service_token(
    work: Work, account_id: AccountId, name: str, scopes: Sequence[TokenScope], days: int | None
) -> NewToken:
    """A token of a service's account, by who manages accounts. Raises `NotAService`, `TokenTooLong`, `TooManyTokens`
    and what `reach.lock` does."""
    account = await reach.lock(work, account_id)
    if account.kind != "service":
        raise NotAService
    return await _new_token(work, account_id, name, "token", scopes, days, by=work.actor.account_id)


async def tokens(work: Work) -> TokenList:
    """The actor's own, newest first."""
    return await tokens_of(work, work.actor.owner())


async def tokens_of(work: Work, account_id: AccountId) -> TokenList:
    """Newest first; asks nobody's leave."""
    rows = await repository.tokens(work.session, account_id, work.now)
    knobs = work.settings(TokenSettings)
    items = [TokenInfo.model_validate(row, from_attributes=True) for row in rows]
    return TokenList(items=items, days=_days(knobs, None), days_most=knobs.program_days_most)


async def end_tokens(work: Work, account_id: AccountId) -> int:
    """All of the account's, and what it approved and was not fetched yet; asks nobody's leave. Returns how many there
    were."""
    # First: one that is being fetched is a token then.
    await repository.delete_devices(work.session, account_id)
    held = [row.id for row in await repository.tokens(work.session, account_id, work.now)]
    await gate.end(work, held)
    await repository.delete_tokens(work.session, account_id)
    if held:
        await audit.record(work, "token.revoked", about=account_id, tokens=len(held))
    return len(held)


async def revoke_token(work: Work, token_id: UUID) -> None:
    """Raises `NoSuchToken` for one that is not the actor's own."""
    await end_token(work, work.actor.owner(), token_id)


async def end_token(work: Work, account_id: AccountId, token_id: UUID) -> None:
    """Asks nobody's leave. Raises `NoSuchToken` for one that is not this account's."""
    name = await repository.delete_token(work.session, account_id, token_id)
    if name is None:
        raise NoSuchToken
    await gate.end(work, [token_id])
    await audit.record(work, "token.revoked", about=account_id, words={"name": name})


async def confirm(work: Work, password: str, *, field: str) -> None:
    """The actor proves once more who they are. Ends the transaction on the way. Raises `WrongPassword`."""
    account_id = work.actor.owner()
    key = rules.throttle_key("confirm", str(account_id))
    await throttle.count(work, key, most=TRIES, window_s=TRIES_WINDOW_S)
    of_the_hour = await guessing.count_again(work, account_id)
    row = await repository.account(work.session, account_id)
    stored = row.password_hash if row is not None else None
    async with work.outside():
        right, _ = await passwords.verify(work.settings(PasswordSettings), stored, password)
    if not right:
        await refusals.note(work, account_id, "confirmation")
        raise WrongPassword(field=field)
    await throttle.forgive(work, key)
    await throttle.take_back(work, of_the_hour)


async def _prove(
    work: Work, login: str, password: str, *, address: str, agent: str, to_stay: bool = False
) -> AccountId:
    """`to_stay`: also for who is leaving and may yet take it back. Whose password became known by now gets in, and is
    told."""
    settings = work.settings(PasswordSettings)
    login = rules.normalise_login(login)
    network = network_of(address)
    for_login = rules.throttle_key("login", login, network)
    for_network = rules.throttle_key("network", network)
    await throttle.count(work, for_login, most=TRIES, window_s=TRIES_WINDOW_S)
    await throttle.count(work, for_network, most=TRIES_OF_A_NETWORK, window_s=TRIES_WINDOW_S)
    row = await repository.by_login(work.session, login)
    account_id, stored = (row.id, row.password_hash) if row is not None else (None, None)
    of_the_hour = await guessing.count(work, login, account_id, address=address, agent=agent)
    async with work.outside():
        right, stale = await passwords.verify(settings, stored, password)
        fresh = await passwords.hash_password(settings, password) if right and stale else None
        known = right and await passwords.is_known(settings, password)
    if not right or account_id is None:
        await refusals.note(work, account_id, "credentials", address=address)
        raise WrongCredentials
    row = await repository.account(work.session, account_id, lock=True)
    if (
        row is None
        or row.password_hash != stored
        or not rules.may_enter(row.erasure_id, row.leaves_at, work.now, to_stay=to_stay)
    ):
        raise WrongCredentials
    await refusals.unless_suspended(work, account_id, address=address)
    ends_at = rules.first_password_ends(row.password_made_up_at, settings.first_password_days)
    if ends_at is not None and ends_at <= work.now:
        await refusals.note(work, account_id, "first password", address=address)
        raise FirstPasswordOver
    if fresh is not None:
        row.password_hash = fresh
    if known:
        await notices.note_unless_noted(work, row.id, "password_known", address=address, agent=agent)
    await throttle.forgive(work, for_login)
    await throttle.take_back(work, for_network)
    await throttle.take_back(work, of_the_hour)
    return AccountId(account_id)


def _days(knobs: TokenSettings, wanted: int | None) -> int:
    """0 for ever. Raises `TokenTooLong`."""
    most = knobs.program_days_most
    if wanted is None:
        return min(knobs.program_days or most, most) if most else knobs.program_days
    if most and not 0 < wanted <= most:
        raise TokenTooLong(f"A token lives {most} days at most here.", field="days")
    return wanted


async def _new_token(
    work: Work,
    account_id: AccountId,
    name: str,
    via: TokenVia,
    scopes: Sequence[TokenScope],
    wanted_days: int | None,
    *,
    by: AccountId | None = None,
) -> NewToken:
    """`by` is who makes it for a service."""
    # The house's own command keeps its token as long as the house stands.
    own = work.actor.is_system and wanted_days is None
    days = 0 if own else _days(work.settings(TokenSettings), wanted_days)
    if await repository.count_tokens(work.session, account_id, work.now) >= TOKENS_MOST:
        raise TooManyTokens
    secret, key = rules.new_token(), new_id()
    kept = [scope for scope in SCOPES if scope in scopes]
    expires_at = work.now + timedelta(days=days) if days else None
    await repository.add_token(
        work.session,
        id=key,
        account_id=account_id,
        secret_hash=rules.digest(secret),
        name=name,
        via=via,
        scopes=kept,
        now=work.now,
        expires_at=expires_at,
    )
    # Who has no session yet has just proved who they are.
    by = None if work.actor.is_system else by or account_id
    await audit.record(
        work, "token.made", about=account_id, by=by, words={"name": name}, kind=via, scopes=kept, days=days
    )
    if not work.actor.is_system:
        account = await repository.account(work.session, account_id)
        assert account is not None
        await letters.tell(work, account, "token")
    return NewToken(token=secret, id=key, name=name, scopes=kept, expires_at=expires_at)


async def _identity(
    work: Work,
    account_id: UUID,
    kind: str,
    roles: Sequence[str],
    key: UUID,
    scopes: Sequence[str],
    limit: RestrictionRow | None,
    *,
    waits: bool,
) -> Identity:
    return Identity(
        account_id=AccountId(account_id),
        roles=tuple(roles),
        via="token",
        session_key=str(key),
        scopes=tuple(scopes),
        # A service cannot have a factor: its tokens were made by somebody who has.
        factor_due=kind == "person" and await required.due(work, account_id, roles),
        waits=waits,
        limit=None if limit is None else Limit(until=limit.until, reason=limit.reason),
    )
