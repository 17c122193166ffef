"""Which first steps there are, and how each stands. Without database or clock."""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

from matinee.features.admin.schemas import StepName, StepState

STEPS: Final[tuple[StepName, ...]] = get_args(StepName)
"""In the order in which they are best taken."""


def states(done: Mapping[StepName, bool], skipped: Sequence[str]) -> dict[StepName, StepState]:
    """What is done counts as done, also where it was skipped before."""
    return {name: "done" if done[name] else "skipped" if name in skipped else "todo" for name in STEPS}


def is_open(states: Mapping[StepName, StepState], *, begun: bool, put_away: bool) -> bool:
    """Whether operators are led to the steps: in a new house, until nothing is to do or they are put away."""
    return begun and not put_away and "todo" in states.values()
