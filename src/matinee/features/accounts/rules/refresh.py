"""Refresh tokens: which session one is of, 256 random bits, and a proof that the house once gave it out.

A session keeps the hash of its present token and of the one before, never a token. The proof tells an old token, which
somebody copied, from one that somebody made up. Never knows a clock or a row.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

GRACE = timedelta(seconds=10)
"""How long the token before the present one is still taken: requests of one page set out together."""
_ID, _SECRET, _PROOF = 16, 32, 16

Verdict = Literal["present", "before", "reused", "strange"]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    session_id: UUID
    secret: bytes
    proof: bytes


class Family(Protocol):
    """What a session keeps: `key` makes proofs, `salt` led from the secret before to the present one."""

    id: UUID
    key: bytes
    refresh_hash: bytes
    before_hash: bytes | None
    salt: bytes | None
    refreshed_at: datetime


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET)


def digest(secret: bytes) -> bytes:
    """What is stored: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret).digest()


def next_secret(secret: bytes, salt: bytes) -> bytes:
    """The same for all who present the same token, so that tabs that raced end with one token."""
    return hmac.digest(salt, b"next" + secret, "sha256")


def write(session_id: UUID, secret: bytes, key: bytes) -> str:
    raw = session_id.bytes + secret + _proof(secret, key)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(text: str) -> RefreshToken | None:
    """None for what no refresh token looks like."""
    if len(text) != 86:
        return None
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return RefreshToken(UUID(bytes=raw[:_ID]), raw[_ID : _ID + _SECRET], raw[-_PROOF:])


def judge(token: RefreshToken, family: Family, now: datetime) -> Verdict:
    """`reused`: the house gave it out, and it was replaced longer ago than the grace."""
    if not hmac.compare_digest(token.proof, _proof(token.secret, family.key)):
        return "strange"
    hashed = digest(token.secret)
    if hmac.compare_digest(hashed, family.refresh_hash):
        return "present"
    if family.before_hash is not None and hmac.compare_digest(hashed, family.before_hash):
        return "before" if now - family.refreshed_at <= GRACE else "reused"
    return "reused"


def ends_at(
    now: datetime, rest: timedelta, proven_at: datetime, most: timedelta | None, had: datetime | None
) -> datetime:
    """When a session ends that is used now: after `rest`, and `most` after its person proved who they are. One that had
    a later end, from before there was such a bound, keeps it, so that nobody is out at once."""
    rested = now + rest
    if most is None:
        return rested
    last = proven_at + most
    return min(rested, last if had is None else max(last, had))


def csrf_of(key: bytes) -> str:
    """The value that a page must repeat in a header; it stays the same as long as the session."""
    return hmac.digest(key, b"csrf", "sha256").hex()[:43]


def _proof(secret: bytes, key: bytes) -> bytes:
    return hmac.digest(key, b"proof" + secret, "sha256")[:_PROOF]
