"""Frame rates: what rate a source really has, and which steady rate it is shown at.

Pure numbers; never opens anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

MAX_FPS = 60
_MIN_FPS = 5
_STANDARD = tuple(
    Fraction(rate)
    for rate in (
        "24000/1001",
        "24",
        "25",
        "30000/1001",
        "30",
        "48",
        "50",
        "60000/1001",
        "60",
        "15",
        "12",
        "10",
        "20",
    )
)
_SNAP = 0.0004
_LOOSE_SNAP = 0.04


@dataclass(frozen=True, slots=True)
class Rate:
    fps: Fraction
    variable: bool


def rate_of(times_s: Sequence[float], declared: Fraction | None, guessed: Fraction | None) -> Rate:
    """The rate of frames shown at these sorted times; `declared` and `guessed` stand in when there are too
    few."""
    steps = [b - a for a, b in pairwise(times_s) if b - a > 1e-6]
    if len(steps) < 2:
        return Rate(steady(declared or guessed or Fraction(25), _SNAP), False)
    ordered = sorted(steps)
    # A frame that was dropped here and there makes no slower film.
    middle_s = ordered[len(ordered) // 2]
    usual = [step for step in steps if 0.5 * middle_s < step < 1.5 * middle_s]
    mean_s = sum(usual) / len(usual)
    # Containers that count in milliseconds wobble by one; a real change of rate moves a frame by half a step.
    low_s, high_s = ordered[len(ordered) // 50], ordered[-1 - len(ordered) // 50]
    if high_s - low_s <= max(0.0021, mean_s * 0.1) and ordered[-1] < mean_s * 3:
        return Rate(steady(Fraction(1 / mean_s).limit_denominator(1_000_000), 0.002), False)
    # Shown at the rate of its quick passages: nothing is lost, slow passages repeat frames.
    quick = [step for step in ordered if step <= 1.5 * ordered[len(ordered) // 4]]
    quick_s = sum(quick) / len(quick)
    return Rate(steady(Fraction(1 / quick_s).limit_denominator(1_000_000), _LOOSE_SNAP), True)


def steady(fps: Fraction, tolerance: float = _SNAP) -> Fraction:
    """The nearest rate with a name within a relative tolerance, else a simple fraction; positive, at most
    1000."""
    fps = min(max(fps, Fraction(1, 100)), Fraction(1000))
    nearest = min(_STANDARD, key=lambda rate: abs(rate - fps))
    if abs(nearest - fps) <= nearest * Fraction(tolerance):
        return nearest
    return fps.limit_denominator(100) if tolerance >= _LOOSE_SNAP else fps.limit_denominator(1001)


def shown_at(fps: Fraction) -> Fraction:
    """The constant rate of the ladder for a source of this rate: at most 60, at least 5, a whole part or
    multiple."""
    rate = fps
    divisor = 2
    while rate > MAX_FPS + Fraction(1, 100):
        rate, divisor = fps / divisor, divisor + 1
    factor = 2
    while rate < _MIN_FPS:
        rate, factor = fps * factor, factor + 1
    return rate
