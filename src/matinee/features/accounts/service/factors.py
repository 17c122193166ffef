"""Second factors of an account: an app that makes codes, passkeys, and recovery codes for when both are lost."""

from typing import Any
from uuid import UUID

from prometheus_client import Counter

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import (
    LastFactor,
    NoSuchAccount,
    NoSuchFactor,
    PasskeyRefused,
    SlowDown,
    WrongCode,
)
from matinee.features.accounts.models import AccountRow, RecoveryCodeRow
from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.repository import sessions as session_rows
from matinee.features.accounts.rules import places, recovery_codes, throttle_key
from matinee.features.accounts.rules import totp as app_rules
from matinee.features.accounts.schemas import (
    AppDraft,
    AppInfo,
    FactorAdded,
    FactorKind,
    Factors,
    FactorsReset,
    PasskeyInfo,
    PasskeyOptions,
    RecoveryCodes,
)
from matinee.features.accounts.service import (
    audit,
    gate,
    notices,
    passkeys,
    proof,
    reach,
    refusals,
    required,
    sessions,
    steps,
    throttle,
    totp,
)
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId, new_id
from matinee.kernel.network import network_of

CHECKS = Counter(
    "matinee_factor_checks_total",
    "Second factors shown, by kind and whether they were right.",
    ["kind", "outcome"],
    registry=REGISTRY,
)
TRIES = 10
TRIES_WINDOW_S = 900
"""Of one account from one network: a right code starts anew."""
A_DAY, OWN_A_DAY = 30, 100
"""Codes of an app that all networks together may try on an account, and those where its owner is signed in."""
DAY_S = 86_400


async def kinds(work: Work, account_id: UUID) -> list[FactorKind]:
    """What a second step may be; empty where the password is enough."""
    found: list[FactorKind] = []
    if await repository.passkeys(work.session, account_id) and passkeys.possible(work):
        found.append("passkey")
    if await repository.totp(work.session, account_id) is not None:
        found.append("app")
    if await repository.has_any(work.session, account_id):
        found.append("recovery_code")
    return found


async def is_ready(work: Work, account_id: UUID) -> bool:
    """Whether one is set up, with recovery codes for the day when it is lost. Asks nobody's leave."""
    return (
        await repository.has_any(work.session, account_id)
        and await repository.count_recovery_codes(work.session, account_id) > 0
    )


async def own(work: Work) -> Factors:
    """The actor's."""
    account_id = work.actor.owner()
    account = await accounts.account(work.session, account_id)
    if account is None:
        raise NoSuchAccount
    app = await repository.totp(work.session, account_id)
    return Factors(
        app=None if app is None else AppInfo.model_validate(app, from_attributes=True),
        passkeys=[
            PasskeyInfo.model_validate(row, from_attributes=True)
            for row in await repository.passkeys(work.session, account_id)
        ],
        recovery_codes_left=await repository.count_recovery_codes(work.session, account_id),
        required=await required.of_roles(work, account.roles),
        passkeys_possible=passkeys.possible(work),
    )


async def draft_app(work: Work) -> AppDraft:
    """The secret for an app. Raises `ProveAgain`."""
    proof.require(work)
    return await totp.draft(work, work.actor.owner())


async def confirm_app(work: Work, code: str) -> FactorAdded:
    """The app counts from its first right code on. Raises `ProveAgain`, `NoSuchFactor`, `WrongCode` and `SlowDown`."""
    proof.require(work)
    account_id = work.actor.owner()
    key = throttle_key("confirm-app", str(account_id))
    await _count(work, key, TRIES, TRIES_WINDOW_S)
    account, first = await _locked(work, account_id)
    if not await totp.confirm(work, account_id, code):
        raise WrongCode(field="code")
    await throttle.forgive(work, key)
    return await _added(work, account, "app", None, first=first)


async def remove_app(work: Work) -> None:
    """Raises `ProveAgain`, `NoSuchFactor` and `LastFactor`."""
    proof.require(work)
    account, _ = await _locked(work, work.actor.owner())
    if not await repository.delete_totp(work.session, account.id):
        raise NoSuchFactor
    await _removed(work, account, "app", None)


async def passkey_options(work: Work) -> PasskeyOptions:
    """For another passkey. Raises `ProveAgain`, `TooManyPasskeys` and `NoPasskeysHere`."""
    proof.require(work)
    return await passkeys.register_options(work)


async def add_passkey(work: Work, name: str, credential: dict[str, Any]) -> FactorAdded:
    """Raises `ProveAgain`, `ChallengeOver`, `PasskeyRefused` and `PasskeyKnown`."""
    proof.require(work)
    challenge = await passkeys.registration(work)
    account, first = await _locked(work, work.actor.owner())
    await passkeys.register(work, name, credential, challenge)
    return await _added(work, account, "passkey", name, first=first)


async def remove_passkey(work: Work, passkey_id: UUID) -> None:
    """Raises `ProveAgain`, `NoSuchFactor` and `LastFactor`."""
    proof.require(work)
    account, _ = await _locked(work, work.actor.owner())
    name = await repository.delete_passkey(work.session, account.id, passkey_id)
    if name is None:
        raise NoSuchFactor
    await _removed(work, account, "passkey", name)


async def new_recovery_codes(work: Work) -> RecoveryCodes:
    """Ten new ones in place of all others. Raises `ProveAgain`, and `NoSuchFactor` where no factor is on."""
    proof.require(work)
    account, none = await _locked(work, work.actor.owner())
    if none:
        raise NoSuchFactor
    await audit.record(work, "factor.codes_made", about=AccountId(account.id))
    return RecoveryCodes(codes=await _make_codes(work, account.id))


async def reset(work: Work, account_id: AccountId, asked: FactorsReset) -> None:
    """Remove all factors of somebody who lost them: every session ends, and the owner hears of it, and reads how the
    operator made sure who asks. Raises `NoSuchFactor` where there is none, and what `reach.lock` does."""
    await reach.lock(work, account_id)
    account, without = await _locked(work, account_id)
    if without:
        raise NoSuchFactor
    await repository.delete_all(work.session, account.id)
    await repository.drop_steps(work.session, account.id)
    await sessions.end_sessions(work, account_id)
    await notices.note_operator(work, account.id, "factors_reset")
    await audit.record(work, "factor.reset", about=account_id, words={"reason": asked.made_sure})


async def check_code(work: Work, account_id: UUID, code: str, *, address: str, agent: str) -> None:
    """Take a code of the app, or a recovery code, once. Tries are counted before they are made. Raises `WrongCode` and
    `SlowDown`. What strangers try keeps nobody out who is signed in at the same network, or holds a recovery code or
    a passkey."""
    near = throttle_key("code", str(account_id), network_of(address))
    await throttle.count(work, near, most=TRIES, window_s=TRIES_WINDOW_S)
    from_app = app_rules.is_code(code)
    day = b""
    if from_app:
        held = await session_rows.of(work.session, account_id, work.now)
        known = notices.place(work, account_id, address) in {one.place for one in held}
        day = throttle_key("codes", str(account_id), "known" if known else "elsewhere")
        try:
            await throttle.count(work, day, most=OWN_A_DAY if known else A_DAY, window_s=DAY_S)
        except SlowDown as error:
            raise SlowDown(
                "Too many wrong codes today. Use a passkey or a recovery code.", **error.facts
            ) from None
    async with work.outside():
        pass  # the counts stand although the request fails
    if from_app:
        outcome = await totp.check(work, account_id, code)
        right = outcome == "right"
        if outcome == "again":
            await notices.note_once_a_day(work, account_id, "code_again", address=address, agent=agent)
    else:
        hashed = recovery_codes.digest(account_id, code)
        right = await repository.take_recovery_code(work.session, account_id, hashed)
    CHECKS.labels("app" if from_app else "recovery_code", "right" if right else "wrong").inc()
    if not right:
        await refusals.note(work, account_id, "code", address=address)
        raise WrongCode(field="code")
    await throttle.forgive(work, near)
    if from_app:
        await throttle.take_back(work, day)
    else:
        await _record_stranger(
            work, "factor.code_used", account_id, address=address, agent=agent, by_owner=True
        )
        await notices.note(work, account_id, "recovery_code_used", address=address, agent=agent)


async def check_passkey(
    work: Work,
    step: steps.Kind,
    bound_to: str | None,
    credential: dict[str, Any],
    *,
    account_id: UUID | None,
    address: str,
    agent: str,
) -> UUID:
    """Whose passkey answered the challenge of this step. Raises `ChallengeOver` and `PasskeyRefused`."""
    try:
        shown = await passkeys.check(
            work, step, bound_to, credential, account_id=account_id, verified=step != "second"
        )
    except PasskeyRefused:
        CHECKS.labels("passkey", "wrong").inc()
        await refusals.note(work, account_id, "passkey", address=address)
        raise
    CHECKS.labels("passkey", "right" if shown.counts_on else "copied").inc()
    if not shown.counts_on:
        await notices.note(work, shown.account_id, "passkey_copied", address=address, agent=agent)
        await _record_stranger(work, "factor.copied", shown.account_id, address=address, agent=agent)
        async with work.outside():
            pass  # notice and entry stand although the request fails
        raise PasskeyRefused
    return shown.account_id


async def _count(work: Work, key: bytes, most: int, window_s: float) -> None:
    await throttle.count(work, key, most=most, window_s=window_s)
    async with work.outside():
        pass  # the count stands although the request fails


async def _locked(work: Work, account_id: UUID) -> tuple[AccountRow, bool]:
    """The account, and whether no factor of it is on: one change at a time."""
    account = await accounts.account(work.session, account_id, lock=True)
    if account is None:
        raise NoSuchAccount
    await sessions.require_living(work)
    return account, not await repository.has_any(work.session, account_id)


async def _record_stranger(
    work: Work, act: str, account_id: UUID, *, address: str, agent: str, by_owner: bool = False
) -> None:
    """Where nobody may be signed in yet: device and place are those of the request."""
    owner = AccountId(account_id)
    device, place = places.device_of(agent), notices.place(work, account_id, address)
    by = owner if by_owner else None
    await audit.record(work, act, about=owner, by=by, device=device, place=place)


async def _added(
    work: Work, account: AccountRow, kind: FactorKind, name: str | None, *, first: bool
) -> FactorAdded:
    await notices.note_own(work, "factor_added")
    words = None if name is None else {"name": name}
    await audit.record(work, "factor.added", about=AccountId(account.id), words=words, kind=kind)
    if not first:
        return FactorAdded(recovery_codes=None)
    await _look_again(work, account)
    return FactorAdded(recovery_codes=await _make_codes(work, account.id))


async def _removed(work: Work, account: AccountRow, kind: FactorKind, name: str | None) -> None:
    await notices.note_own(work, "factor_removed")
    words = None if name is None else {"name": name}
    await audit.record(work, "factor.removed", about=AccountId(account.id), words=words, kind=kind)
    if await repository.has_any(work.session, account.id):
        return
    if await required.of_roles(work, account.roles):
        raise LastFactor
    await repository.delete_all(work.session, account.id)


async def _make_codes(work: Work, account_id: UUID) -> list[str]:
    await repository.delete_recovery_codes(work.session, account_id)
    codes = [recovery_codes.new_code() for _ in range(recovery_codes.COUNT)]
    rows = [
        RecoveryCodeRow(
            id=new_id(),
            account_id=account_id,
            code_hash=recovery_codes.digest(account_id, code),
            created_at=work.now,
        )
        for code in codes
    ]
    await repository.add(work.session, *rows)
    return codes


async def _look_again(work: Work, account: AccountRow) -> None:
    """Browsers and sockets that were held back until there is a factor go on."""
    if await required.of_roles(work, account.roles):
        held = await session_rows.of(work.session, account.id, work.now)
        tokens = await accounts.tokens(work.session, account.id, work.now)
        await gate.look_again(work, [one.id for one in held] + [one.id for one in tokens])
