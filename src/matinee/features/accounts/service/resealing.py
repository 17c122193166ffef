"""After MATINEE_SECRET was replaced: what the former secret sealed is sealed anew under the present one.

Never keeps or logs either. Ends of the audit log stay sealed as they are: see `chaining`.
"""

from matinee.features.accounts.repository import factors as factor_rows
from matinee.features.accounts.repository import sessions as rows
from matinee.features.accounts.schemas import Resealed
from matinee.features.accounts.service import audit, sealing, signing, totp
from matinee.infra.work import Work


async def reseal(work: Work, former: bytes) -> Resealed:
    """Secrets of apps and private signing keys, in one transaction. Idempotent; what the former secret does not open
    stays as it is, and is counted as `left`."""
    work.actor.require("accounts.manage")
    settings = work.works.settings
    await rows.lock_keys(work.session)
    apps, left = 0, 0
    old, new = signing.derived(former, totp.PURPOSE), signing.secret_of(settings, totp.PURPOSE)
    for app in await factor_rows.every_totp(work.session, but_seal=sealing.name_of(new)):
        plain = sealing.opened(app.sealed, old)
        if plain is None:
            left += 1
            continue
        app.sealed, app.seal = sealing.seal(plain, new), sealing.name_of(new)
        apps += 1
    keys = 0
    old, new = signing.derived(former, signing.PURPOSE), signing.secret_of(settings, signing.PURPOSE)
    for key in await rows.keys(work.session, work.now):
        plain = (
            sealing.opened(key.sealed, old)
            if key.seal == sealing.name_of(old) != sealing.name_of(new)
            else None
        )
        if plain is not None:
            key.sealed, key.seal = sealing.seal(plain, new), sealing.name_of(new)
            keys += 1
    await audit.record(work, "keys.resealed", apps=apps, keys=keys, left=left)
    return Resealed(apps=apps, keys=keys, left=left)
