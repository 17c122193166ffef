"""Passkeys (WebAuthn): options for a browser, and what it answers. Never opens a session."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import (
    ChallengeOver,
    NoPasskeysHere,
    NoSuchAccount,
    PasskeyKnown,
    PasskeyRefused,
    TooManyPasskeys,
)
from matinee.features.accounts.models import PasskeyRow
from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.schemas import PasskeyOptions
from matinee.features.accounts.service import steps
from matinee.infra.cookies import is_this_machine
from matinee.infra.work import Work
from matinee.kernel.ids import new_id
from matinee.kernel.settings import HouseSettings

log = structlog.get_logger(__name__)
PASSKEYS_MOST = 20
_TIMEOUT_MS = steps.LIFE_S * 1000
_TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)


@dataclass(frozen=True, slots=True)
class Shown:
    """`counts_on` False: its counter went backwards, so it is a copy, or its original after the copy."""

    account_id: UUID
    counts_on: bool


def origin(work: Work) -> str:
    """Where the pages of this house are, exactly as browsers say it. Raises `NoPasskeysHere` where none takes
    passkeys: on plain http, or under a bare address."""
    url = urlsplit(work.settings(HouseSettings).address)
    host = (url.hostname or "").lower()
    usual = {"https": 443, "http": 80}.get(url.scheme)
    local = host == "localhost" or host.endswith(".localhost")
    if not (local or (url.scheme == "https" and _is_name(host))):
        raise NoPasskeysHere
    return f"{url.scheme}://{host}" + (f":{url.port}" if url.port not in (None, usual) else "")


def possible(work: Work) -> bool:
    try:
        origin(work)
    except NoPasskeysHere:
        return False
    return True


async def register_options(work: Work) -> PasskeyOptions:
    """For another passkey of the actor. Raises `TooManyPasskeys`."""
    account_id = work.actor.owner()
    account = await accounts.account(work.session, account_id)
    if account is None or account.email is None:
        raise NoSuchAccount
    held = await _held(work, account_id)
    options = generate_registration_options(
        rp_id=_rp_id(work),
        rp_name="Matinee",
        user_id=account_id.bytes,
        user_name=account.email,
        user_display_name=account.login_name or account.email,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_named(held),
    )
    await steps.begin(work, "register", _session(work), account_id=account_id, challenge=options.challenge)
    return PasskeyOptions(publicKey=json.loads(options_to_json(options)))


async def registration(work: Work) -> bytes:
    """The challenge that the actor's session was given, this once. Ends the transaction. Raises `ChallengeOver`."""
    taken = await steps.take(work, "register", _session(work))
    if taken is None or taken[0] != work.actor.owner() or taken[1] is None:
        raise ChallengeOver
    return taken[1]


async def register(work: Work, name: str, credential: dict[str, Any], challenge: bytes) -> None:
    """Keep the passkey that the actor's browser made. Raises `PasskeyRefused`, `PasskeyKnown`, `TooManyPasskeys`."""
    account_id = work.actor.owner()
    await _held(work, account_id)
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_rp_id(work),
            expected_origin=origin(work),
        )
        said = credential["response"].get("transports") or []
        transports = [one for one in said[:10] if one in _TRANSPORTS]
    except Exception as error:  # foreign bytes fail in many ways; all of them mean no
        raise _refused(error) from None
    if await repository.passkey(work.session, made.credential_id) is not None:
        raise PasskeyKnown
    row = PasskeyRow(
        id=new_id(),
        account_id=account_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=transports,
        name=name,
        created_at=work.now,
    )
    await repository.add(work.session, row)


async def options(
    work: Work, kind: steps.Kind, bound_to: str, *, account_id: UUID | None, verified: bool
) -> PasskeyOptions:
    """For showing a passkey: of `account_id`, or any that the browser has for this house. `verified`: the device must
    check who holds it."""
    held = [] if account_id is None else await repository.passkeys(work.session, account_id)
    wish = UserVerificationRequirement.REQUIRED if verified else UserVerificationRequirement.PREFERRED
    made = generate_authentication_options(
        rp_id=_rp_id(work), timeout=_TIMEOUT_MS, allow_credentials=_named(held), user_verification=wish
    )
    await steps.begin(work, kind, bound_to, account_id=account_id, challenge=made.challenge)
    return PasskeyOptions(publicKey=json.loads(options_to_json(made)))


async def check(
    work: Work,
    kind: steps.Kind,
    bound_to: str | None,
    credential: dict[str, Any],
    *,
    account_id: UUID | None,
    verified: bool,
) -> Shown:
    """Whose passkey answered the challenge that this browser was given. Raises `ChallengeOver` and `PasskeyRefused`."""
    taken = await steps.take(work, kind, bound_to)
    if taken is None or taken[0] != account_id or taken[1] is None:
        raise ChallengeOver
    try:
        row = await repository.passkey(work.session, base64url_to_bytes(str(credential["id"])[:2000]))
        if row is None or (account_id is not None and row.account_id != account_id):
            raise PasskeyRefused
        holder = credential["response"].get("userHandle")
        if holder and base64url_to_bytes(holder) != row.account_id.bytes:
            raise PasskeyRefused
        shown = verify_authentication_response(
            credential=credential,
            expected_challenge=taken[1],
            expected_rp_id=_rp_id(work),
            expected_origin=origin(work),
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # what it counts is looked at below
            require_user_verification=verified,
        )
    except PasskeyRefused:
        raise
    except Exception as error:  # foreign bytes fail in many ways; all of them mean no
        raise _refused(error) from None
    counts_on = max(shown.new_sign_count, row.sign_count) == 0 or shown.new_sign_count > row.sign_count
    if counts_on:
        row.sign_count, row.last_used_at = shown.new_sign_count, work.now
    return Shown(row.account_id, counts_on)


def _refused(error: Exception) -> PasskeyRefused:
    log.info("accounts.passkey_refused", error=type(error).__name__, why=str(error)[:200])
    return PasskeyRefused()


async def _held(work: Work, account_id: UUID) -> list[PasskeyRow]:
    held = list(await repository.passkeys(work.session, account_id))
    if len(held) >= PASSKEYS_MOST:
        raise TooManyPasskeys
    return held


def _named(rows: Iterable[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id, transports=[AuthenticatorTransport(one) for one in row.transports]
        )
        for row in rows
    ]


def _rp_id(work: Work) -> str:
    return urlsplit(origin(work)).hostname or ""


def _is_name(host: str) -> bool:
    return not is_this_machine(host) and any(sign.isalpha() for sign in host) and ":" not in host


def _session(work: Work) -> str:
    assert work.actor.session_key is not None
    return work.actor.session_key
