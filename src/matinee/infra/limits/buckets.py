"""Buckets of tokens in the memory of one process.

A bucket is kept as the moment at which it will be full again, which is all there is to know (the generic cell rate
algorithm, ITU-T I.371): a token is worth `step_s` of that time.
"""

from collections.abc import Callable
from dataclasses import dataclass

KEYS_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` tokens fill the bucket, and as many flow in within `window_s`."""

    name: str
    most: int
    window_s: float = 60.0

    @property
    def step_s(self) -> float:
        """Seconds in which one token flows in."""
        return self.window_s / self.most


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands after somebody asked: `left` whole tokens, full in `full_in_s`. Where there was none, the
    next one comes in `wait_s`."""

    limit: Limit
    left: int
    full_in_s: float
    wait_s: float | None = None

    @property
    def refused(self) -> bool:
        return self.wait_s is not None

    @property
    def share(self) -> float:
        """What part of the bucket is left."""
        return self.left / self.limit.most


class Memory:
    """Buckets by key. `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float], keys_most: int = KEYS_MOST) -> None:
        self._clock = clock
        self._keys_most = keys_most
        self._full_at: dict[str, float] = {}

    def take(self, limit: Limit, key: str) -> Standing:
        """One token, if there is one."""
        now = self._clock()
        key = f"{limit.name}:{key}"
        full_in_s = max(0.0, self._full_at.get(key, now) - now) + limit.step_s
        over_s = full_in_s - limit.window_s
        if over_s > limit.step_s * 1e-6:
            return Standing(limit, 0, full_in_s - limit.step_s, wait_s=over_s)
        if key not in self._full_at and len(self._full_at) >= self._keys_most:
            self._forget(now)
        self._full_at[key] = now + full_in_s
        return Standing(limit, int((limit.window_s - full_in_s) / limit.step_s + 1e-6), full_in_s)

    def _forget(self, now: float) -> None:
        """Full buckets are as good as none; should all be in use, those that are fullest."""
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        if len(self._full_at) >= self._keys_most:
            emptiest = sorted(self._full_at.items(), key=lambda item: -item[1])
            self._full_at = dict(emptiest[: self._keys_most // 2])
