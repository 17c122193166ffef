"""Signing in and out, and the tokens of programs: from a secret to the account that it stands for."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import (
    FactorNeeded,
    NoSuchToken,
    Suspended,
    TooManyTokens,
    WrongCredentials,
    WrongPassword,
)
from matinee.features.accounts.schemas import Identity, NewToken, TokenInfo, TokenVia
from matinee.features.accounts.service import (
    factors,
    gate,
    passwords,
    required,
    second_step,
    sessions,
    throttle,
)
from matinee.features.accounts.service.second_step import Ticket
from matinee.features.accounts.service.sessions import SignedIn
from matinee.features.accounts.settings import PasswordSettings
from matinee.infra.work import Work
from matinee.kernel.actor import Actor, Role
from matinee.kernel.errors import NotFound
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.network import network_of

TRIES = 10
TRIES_OF_A_NETWORK = 100
TRIES_WINDOW_S = 300
TOKENS_MOST = 100
TOKEN_USE_EXACT_TO = timedelta(minutes=1)


async def authenticate(work: Work, token: str) -> Identity | None:
    """Whom a program's token stands for; None when it was revoked, or its account is closed."""
    if not token.startswith(rules.TOKEN_PREFIX) or len(token) > 200:
        return None
    access = await repository.token_access(work.session, rules.digest(token))
    if access is None:
        return None
    if access.used_at is None or work.now - access.used_at >= TOKEN_USE_EXACT_TO:
        await repository.touch_token(work.session, access.key, work.now)
    return await _identity(work, access.account_id, access.roles, access.key)


async def again(work: Work, actor: Actor) -> Identity | None:
    """Whom the session or token of `actor` stands for by now; None when it has ended."""
    if actor.account_id is None or actor.session_key is None:
        return None
    if actor.via == "session":
        return await sessions.renewed_identity(work, actor.session_key)
    key = UUID(actor.session_key)
    roles = await repository.token_roles(work.session, key)
    return None if roles is None else await _identity(work, actor.account_id, roles, key)


async def sign_in(
    work: Work, login: str, password: str, *, address: str, agent: str = ""
) -> SignedIn | Ticket:
    """A session for whoever proves to be `login` (email or handle), or a ticket for the second step where the account
    has a second factor. The same `WrongCredentials` and the same time for a wrong password and for nobody; `SlowDown`
    after many tries from one network."""
    account_id = await _prove(work, login, password, address=address)
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
) -> NewToken:
    """A token for a program whose person proves to be `login`. Raises `FactorNeeded` and `WrongCode` where the account
    has a second factor."""
    account_id = await _prove(work, login, password, address=address)
    if await factors.kinds(work, account_id):
        if code is None:
            raise FactorNeeded
        await factors.check_code(work, account_id, code, address=address, agent=agent)
    return await _new_token(work, account_id, name, "token")


async def issue_token(work: Work, account_id: AccountId, name: str, via: TokenVia = "token") -> str:
    """A bearer token without proof. It is shown this once. Raises `TooManyTokens`."""
    return (await _new_token(work, account_id, name, via)).token


async def tokens(work: Work) -> list[TokenInfo]:
    """The actor's own, newest first."""
    rows = await repository.tokens(work.session, work.actor.owner())
    return [TokenInfo.model_validate(row, from_attributes=True) for row in rows]


async def revoke_token(work: Work, token_id: UUID) -> None:
    """Raises `NoSuchToken` for one that is not the actor's own."""
    if not await repository.delete_token(work.session, work.actor.owner(), token_id):
        raise NoSuchToken
    await gate.end(work, [token_id])


async def confirm(work: Work, password: str, *, field: str) -> None:
    """The actor proves once more who they are. Ends the transaction on the way. Raises `WrongPassword`."""
    account_id = work.actor.owner()
    key = rules.throttle_key("confirm", str(account_id))
    await throttle.count(work, key, most=TRIES, window_s=TRIES_WINDOW_S)
    row = await repository.account(work.session, account_id)
    stored = row.password_hash if row is not None else None
    async with work.outside():
        right, _ = await passwords.verify(work.settings(PasswordSettings), stored, password)
    if not right:
        raise WrongPassword(field=field)
    await throttle.forgive(work, key)


async def _prove(work: Work, login: str, password: str, *, address: str) -> AccountId:
    settings = work.settings(PasswordSettings)
    login = rules.normalise_login(login)
    network = network_of(address)
    for_login = rules.throttle_key("login", login, network)
    for_network = rules.throttle_key("network", network)
    await throttle.count(work, for_login, most=TRIES, window_s=TRIES_WINDOW_S)
    await throttle.count(work, for_network, most=TRIES_OF_A_NETWORK, window_s=TRIES_WINDOW_S)
    row = await repository.by_login(work.session, login)
    account_id, stored = (row.id, row.password_hash) if row is not None else (None, None)
    async with work.outside():
        right, stale = await passwords.verify(settings, stored, password)
        fresh = await passwords.hash_password(settings, password) if right and stale else None
    if not right or account_id is None:
        raise WrongCredentials
    row = await repository.account(work.session, account_id, lock=True)
    if row is None or row.password_hash != stored or row.erasure_id is not None:
        raise WrongCredentials
    if row.suspended_at is not None:
        raise Suspended
    if fresh is not None:
        row.password_hash = fresh
    await throttle.forgive(work, for_login)
    await throttle.take_back(work, for_network)
    return AccountId(account_id)


async def _new_token(work: Work, account_id: AccountId, name: str, via: TokenVia) -> NewToken:
    if await repository.count_tokens(work.session, account_id) >= TOKENS_MOST:
        raise TooManyTokens
    secret, key = rules.TOKEN_PREFIX + rules.new_secret(), new_id()
    await repository.add_token(
        work.session,
        id=key,
        account_id=account_id,
        secret_hash=rules.digest(secret),
        name=name,
        via=via,
        now=work.now,
    )
    return NewToken(token=secret, id=key, name=name)


async def _identity(work: Work, account_id: UUID, roles: Sequence[str], key: UUID) -> Identity:
    return Identity(
        account_id=AccountId(account_id),
        roles=cast(tuple[Role, ...], tuple(roles)),
        via="token",
        session_key=str(key),
        factor_due=await required.due(work, account_id, roles),
    )
