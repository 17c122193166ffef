"""What operators chose for the doors. A setting of the house that is set wins over it.

A process remembers it for two seconds for who merely looks; whoever comes in meets what the database says.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from matinee.features.accounts import service as accounts
from matinee.features.admission import repository
from matinee.features.admission.errors import SettingWins
from matinee.features.admission.schemas import Doors, Mode, Policy, PolicyWish
from matinee.features.admission.settings import AdmissionSettings
from matinee.infra.work import Work, Works

MANAGE = "admission.manage"
REMEMBERED_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """As it counts, settings included."""

    mode: Mode = "open"
    work: bool = False
    question: str = ""
    invitations_per_member: int = 0
    changed_at: datetime | None = None


class _Remembered:
    """One of each process."""

    def __init__(self, works: Works) -> None:
        self.chosen = Chosen()
        self.read_at = float("-inf")

    def take(self, chosen: Chosen) -> None:
        self.chosen, self.read_at = chosen, time.monotonic()

    def forget(self) -> None:
        self.read_at = float("-inf")


async def read(work: Work) -> Chosen:
    """What the database says now."""
    row = await repository.policy(work.session)
    knobs = work.settings(AdmissionSettings)
    chosen = Chosen()
    if row is not None:
        chosen = Chosen(
            mode=cast(Mode, row.mode),
            work=row.work,
            question=row.question,
            invitations_per_member=row.invitations_per_member,
            changed_at=row.changed_at,
        )
    mode = chosen.mode if knobs.signup is None else knobs.signup
    asks_work = chosen.work if knobs.signup_work is None else knobs.signup_work
    return Chosen(
        mode=mode,
        work=asks_work,
        question=chosen.question,
        invitations_per_member=chosen.invitations_per_member,
        changed_at=chosen.changed_at,
    )


async def doors(work: Work) -> Doors:
    """What everybody may know, at most two seconds old."""
    remembered = work.works.held(_Remembered)
    if time.monotonic() - remembered.read_at > REMEMBERED_S:
        remembered.take(await read(work))
    chosen = remembered.chosen
    question = chosen.question if chosen.mode == "approval" else ""
    return Doors(mode=chosen.mode, work=chosen.work and chosen.mode != "closed", question=question)


async def is_chosen(work: Work) -> bool:
    """Whether somebody decided who may come in, here or by a setting."""
    return work.settings(AdmissionSettings).signup is not None or (await read(work)).changed_at is not None


async def show(work: Work) -> Policy:
    """For operators."""
    work.actor.require(MANAGE)
    chosen, knobs = await read(work), work.settings(AdmissionSettings)
    return Policy(
        mode=chosen.mode,
        work=chosen.work,
        question=chosen.question,
        invitations_per_member=chosen.invitations_per_member,
        fixed=_fixed(knobs),
        changed_at=chosen.changed_at,
        waiting=await repository.count_waiting(work.session),
        waiting_most=knobs.signup_waiting_most,
    )


async def change(work: Work, wish: PolicyWish) -> Policy:
    """Counts from the next sign-up on. Raises `ProveAgain`, and `SettingWins` for what a setting says otherwise."""
    work.actor.require(MANAGE)
    accounts.require_proof(work)
    before = await read(work)
    for name in _fixed(work.settings(AdmissionSettings)):
        if getattr(wish, name) != getattr(before, name):
            raise SettingWins(field=name)
    await repository.put_policy(work.session, **wish.model_dump(), changed_at=work.now)
    await accounts.audit.record(
        work,
        "signup.changed",
        before=before.mode,
        after=wish.mode,
        with_work=wish.work,
        question=bool(wish.question),
        invitations=wish.invitations_per_member,
    )
    work.after_commit(work.works.held(_Remembered).forget)
    return await show(work)


def _fixed(knobs: AdmissionSettings) -> list[Literal["mode", "work"]]:
    fixed: list[Literal["mode", "work"]] = []
    if knobs.signup is not None:
        fixed.append("mode")
    if knobs.signup_work is not None:
        fixed.append("work")
    return fixed
