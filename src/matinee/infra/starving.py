"""Whether the patient children of this process get a processor at all, beside everything else on the machine.

Reads what Linux counts, and finds nothing elsewhere. Never changes how a child runs.
"""

import os
import time
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path

from matinee.infra.process import Look, children

WINDOW = 120
"""Looks that count; a worker looks once a second."""
FEWEST = 60
_MOSTLY = 0.8
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Starving:
    """A memory of the last looks. `processors` are those that this process may use."""

    def __init__(self, processors: float | None = None) -> None:
        self._processors = processors or _processors()
        self._before: dict[int, Look] = {}
        self._looks: deque[bool] = deque(maxlen=WINDOW)

    def look(self) -> bool:
        """See once more; whether the patient ones have starved for most of the last minutes."""
        now = time.monotonic()
        kinds = children()
        return self.note({pid: Look.at(now, pid) for pid in kinds}, [pid for pid in kinds if kinds[pid]])

    def note(self, looks: Mapping[int, Look], patient: Collection[int]) -> bool:
        """Without a patient child, what was seen is forgotten little by little."""
        pairs = {pid: (self._before[pid], look) for pid, look in looks.items() if pid in self._before}
        self._before = dict(looks)
        waiting = [pairs[pid] for pid in patient if pid in pairs]
        if waiting:
            self._looks.append(
                any(look.starved_since(before) for before, look in waiting)
                and not self._busy_ourselves(list(pairs.values()))
            )
        elif not patient and self._looks:
            self._looks.popleft()
        return len(self._looks) >= FEWEST and sum(self._looks) >= _MOSTLY * len(self._looks)

    def _busy_ourselves(self, pairs: list[tuple[Look, Look]]) -> bool:
        """Children that only wait for each other starve of nobody else."""
        passed_s = max(look.now - before.now for before, look in pairs)
        ran_s = sum(look.ran_s - before.ran_s for before, look in pairs)
        return ran_s > passed_s * self._processors / 2


def _processors() -> float:
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = _QUOTA.read_text().split()
        return min(count, int(quota) / int(period))
    except (OSError, ValueError):  # no such bound
        return count
