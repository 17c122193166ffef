"""Sessions of browsers: opened, refreshed, shown and ended. One session is one family of refresh tokens."""

from dataclasses import dataclass
from uuid import UUID

import structlog

from matinee.features.accounts import repository as rows
from matinee.features.accounts.errors import NoSuchSession, WrongCredentials
from matinee.features.accounts.messages import AccountStays
from matinee.features.accounts.models import AccountRow, SessionRow
from matinee.features.accounts.repository import directory
from matinee.features.accounts.repository import sessions as repository
from matinee.features.accounts.repository import standing as standing_rows
from matinee.features.accounts.repository.sessions import Living
from matinee.features.accounts.rules import places, refresh
from matinee.features.accounts.schemas import (
    ACCESS_COOKIE,
    CSRF_COOKIE,
    REFRESH_COOKIE,
    Identity,
    Limit,
    Look,
    Notice,
    SessionInfo,
    SessionList,
)
from matinee.features.accounts.service import audit, gate, lasting, notices, required, signing
from matinee.infra.cookies import Cookie
from matinee.infra.work import Work, Works
from matinee.kernel.errors import NotSignedIn
from matinee.kernel.ids import AccountId, new_id

log = structlog.get_logger(__name__)
TABLES = ("accounts_session", "accounts_step", "accounts_key")
"""Who is signed in, and the keys that say so: without them everybody signs in again."""
SESSIONS_MOST = 50
NOTICES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's fresh tokens: they go into the browser's cookies and are kept nowhere else."""

    access: str
    refresh: str
    refresh_s: int
    identity: Identity

    def cookies(self) -> tuple[Cookie, ...]:
        """The access token leaves the browser when it ends; the readable cookie is what pages repeat in a header."""
        return (
            _access_cookie(self.access),
            Cookie(name=REFRESH_COOKIE, value=self.refresh, max_age_s=self.refresh_s),
            _csrf_cookie(self.identity, self.refresh_s),
        )


SIGNED_OUT = tuple(
    Cookie(name=name, value="", max_age_s=0, hidden=name != CSRF_COOKIE)
    for name in (ACCESS_COOKIE, REFRESH_COOKIE, CSRF_COOKIE)
)


def csrf_cookie(work: Work, identity: Identity) -> Cookie:
    """The readable cookie, for a browser that lost it."""
    return _csrf_cookie(identity, round(lasting.longest(work).total_seconds()))


async def open_session(
    work: Work, account_id: AccountId, *, address: str = "", agent: str = "", proof: str | None = None
) -> SignedIn:
    """A session without proof, for an account that was made or proved just now; `proof` says by what, where it was more
    than a password or none. The account's oldest ends where it has too many."""
    account = await rows.account(work.session, account_id)
    if account is None:
        raise WrongCredentials
    if account.erasure_id is not None:  # who signs in takes back that they wanted to leave
        await stay(work, account, by=account_id)
    secret, now = refresh.new_secret(), work.now
    row = SessionRow(
        id=new_id(),
        account_id=account_id,
        key=refresh.new_secret(),
        refresh_hash=refresh.digest(secret),
        device=places.device_of(agent),
        place=notices.place(work, account_id, address),
        created_at=now,
        proven_at=now,
        refreshed_at=now,
        expires_at=await lasting.ends_at(work, account.roles, now),
    )
    await repository.add(work.session, row)
    await directory.seen(work.session, account_id, now)
    by = None if work.actor.is_system else account_id
    await audit.record(
        work, "session.opened", about=account_id, by=by, device=row.device, place=row.place, proof=proof
    )
    held = await repository.of(work.session, account_id, now)
    await _end(work, account_id, only=[one.id for one in held if one.id != row.id][SESSIONS_MOST - 1 :])
    await notices.note_where(work, account, address=address, agent=agent)
    restriction = await standing_rows.current(work.session, account_id, now)
    return await _signed_in(work, Living(row, account.roles, restriction), secret)


async def renew(works: Works, token: str, *, address: str = "", agent: str = "") -> SignedIn | None:
    """Fresh tokens for a refresh token, which counts no more afterwards: a transaction of its own, so that they stand
    whatever becomes of the request. None when the session has ended, or ends because the token was used before."""
    presented = refresh.read(token)
    if presented is None:
        return None
    await works.held(gate.Gate).keys()  # nothing more is read while the row is locked
    async with works.open() as work:
        found = await repository.living(work.session, presented.session_id, work.now, lock=True)
        if found is None:
            return None
        row = found.session
        verdict = refresh.judge(presented, row, work.now)
        if verdict == "strange":
            return None
        if verdict == "reused":
            await _end_reused(work, row, address=address, agent=agent)
            return None
        if verdict == "present":
            row.salt = refresh.new_secret()
            row.before_hash = row.refresh_hash
            row.refreshed_at = work.now
            row.expires_at = await lasting.ends_at(work, found.roles, row.proven_at, had=row.expires_at)
            row.device = places.device_of(agent)
            row.place = notices.place(work, AccountId(row.account_id), address)
            await notices.still_there(work, row.account_id, address=address, agent=agent)
            row.refresh_hash = refresh.digest(refresh.next_secret(presented.secret, row.salt))
            await directory.seen(work.session, row.account_id, work.now)
        assert row.salt is not None
        return await _signed_in(work, found, refresh.next_secret(presented.secret, row.salt))


async def renewed_identity(work: Work, session_key: str) -> Identity | None:
    """Whom a session stands for now, for what outlives its access token."""
    found = await repository.living(work.session, UUID(session_key), work.now)
    return None if found is None else await _identity(work, found)


async def prove_session(work: Work) -> Cookie:
    """The actor showed just now that it is them; the access token for their browser that says so."""
    found = await repository.living(work.session, UUID(work.actor.session_key), work.now, lock=True)
    if found is None:
        raise NoSuchSession
    row = found.session
    row.proven_at = work.now
    row.expires_at = await lasting.ends_at(work, found.roles, row.proven_at, had=row.expires_at)
    identity = await _identity(work, found)
    return _access_cookie(await work.works.held(gate.Gate).issue(identity, row.expires_at))


async def require_living(work: Work) -> None:
    """Asked by what leaves lasting access, once the account is locked: the access token of a session that was ended
    while the request waited for that lock counts no more. Raises `NotSignedIn`."""
    actor = work.actor
    if actor.via != "session" or actor.session_key is None:
        return
    if await repository.living(work.session, UUID(actor.session_key), work.now) is None:
        raise NotSignedIn("This sign-in was ended meanwhile. Sign in again.")


async def own_sessions(work: Work) -> SessionList:
    """The actor's own, last used first, and what they should know about signing in."""
    account_id = work.actor.owner()
    shown = await sessions_of(work, account_id)
    told = await repository.notices(work.session, account_id, NOTICES_SHOWN)
    why = {row.id: row.reason for row in await standing_rows.looks_told(work.session, account_id)}
    notices = [Notice.model_validate(row, from_attributes=True) for row in told]
    return SessionList(
        items=shown, notices=[one.model_copy(update={"reason": why.get(one.id)}) for one in notices]
    )


async def sessions_of(work: Work, account_id: AccountId) -> list[SessionInfo]:
    """Last used first; asks nobody's leave."""
    return [
        SessionInfo(
            id=row.id,
            device=row.device,
            place=row.place,
            created_at=row.created_at,
            last_used_at=row.refreshed_at,
            current=str(row.id) == work.actor.session_key,
        )
        for row in await repository.of(work.session, account_id, work.now)
    ]


async def end_session(work: Work, session_id: UUID) -> None:
    """Raises `NoSuchSession` for one that is not the actor's own."""
    await end_one(work, work.actor.owner(), session_id)


async def end_one(work: Work, account_id: AccountId, session_id: UUID) -> None:
    """Asks nobody's leave. Raises `NoSuchSession` for one that is not this account's."""
    if not await _end(work, account_id, only=[session_id]):
        raise NoSuchSession


async def end_other_sessions(work: Work) -> int:
    """All of the actor's but the one that asks. Returns how many there were."""
    return await end_sessions(work, work.actor.owner(), but=work.actor.session_key)


async def end_sessions(work: Work, account_id: AccountId, *, but: str | None = None) -> int:
    """Asks nobody's leave. `but` is the key of a session that stays."""
    return len(await _end(work, account_id, but=None if but is None else UUID(but)))


async def stay(work: Work, account: AccountRow, *, by: AccountId | None = None) -> None:
    """An account that was leaving does not."""
    account.erasure_id = account.leaves_at = None
    work.send(AccountStays(account_id=AccountId(account.id)))
    await audit.record(work, "account.stayed", about=AccountId(account.id), by=by)


def _access_cookie(access: str) -> Cookie:
    access_s = round(signing.ACCESS_LIFE.total_seconds())
    return Cookie(name=ACCESS_COOKIE, value=access, max_age_s=access_s)


def _csrf_cookie(identity: Identity, max_age_s: int) -> Cookie:
    return Cookie(name=CSRF_COOKIE, value=identity.csrf, max_age_s=max_age_s, hidden=False)


async def _end(
    work: Work, account_id: UUID, *, only: list[UUID] | None = None, but: UUID | None = None
) -> list[UUID]:
    if only == []:
        return []
    ended = await repository.end(work.session, account_id, only=only, but=but)
    await gate.end(work, list(ended))
    if ended:
        # `device` would be the one that ended them
        devices = set(ended.values())
        await audit.record(
            work, "session.ended", about=AccountId(account_id), sessions=len(ended), ended=devices
        )
    return list(ended)


async def _end_reused(work: Work, row: SessionRow, *, address: str, agent: str) -> None:
    """Somebody holds a copy: whoever it is, both are out, and the owner hears of it."""
    account_id = AccountId(row.account_id)
    await _end(work, account_id, only=[row.id])
    device, place = places.device_of(agent), notices.place(work, account_id, address)
    await audit.record(work, "session.copied", about=account_id, device=device, place=place)
    await notices.note(work, account_id, "session_copied", address=address, agent=agent)
    log.warning("accounts.refresh_token_reused", session=str(row.id))


async def _signed_in(work: Work, living: Living, secret: bytes) -> SignedIn:
    row, identity = living.session, await _identity(work, living)
    return SignedIn(
        access=await work.works.held(gate.Gate).issue(identity, row.expires_at),
        refresh=refresh.write(row.id, secret, row.key),
        refresh_s=round((row.expires_at - work.now).total_seconds()),
        identity=identity,
    )


async def _identity(work: Work, living: Living) -> Identity:
    row, roles, limit = living
    return Identity(
        account_id=AccountId(row.account_id),
        roles=tuple(roles),
        via="session",
        session_key=str(row.id),
        csrf=refresh.csrf_of(row.key),
        proven_at=row.proven_at,
        factor_due=await required.due(work, row.account_id, roles),
        waits=await rows.waits(work.session, row.account_id),
        limit=None if limit is None else Limit(until=limit.until, reason=limit.reason),
        look=await _look(work, row.id),
    )


async def _look(work: Work, session_id: UUID) -> Look | None:
    """Through whose eyes the session looks now."""
    found = await standing_rows.seer(work.session, session_id, work.now)
    if found is None:
        return None
    look, roles = found
    return Look(account_id=AccountId(look.about_id), roles=tuple(roles), until=look.until)
