"""The device flow (RFC 8628): a program without a browser is approved by a person in one."""

import hmac
from collections.abc import Sequence
from datetime import timedelta
from typing import cast
from urllib.parse import quote

from matinee.features.accounts import repository, rules
from matinee.features.accounts.errors import (
    BrowserOnly,
    DeviceDecided,
    DeviceDenied,
    DevicePending,
    DeviceUnknown,
)
from matinee.features.accounts.models import DeviceRow
from matinee.features.accounts.schemas import SCOPES, DeviceInfo, DeviceStarted, TokenScope
from matinee.features.accounts.service import access, audit, proof, sessions, signing, throttle
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.network import network_of
from matinee.kernel.settings import HouseSettings

LIFE_S = 600
INTERVAL_S = 2
STARTS_OF_A_NETWORK = 60
GUESSES = 30


async def start_device(
    work: Work, client_name: str, *, address: str, scopes: Sequence[TokenScope] = SCOPES
) -> DeviceStarted:
    """Codes for a device. Asks nobody's leave; bounded per network."""
    key = rules.throttle_key("device", network_of(address))
    await throttle.count(work, key, most=STARTS_OF_A_NETWORK, window_s=LIFE_S)
    secret, user_code = rules.new_secret(), rules.new_user_code()
    while await repository.user_code_taken(work.session, _hashed(work, user_code)):
        user_code = rules.new_user_code()
    row = DeviceRow(
        id=new_id(),
        secret_hash=rules.digest(secret),
        code_hash=_hashed(work, user_code),
        client_name=client_name,
        scopes=[scope for scope in SCOPES if scope in scopes],
        state="pending",
        created_at=work.now,
        expires_at=work.now + timedelta(seconds=LIFE_S),
    )
    await repository.add_device(work.session, row)
    page = f"{work.settings(HouseSettings).address}/device"
    return DeviceStarted(
        device_code=secret,
        user_code=user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?code={quote(user_code)}",
        interval_s=INTERVAL_S,
        expires_in_s=LIFE_S,
    )


async def collect_device(work: Work, device_code: str) -> str:
    """The token of an approved device, once. Raises `DevicePending`, `DeviceDenied` or `DeviceUnknown`."""
    secret_hash = rules.digest(device_code)
    row = await repository.device_by_secret(work.session, secret_hash, work.now)
    if row is not None and row.account_id is not None:
        # The account first, as all others do: it may be ending what it approved.
        await repository.account(work.session, row.account_id, lock=True)
        row = await repository.device_by_secret(work.session, secret_hash, work.now, lock=True)
    if row is None:
        raise DeviceUnknown
    if row.state == "denied":
        raise DeviceDenied
    if row.account_id is None:
        raise DevicePending
    account_id, name, scopes = AccountId(row.account_id), row.client_name, cast(list[TokenScope], row.scopes)
    await repository.delete_device(work.session, row)
    return await access.issue_token(work, account_id, name, "device", scopes=scopes)


async def device(work: Work, user_code: str) -> DeviceInfo:
    """What asks, for whom is about to decide."""
    row = await _pending(work, user_code)
    return DeviceInfo(
        client_name=row.client_name, scopes=cast(list[TokenScope], row.scopes), created_at=row.created_at
    )


async def approve_device(work: Work, user_code: str) -> None:
    """Let the device act for the actor, who sits at a browser. Raises `ProveAgain`."""
    _at_a_browser(work)
    await repository.account(work.session, work.actor.owner(), lock=True)
    row = await _pending(work, user_code)
    proof.require(work)
    await sessions.require_living(work)
    row.state, row.account_id = "approved", work.actor.owner()
    await audit.record(work, "device.approved", about=work.actor.owner(), words={"name": row.client_name})


async def deny_device(work: Work, user_code: str) -> None:
    _at_a_browser(work)
    row = await _pending(work, user_code)
    row.state = "denied"
    await audit.record(work, "device.denied", about=work.actor.owner(), words={"name": row.client_name})


def _at_a_browser(work: Work) -> None:
    if work.actor.via != "session":
        raise BrowserOnly


def _hashed(work: Work, user_code: str) -> bytes:
    """Keyed: eight letters are soon tried."""
    return hmac.digest(signing.secret_of(work.works.settings, "user codes"), user_code.encode(), "sha256")


async def _pending(work: Work, user_code: str) -> DeviceRow:
    """Counts what may be a guess. Raises `DeviceUnknown` or `DeviceDecided`."""
    key = rules.throttle_key("user-code", str(work.actor.owner()))
    await throttle.count(work, key, most=GUESSES, window_s=LIFE_S)
    code_hash = _hashed(work, rules.normalise_user_code(user_code))
    row = await repository.device_by_code(work.session, code_hash, work.now)
    if row is None:
        async with work.outside():
            pass  # the count stands although the request fails
        raise DeviceUnknown
    if row.state != "pending":
        raise DeviceDecided
    return row
