"""What takes two requests: short-lived, bound to the browser or session that began it, and over when it was used."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from matinee.features.accounts.repository import factors as repository
from matinee.features.accounts.rules import digest, new_secret
from matinee.infra.work import Work

Kind = Literal["ticket", "second", "alone", "register", "prove"]
LIFE_S = 300


async def begin(
    work: Work, kind: Kind, bound_to: str, *, account_id: UUID | None = None, challenge: bytes | None = None
) -> None:
    """`bound_to` is a secret of the browser, or the key of a session. In place of the one before of this kind."""
    await repository.put_step(
        work.session,
        kind=kind,
        bound_to=digest(bound_to),
        account_id=account_id,
        challenge=challenge,
        expires_at=work.now + timedelta(seconds=LIFE_S),
    )


async def take(work: Work, kind: Kind, bound_to: str | None) -> tuple[UUID | None, bytes | None] | None:
    """End it, whatever becomes of this request: whose it is and its challenge. None when it is over."""
    if not bound_to:
        return None
    found = await repository.take_step_of(work.session, kind, digest(bound_to), work.now)
    async with work.outside():
        pass  # it counts once, also where what follows fails
    return found


__all__ = ["LIFE_S", "Kind", "begin", "new_secret", "take"]
