"""Work that a computer does before somebody signs up: handed out without keeping anything, and counted once.

A challenge is signed, so that none need be remembered; a solved one is, for an hour, so that none is used twice. It is
bound to nobody: not to an address, a browser or a name.
"""

import asyncio
import secrets
from datetime import timedelta

from matinee.features.accounts import service as accounts
from matinee.features.admission import repository, rules
from matinee.features.admission.errors import WorkNeeded, WorkOver, WorkWrong
from matinee.features.admission.schemas import ALGORITHM, ANSWERS, Challenge, Solved
from matinee.features.admission.settings import AdmissionSettings
from matinee.infra.work import Work

LIFE = timedelta(minutes=10)
SPENT_KEPT = timedelta(hours=1)


async def challenge(work: Work) -> Challenge:
    """Harder the more of them were used in the last hour."""
    lately = await repository.spent_since(work.session, work.now - SPENT_KEPT)
    salt = secrets.token_urlsafe(16)
    expires_at = (work.now + LIFE).replace(microsecond=0)
    tries = rules.tries(lately, work.settings(AdmissionSettings).signup_calm)
    signature = rules.signature(_secret(work), ALGORITHM, salt, ANSWERS, tries, expires_at)
    return Challenge(salt=salt, tries=tries, expires_at=expires_at, signature=signature)


async def take(work: Work, solved: Solved | None) -> None:
    """A challenge counts once, however many show it at the same moment. Ends the transaction. Raises `WorkNeeded`,
    `WorkWrong` and `WorkOver`."""
    if solved is None:
        raise WorkNeeded(field="work")
    signature = rules.signature(
        _secret(work), solved.algorithm, solved.salt, solved.answers, solved.tries, solved.expires_at
    )
    if not rules.same(signature, solved.signature) or len(solved.numbers) != solved.answers:
        raise WorkWrong(field="work")
    if solved.expires_at <= work.now or await repository.is_spent(work.session, solved.salt):
        raise WorkOver
    async with work.outside():
        if not await asyncio.to_thread(_right, solved):
            raise WorkWrong(field="work")
    if not await repository.spend(work.session, solved.salt, work.now):
        raise WorkOver


def _right(solved: Solved) -> bool:
    return all(
        rules.solves(solved.salt, part, number, solved.tries) for part, number in enumerate(solved.numbers)
    )


def _secret(work: Work) -> bytes:
    return accounts.secret_of(work.works.settings, "sign-up challenges")
