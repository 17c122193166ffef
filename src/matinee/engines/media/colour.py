"""From high dynamic range to what every screen shows, as a table for still pictures. Pure numbers.

The same curve as the filters of `encode`: white of standard range at 203 cd/m² (ITU-R BT.2408), everything below 0.6 of
it as it is, highlights folded into the rest by a Möbius curve.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

WHITE_CD = 203.0
KNEE = 0.6
_PEAK_CD = 1000.0
"""Of the display that HLG is meant for (ITU-R BT.2100), and of what PQ masters usually use."""

# Rec. 2020 to Rec. 709 primaries, linear light (ITU-R BT.2087).
_TO_709 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)
_DISPLAY_GAMMA = 2.4
"""Of a screen (ITU-R BT.1886): what is shown counts, not what a camera would have written."""
_HLG_GAMMA = 1.2


def sdr_table(transfer: str, size: int = 33) -> list[float]:
    """R', G', B' of Rec. 709 for every R'G'B' of Rec. 2020 on a cube of `size`³ points, red fastest, all 0 to 1.
    `transfer`: `smpte2084` or `arib-std-b67`."""
    linear = {"smpte2084": _pq, "arib-std-b67": _hlg}[transfer]
    steps = [i / (size - 1) for i in range(size)]
    return [part for b in steps for g in steps for r in steps for part in _point((r, g, b), linear)]


def _point(
    coded: tuple[float, float, float], linear: Callable[[Sequence[float]], Sequence[float]]
) -> tuple[float, float, float]:
    light = [max(0.0, value) for value in linear(coded)]
    shown = [max(0.0, sum(w * x for w, x in zip(row, light, strict=True))) for row in _TO_709]
    brightest = max(shown)
    scale = _fold(brightest) / brightest if brightest > 0 else 0.0
    r, g, b = (min(1.0, value * scale) ** (1 / _DISPLAY_GAMMA) for value in shown)
    return r, g, b


def _pq(coded: Sequence[float]) -> list[float]:
    """SMPTE ST 2084, in units of SDR white."""
    found = []
    for value in coded:
        power = value ** (1 / 78.84375)
        found.append(
            10_000 * (max(0.0, power - 0.8359375) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        )
    return [value / WHITE_CD for value in found]


def _hlg(coded: Sequence[float]) -> list[float]:
    """ARIB STD-B67 with the system gamma of a display of 1,000 cd/m², in units of SDR white. The gamma is taken of each
    channel, as the film's filter does, where ITU-R BT.2100 takes it of the luma: a poster looks like its film."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = [v * v / 3 if v <= 0.5 else (math.exp((v - c) / a) + b) / 12 for v in coded]
    return [_PEAK_CD * value**_HLG_GAMMA / WHITE_CD for value in scene]


def _fold(value: float) -> float:
    """Möbius: the line up to the knee, then bent so that the peak comes out as 1."""
    if value <= KNEE:
        return value
    peak = _PEAK_CD / WHITE_CD
    a = -KNEE * KNEE * (peak - 1) / (KNEE * KNEE - 2 * KNEE + peak)
    b = (KNEE * KNEE - 2 * KNEE * peak + peak) / (peak - 1)
    return (b * b + 2 * b * KNEE + KNEE * KNEE) / (b - a) * (value + a) / (value + b)
