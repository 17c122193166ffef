"""What the room tells people about themselves. Never a secret: no hash of a password, no seed, no token."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from matinee.features.accounts import repository
from matinee.features.accounts.repository import factors as factor_rows
from matinee.features.accounts.repository import sessions as session_rows
from matinee.features.accounts.repository import standing as standing_rows
from matinee.features.accounts.service import looking_back, members
from matinee.infra.room import Told
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

NOTICES_MOST = 10_000
STANDING_MOST = 10_000
PAGE = 200
_DEVICE = "Browser and system, as the browser named itself."
_PLACE = "Kind of network, and four letters that are the same for the same neighbourhood within a month."
_MADE, _USED = "When it was made.", "When it was used last; null for never."

TOLD = (
    Told(
        file="account.json",
        about="Your account.",
        tables=("accounts_account", "accounts_pseudonym"),
        fields={
            "id": "The account's id in this house.",
            "kind": "`person`, or `service` for a program's own.",
            "email": "The address that you sign in with.",
            "roles": "What you may do.",
            "theme": "Light, dark, or what the device says.",
            "created_at": _MADE,
            "email_verified_at": "When you showed that you read mail there; null for never.",
            "seen_at": "When it was last used, to an hour; null for never.",
        },
    ),
    Told(
        file="standing.ndjson",
        about="When your account was suspended or limited, newest first.",
        tables=("accounts_restriction",),
        fields={
            "kind": "suspended or limited.",
            "reason": "What you were told.",
            "since": "From when.",
            "until": "When it ends by itself; null for never.",
            "lifted_at": "When an operator ended it before; null if none did.",
        },
    ),
    Told(
        file="looks.ndjson",
        about="When an operator looked at this house through your eyes, newest first.",
        tables=("accounts_look",),
        fields={
            "reason": "What they gave for it.",
            "since": "From when.",
            "until": "Until when at most.",
            "ended_at": "When it ended before; null if it did not.",
        },
    ),
    Told(
        file="sessions.ndjson",
        about="Browsers where you are signed in.",
        tables=("accounts_session",),
        fields={
            "device": _DEVICE,
            "place": _PLACE,
            "created_at": "When you signed in.",
            "last_used_at": "When it was used last, to five minutes.",
            "expires_at": "When it ends without another visit.",
        },
    ),
    Told(
        file="notices.ndjson",
        about="What you were told about your sign-ins.",
        tables=("accounts_notice",),
        fields={
            "kind": "What happened.",
            "device": f"{_DEVICE} Or the program that it is about.",
            "place": f"{_PLACE} Or of which service, and when that program's access ends.",
            "at": "When.",
        },
    ),
    Told(
        file="programs.ndjson",
        about="Programs and devices that may act for you.",
        tables=("accounts_token", "accounts_device"),
        fields={
            "name": "As you or it named it.",
            "via": "How it was made; `waiting` for a device that has not fetched its token.",
            "scopes": "What it may do.",
            "created_at": _MADE,
            "expires_at": "When it ends; null for never.",
            "last_used_at": _USED,
        },
    ),
    Told(
        file="factors.ndjson",
        about="Second factors and recovery codes.",
        tables=("accounts_totp", "accounts_passkey", "accounts_recovery_code"),
        fields={
            "kind": "app, passkey, or recovery_codes.",
            "name": "As you named it.",
            "count": "How many codes are left.",
            "created_at": _MADE,
            "last_used_at": _USED,
        },
    ),
    Told(
        file="letters.ndjson",
        about="Letters on their way to you, and links in letters that can still be used.",
        tables=("accounts_letter",),
        fields={"kind": "What it is about.", "address": "Where it goes.", "created_at": _MADE},
    ),
    Told(
        file="acts.ndjson",
        about="What was done with your account, and what you did, newest first.",
        tables=("accounts_audit",),
        fields={
            "at": "When.",
            "act": "What, as thing.done.",
            "who": "you, operator, house, or nobody for somebody who was not signed in.",
            "facts": "What else is known of it.",
            "words": "Names, titles and ids in it.",
        },
    ),
)
UNTOLD = {
    "accounts_audit_head": "The end of the log of what was done; about no person.",
    "accounts_cut": "Ids of sessions that ended, for an hour.",
    "accounts_factor_role": "Roles of which a second factor is asked.",
    "accounts_key": "The house's own keys.",
    "accounts_refusal": "Numbers of refused sign-ins, until they stand in acts.ndjson ten minutes later.",
    "accounts_seen": "Keyed hashes of device and network where you signed in or chose a password by a link, for"
    " MATINEE_NOTICE_DAYS.",
    "accounts_step": "Half of a sign-in, for five minutes.",
    "accounts_throttle": "Keyed hashes of who tried how often, for a day.",
}


async def export(work: Work, account_id: AccountId) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
    """Everything kept about the account, without secrets."""
    account = await members.get(work, account_id)
    if account is None:
        return
    yield "account.json", account.model_dump(mode="json")
    for restriction in await standing_rows.all_of(work.session, account_id, STANDING_MOST):
        yield "standing.ndjson", _named(restriction, "kind", "reason", "since", "until", "lifted_at")
    for look in await standing_rows.looks_told(work.session, account_id):
        yield "looks.ndjson", _named(look, "reason", "since", "until", "ended_at")
    for session in await session_rows.of(work.session, account_id, work.now):
        yield (
            "sessions.ndjson",
            _named(session, "device", "place", "created_at", "expires_at")
            | {"last_used_at": _moment(session.refreshed_at)},
        )
    for notice in await session_rows.notices(work.session, account_id, NOTICES_MOST):
        yield "notices.ndjson", _named(notice, "kind", "device", "place", "at")
    for token in await repository.tokens(work.session, account_id, work.now):
        yield (
            "programs.ndjson",
            _named(token, "name", "via", "scopes", "created_at", "expires_at", "last_used_at"),
        )
    for device in await repository.devices_of(work.session, account_id):
        yield (
            "programs.ndjson",
            {"name": device.client_name, "via": "waiting"}
            | _named(device, "scopes", "created_at", "expires_at"),
        )
    app = await factor_rows.totp(work.session, account_id)
    if app is not None:
        yield "factors.ndjson", {"kind": "app"} | _named(app, "created_at", "last_used_at")
    for passkey in await factor_rows.passkeys(work.session, account_id):
        yield "factors.ndjson", {"kind": "passkey"} | _named(passkey, "name", "created_at", "last_used_at")
    if left := await factor_rows.count_recovery_codes(work.session, account_id):
        yield "factors.ndjson", {"kind": "recovery_codes", "count": left}
    for letter in await repository.letters_of(work.session, account_id, work.now):
        yield "letters.ndjson", _named(letter, "kind", "address", "created_at")
    cursor: str | None = None
    while True:
        page = await looking_back.acts_of(work, account_id, cursor=cursor, limit=PAGE)
        for act in page.items:
            yield "acts.ndjson", act.model_dump(mode="json", exclude={"id"})
        cursor = page.next_cursor
        if cursor is None:
            return


def _named(row: object, *fields: str) -> dict[str, Any]:
    return {name: _moment(getattr(row, name)) for name in fields}


def _moment(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
