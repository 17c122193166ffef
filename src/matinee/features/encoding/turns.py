"""Whose step is next: start-time fair queueing over the owners of what waits.

Each owner is a flow. A step's turn is the moment of a virtual clock at which it may start: the end of its owner's
step before, or now, whichever is later; a step takes its cost on that clock. Workers take the lowest turn first, so
owners with work share the encoders evenly, whoever came with how much, and none waits for all that another brought
(Goyal, Vin and Cheng, "Start-time fair queuing", 1996). Within an owner the order is free: `line_up` follows it.

Pure; `service.ordering` keeps the turns in the tables.
"""

from collections.abc import Iterable, Sequence

UNIT = 500.0
"""Millions of encoded pixels in one tick of the virtual clock: a second or two of one core."""


def cost(weight: float) -> int:
    """Ticks of a step that weighs `weight` millions of pixels."""
    return max(1, round(weight / UNIT))


def clock(running: Iterable[int], waiting: Iterable[int]) -> int | None:
    """The virtual clock: the turn that was taken last, else the next one; None when nothing is there."""
    taken = max(running, default=None)
    return min(waiting, default=None) if taken is None else taken


def line_up(start: int, costs: Sequence[int]) -> tuple[list[int], int]:
    """Turns of one owner's steps, in their order, from `start` on; and where the next one may start."""
    turns = []
    for ticks in costs:
        turns.append(start)
        start += ticks
    return turns, start
