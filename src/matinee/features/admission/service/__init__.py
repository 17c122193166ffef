"""The verbs of admission: the only door for other rooms."""

from datetime import timedelta

from prometheus_client import Gauge

from matinee.features.admission import repository
from matinee.features.admission.service.applications import (
    approve,
    erase_refused,
    own,
    queue,
    refuse,
    withdraw,
)
from matinee.features.admission.service.coming import admit, ask_letter, settle
from matinee.features.admission.service.invitations import (
    KEPT_AFTER,
    every,
    make,
    make_own,
    revoke,
    revoke_own,
)
from matinee.features.admission.service.invitations import own as own_invitations
from matinee.features.admission.service.policy import MANAGE, change, doors, is_chosen, show
from matinee.features.admission.service.telling import TOLD, UNTOLD, erase, export
from matinee.features.admission.service.working import SPENT_KEPT, challenge
from matinee.infra.telemetry import REGISTRY
from matinee.infra.work import Work

APPLY = "admission.apply"
"""The permission that is left to whoever waits to be let in."""
WAITING = Gauge("matinee_signups_waiting", "People who wait to be let in.", registry=REGISTRY)


async def tidy(work: Work) -> None:
    """Erase who was refused a week ago; forget invitations and challenges whose time is over."""
    await erase_refused(work)
    now = work.now
    await repository.prune(
        work.session, invitations=now - KEPT_AFTER, spent=now - SPENT_KEPT - timedelta(minutes=1)
    )


async def count_waiting(work: Work) -> int:
    """People who wait to be let in."""
    return await repository.count_waiting(work.session)


async def refresh_metrics(work: Work) -> None:
    WAITING.set(await count_waiting(work))


__all__ = [
    "APPLY",
    "MANAGE",
    "TOLD",
    "UNTOLD",
    "admit",
    "approve",
    "ask_letter",
    "challenge",
    "change",
    "count_waiting",
    "doors",
    "erase",
    "every",
    "export",
    "is_chosen",
    "make",
    "make_own",
    "own",
    "own_invitations",
    "queue",
    "refresh_metrics",
    "refuse",
    "revoke",
    "revoke_own",
    "settle",
    "show",
    "tidy",
    "withdraw",
]
