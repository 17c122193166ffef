"""The keys that sign access tokens. Public halves are for everybody; private ones lie in the database, sealed.

A machine signs with keys that its own secret opens, and believes the public half of every key. So machines with other
secrets understand each other, and a secret that is lost ends nothing but its keys.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from joserfc.jwk import OKPKey

from matinee.features.accounts.models import KeyRow
from matinee.features.accounts.repository import sessions as repository
from matinee.features.accounts.schemas import AccountsSettings
from matinee.features.accounts.service import audit, sealing
from matinee.infra.secret import made_once
from matinee.infra.work import Work
from matinee.kernel.settings import Settings

SECRET_FILE = "secret"
PURPOSE = "signing keys"
ACCESS_LIFE = timedelta(minutes=5)
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart."""
AHEAD = timedelta(minutes=10)
"""How long a key is known before it signs: who keeps the published set, for five minutes, then has it."""
RENEWED_EVERY = timedelta(days=30)
LONGEST_KEPT = 3 * RENEWED_EVERY


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`ends_at` None: until another one follows it. `private` where this process may sign with it."""

    id: str
    public: OKPKey
    private: OKPKey | None
    signs_at: datetime
    ends_at: datetime | None


def secret_of(settings: Settings, purpose: str) -> bytes:
    """32 bytes of this purpose alone, from MATINEE_SECRET or the file that is made in its place."""
    given = settings.of(AccountsSettings).secret
    secret = (
        made_once(settings.house.data_dir / SECRET_FILE)
        if given is None
        else given.get_secret_value().encode()
    )
    return derived(secret, purpose)


def derived(secret: bytes, purpose: str) -> bytes:
    """What `secret_of` makes of this secret."""
    return hmac.digest(secret, f"matinee {purpose}".encode(), "sha256")


def alias(settings: Settings, account_id: UUID) -> str:
    """What lines of the log call an account: the same for as long as the secret, and nothing without it."""
    return hmac.digest(secret_of(settings, "names in logs"), account_id.bytes, "sha256").hex()[:12]


async def load(work: Work) -> list[SigningKey]:
    """All keys that count now, those that sign first first."""
    secret = _sealing_secret(work)
    return [_opened(row, secret) for row in await repository.keys(work.session, work.now)]


def signer(keys: list[SigningKey], now: datetime) -> SigningKey | None:
    """The newest of our own whose time to sign has come."""
    return next((key for key in reversed(keys) if key.private is not None and key.signs_at <= now), None)


def is_due(keys: list[SigningKey], now: datetime) -> bool:
    """Whether the next key must be made."""
    own = [key for key in keys if key.private is not None]
    return signer(own, now) is None or max(key.signs_at for key in own) < now - RENEWED_EVERY


async def renew(work: Work) -> None:
    """Make the next key if it is still due once nobody else makes one."""
    await repository.lock_keys(work.session)
    if is_due(await load(work), work.now):
        await rotate_keys(work)


async def rotate_keys(work: Work, *, at_once: bool = False) -> str:
    """Make another key and return its id. Tokens of the present one count until they end. `at_once`: the new one signs
    now and all others are forgotten, so that browsers fetch new tokens with their next request."""
    await repository.lock_keys(work.session)
    first = signer(await load(work), work.now) is None
    signs_at = work.now if at_once or first else work.now + AHEAD
    made, secret = OKPKey.generate_key("Ed25519"), _sealing_secret(work)
    row = KeyRow(
        id=made.thumbprint(),
        public={str(name): value for name, value in made.as_dict(private=False).items()},
        sealed=sealing.seal(json.dumps(made.as_dict(private=True)), secret),
        seal=sealing.name_of(secret),
        signs_at=signs_at,
        ends_at=None,
    )
    await repository.add_key(work.session, row)
    if at_once:
        await repository.delete_keys(work.session, but=row.id)
    await repository.end_keys(work.session, signs_at + ACCESS_LIFE + SKEW, seal=row.seal, but=row.id)
    await repository.delete_keys(work.session, before=work.now - LONGEST_KEPT)  # of machines that are gone
    await audit.record(work, "keys.rotated", at_once=at_once)
    return row.id


def published_keys(keys: list[SigningKey]) -> list[dict[str, Any]]:
    """The public halves as a JWK set lists them (RFC 7517)."""
    return [
        {**key.public.as_dict(private=False), "kid": key.id, "use": "sig", "alg": "EdDSA"} for key in keys
    ]


def _sealing_secret(work: Work) -> bytes:
    return secret_of(work.works.settings, PURPOSE)


def _opened(row: KeyRow, secret: bytes) -> SigningKey:
    private = _private(row.sealed, secret) if row.seal == sealing.name_of(secret) else None
    return SigningKey(row.id, OKPKey.import_key(row.public), private, row.signs_at, row.ends_at)


@lru_cache(maxsize=16)
def _private(sealed: str, secret: bytes) -> OKPKey | None:
    plain = sealing.opened(sealed, secret)
    return None if plain is None else OKPKey.import_key(json.loads(plain))
