"""Access tokens: signed here for five minutes, and checked on every request without the database.

A process keeps in memory which keys count and which sessions were cut short. It hears of a cut at once by the bus, and
reads all of them again every two seconds, so that a signal that is lost delays a cut by no more. Never holds a session.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry, extract_compact

from matinee.features.accounts.repository import sessions as repository
from matinee.features.accounts.schemas import Identity, Limit, Look
from matinee.features.accounts.service import signing
from matinee.features.accounts.service.signing import ACCESS_LIFE, SKEW
from matinee.infra.remembered import Remembered
from matinee.infra.work import Work, Works
from matinee.kernel.ids import AccountId

log = structlog.get_logger(__name__)
_LOOK_FOR_KEY_S = 1.0
_CHANNEL = "accounts.cut"
_TYPE = "at+jwt"
_ALGORITHM = "EdDSA"
_MOST_CHARACTERS = 2_000
KEPT = ACCESS_LIFE + SKEW

Cut = Callable[[str], None]


class _EdDSA(JWSRegistry):
    """Takes this one algorithm. Our keys are Ed25519, so that the name that every library knows is exact enough."""

    def get_alg(self, name: str) -> Any:
        if name != _ALGORITHM:
            raise UnsupportedAlgorithmError(f"{name} is not used here")
        return self.algorithms[name]


_REGISTRY = _EdDSA()


class Gate:
    """One of each process: `work.works.held(Gate)`."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._keys: list[signing.SigningKey] = []
        self._cuts: dict[UUID, datetime] = {}
        self._memory = Remembered("accounts-gate", self._read)
        self._looked_at = float("-inf")
        self._hearers: set[Cut] = set()

    async def keys(self) -> list[signing.SigningKey]:
        await self._memory.believed()
        return self._keys

    async def issue(self, identity: Identity, expires_at: datetime) -> str:
        """A signed token for a session that lives until `expires_at`."""
        await self._memory.believed()
        now = self._works.clock()
        signer = signing.signer(self._keys, now)
        if signer is None:
            await self.read()
            signer = signing.signer(self._keys, now)
        assert signer is not None
        assert signer.private is not None
        claims = {
            "sub": str(identity.account_id),
            "sid": identity.session_key,
            "roles": list(identity.roles),
            "csrf": identity.csrf,
            "proven": identity.proven_at.timestamp() if identity.proven_at else 0,
            "due": identity.factor_due,
            "waits": identity.waits,
            "limit": None if identity.limit is None else _stamp(identity.limit.until),
            "look": None if identity.look is None else _seen_as(identity.look),
            "iat": now.timestamp(),
            "exp": int(min(now + ACCESS_LIFE, expires_at).timestamp()),
        }
        header = {"alg": _ALGORITHM, "kid": signer.id, "typ": _TYPE}
        return jwt.encode(header, claims, signer.private, registry=_REGISTRY)

    async def identify(self, token: str) -> Identity | None:
        """Whom the token stands for; None when it is none of ours, has ended or was cut short. Raises what the database
        raises when it has been silent for so long that a cut may have passed unheard."""
        if len(token) > _MOST_CHARACTERS:
            return None
        await self._memory.believed()
        try:
            header = extract_compact(token.encode("ascii"), registry=_REGISTRY).protected
        except (JoseError, ValueError):
            return None
        key = self._key(header.get("kid"))
        if key is None and time.monotonic() - self._looked_at > _LOOK_FOR_KEY_S:
            self._looked_at = time.monotonic()
            await self.read()  # another process may have made it just now
            key = self._key(header.get("kid"))
        if key is None or header.get("typ") != _TYPE:
            return None
        try:
            claims = jwt.decode(token, key.public, registry=_REGISTRY).claims
        except (JoseError, ValueError):
            return None
        return self._identity(claims)

    def cut(self, work: Work, ids: list[UUID], at: datetime) -> None:
        """Tokens made before `at` count no more: here when `work` is committed, elsewhere when they hear it."""

        def here() -> None:
            for id in ids:
                self._take(id, at)

        work.after_commit(here)
        for id in ids:
            work.signal(f"{_CHANNEL}:{id}:{at.timestamp()}")

    def hear(self, hearer: Cut) -> None:
        """Call `hearer` with the key of each session or token that is cut short, in whatever process."""
        self._hearers.add(hearer)

    async def read(self) -> None:
        """What the database says now. Makes the next key when it is time."""
        await self._memory.read()

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Hears and reads as long as the block runs."""
        stop_hearing = self._works.bus.hear(self._on_signal)
        try:
            async with self._memory.following():
                yield
        finally:
            stop_hearing()

    async def _read(self) -> None:
        async with self._works.open(reading=True) as work:
            now = work.now
            cuts = await repository.cuts(work.session, now - KEPT)
            keys = await signing.load(work)
        if signing.is_due(keys, now):
            async with self._works.open() as work:
                await signing.renew(work)
            async with self._works.open(reading=True) as work:
                keys = await signing.load(work)
        self._keys = keys
        self._cuts = {id: at for id, at in self._cuts.items() if at >= now - KEPT}
        for id, at in cuts.items():
            self._take(id, at)

    def _key(self, id: Any) -> signing.SigningKey | None:
        now = self._works.clock()
        found = next((key for key in self._keys if key.id == id), None)
        return None if found is None or (found.ends_at is not None and found.ends_at <= now) else found

    def _identity(self, claims: dict[str, Any]) -> Identity | None:
        try:
            session_id = UUID(claims["sid"])
            made_at, now = float(claims["iat"]), self._works.clock()
            cut_at = self._cuts.get(session_id)
            if claims["exp"] <= now.timestamp():
                return None
            if cut_at is not None and made_at <= cut_at.timestamp():
                return None
            return Identity(
                account_id=AccountId(UUID(claims["sub"])),
                roles=tuple(str(role) for role in claims["roles"]),
                via="session",
                session_key=str(session_id),
                csrf=str(claims["csrf"]),
                proven_at=datetime.fromtimestamp(float(claims["proven"]), UTC),
                factor_due=bool(claims["due"]),
                waits=bool(claims["waits"]),
                limit=_limit(claims["limit"], now),
                look=_look(claims["look"], now),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return None

    def _take(self, id: UUID, at: datetime) -> None:
        known = self._cuts.get(id)
        if known is not None and known >= at:
            return
        self._cuts[id] = at
        for hearer in tuple(self._hearers):
            hearer(str(id))

    def _on_signal(self, channel: str) -> None:
        if not channel.startswith(f"{_CHANNEL}:"):
            return
        try:
            _, id, at = channel.split(":")
            self._take(UUID(id), datetime.fromtimestamp(float(at), UTC))
        except (ValueError, OverflowError):
            log.warning("accounts.signal_unread")


def _stamp(until: datetime | None) -> float:
    return 0 if until is None else until.timestamp()


def _limit(until: float | None, now: datetime) -> Limit | None:
    """What counts at this moment: it ends here without a word from anybody."""
    if until is None or 0 < until <= now.timestamp():
        return None
    return Limit(until=datetime.fromtimestamp(until, UTC) if until else None)


def _seen_as(look: Look) -> dict[str, Any]:
    return {"sub": str(look.account_id), "roles": list(look.roles), "until": look.until.timestamp()}


def _look(claim: dict[str, Any] | None, now: datetime) -> Look | None:
    if claim is None or claim["until"] <= now.timestamp():
        return None
    until = datetime.fromtimestamp(claim["until"], UTC)
    return Look(account_id=AccountId(UUID(claim["sub"])), roles=tuple(claim["roles"]), until=until)


async def end(work: Work, ids: list[UUID]) -> None:
    """Sessions or tokens with these ids are over in every process: none of their access tokens counts."""
    await _cut(work, ids, work.now + KEPT)


async def look_again(work: Work, ids: list[UUID]) -> None:
    """What these sessions or tokens may do has changed: browsers fetch new access tokens, sockets ask once more."""
    await _cut(work, ids, work.now)


async def _cut(work: Work, ids: list[UUID], at: datetime) -> None:
    await repository.cut(work.session, ids, at)
    work.works.held(Gate).cut(work, ids, at)
