"""First start of a house: the operator's account and the local command's token. Idempotent."""

import asyncio
import os
from pathlib import Path

from sqlalchemy import text

from matinee.entrypoints.parts import assemble
from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import LeakedPassword, WeakPassword
from matinee.features.admin import service as admin
from matinee.features.people import service as people
from matinee.kernel.errors import Invalid
from matinee.kernel.settings import Settings

CLI_TOKEN_FILE = "cli-token"
OPERATOR_EMAIL = "operator@localhost.localdomain"
OPERATOR_HANDLE = "operator"
LOCK = 7_283_114


def ensure_operator(settings: Settings) -> str | None:
    """Make the operator's account where nobody owns the house yet; returns its one-time password when it was made
    up here, None when it existed or came from MATINEE_ADMIN_PASSWORD. Also keeps `cli-token` (0600) valid."""
    return asyncio.run(_ensure(settings))


async def _ensure(settings: Settings) -> str | None:
    parts = assemble(settings)
    made_up: str | None = None
    try:
        async with parts.works.open() as work:
            # Two machines may come here at once: the second one finds the first one's operator.
            await work.session.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            operator_id = await accounts.first_owner(work)
            if operator_id is None:
                given = settings.of(accounts.AccountsSettings).admin_password
                password = given.get_secret_value() if given is not None else accounts.new_first_password()
                try:
                    account = await accounts.create(
                        work, OPERATOR_EMAIL, password, roles=("owner", "creator"), made_up=given is None
                    )
                except (WeakPassword, LeakedPassword) as error:
                    raise Invalid(f"MATINEE_ADMIN_PASSWORD cannot be used: {error.detail}") from None
                await people.create(work, account.id, OPERATOR_HANDLE, "Operator")
                await admin.begin_first_steps(work)
                operator_id = account.id
                made_up = None if given is not None else password
            path = settings.house.data_dir / CLI_TOKEN_FILE
            known = _read(path)
            if known is None or await accounts.authenticate(work, known) is None:
                token = await accounts.issue_token(work, operator_id, "matinee command on this machine")
                work.after_commit(lambda: _write(path, token))
    finally:
        await parts.database.close()
    return made_up


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(path: Path, token: str) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token)
    os.replace(temporary, path)
