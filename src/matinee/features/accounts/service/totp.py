"""Codes of an app: the secret made and confirmed, and codes taken once. Never counts tries."""

import io
from datetime import timedelta
from typing import Literal
from uuid import UUID

import segno

from matinee.features.accounts import repository as accounts
from matinee.features.accounts.errors import FactorSealed, NoSuchAccount, NoSuchFactor
from matinee.features.accounts.models import TotpRow
from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.rules import totp as rules
from matinee.features.accounts.schemas import AppDraft
from matinee.features.accounts.service import sealing, signing
from matinee.infra.work import Work
from matinee.kernel.ids import new_id

Outcome = Literal["right", "wrong", "again"]
PURPOSE = "second factors"
DRAFT_LIFE = timedelta(hours=1)


async def draft(work: Work, account_id: UUID) -> AppDraft:
    """A new secret; it counts after its first right code. One that counts already stays until then."""
    account = await accounts.account(work.session, account_id)
    if account is None or account.email is None:
        raise NoSuchAccount
    secret, key = rules.new_secret(), _key(work)
    await repository.delete_totp(work.session, account_id, drafts_alone=True)
    row = TotpRow(
        id=new_id(),
        account_id=account_id,
        sealed=sealing.seal(secret, key),
        seal=sealing.name_of(key),
        last_step=0,
        created_at=work.now,
    )
    await repository.add(work.session, row)
    uri = rules.uri(secret, account.email)
    return AppDraft(secret=secret, uri=uri, qr_svg=_picture(uri))


async def confirm(work: Work, account_id: UUID, code: str) -> bool:
    """The draft counts from now on, in place of the one before. False for a wrong code; raises `NoSuchFactor`."""
    row = await repository.totp(work.session, account_id, draft_since=work.now - DRAFT_LIFE)
    if row is None:
        raise NoSuchFactor
    if await _take(work, row, code) != "right":
        return False
    row.confirmed_at = work.now
    await repository.delete_totp(work.session, account_id, but=row.id)
    return True


async def check(work: Work, account_id: UUID, code: str) -> Outcome:
    """`right` for a code of now that nobody used before, `again` for one that somebody did."""
    row = await repository.totp(work.session, account_id)
    return "wrong" if row is None else await _take(work, row, code)


async def _take(work: Work, row: TotpRow, code: str) -> Outcome:
    secret = sealing.opened(row.sealed, _key(work))
    if secret is None:
        raise FactorSealed
    step = rules.step_of(secret, code, work.now)
    if step is None:
        return "wrong"
    return "right" if await repository.take_step(work.session, row.id, step, work.now) else "again"


def _key(work: Work) -> bytes:
    return signing.secret_of(work.works.settings, PURPOSE)


def _picture(uri: str) -> str:
    """Black on white in both themes: cameras read nothing else as well."""
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", scale=5, border=4, light="#fff", xmldecl=False)
    return drawn.getvalue().decode()
