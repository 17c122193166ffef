"""Step-up: sensitive acts need a proof of the last ten minutes. The session remembers when its person gave one."""

from datetime import timedelta

from matinee.features.accounts.errors import BrowserOnly, ProveAgain
from matinee.infra.work import Work

FRESH = timedelta(minutes=10)


def require(work: Work) -> None:
    """Raises `ProveAgain` where the proof is too old, and `BrowserOnly` for a program, which cannot give one. The house
    itself needs none."""
    actor = work.actor
    if actor.is_system:
        return
    actor.owner()
    if actor.via != "session":
        raise BrowserOnly("Do this in a browser where you are signed in; a program cannot.")
    if actor.proven_at is None or work.now - actor.proven_at > FRESH:
        raise ProveAgain
