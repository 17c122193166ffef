"""The port for signals. Three carriers: memory (one process), PostgreSQL and Redis (several processes)."""

from collections.abc import Callable
from typing import Protocol

Hearer = Callable[[str], None]
Missed = Callable[[], None]


class Bus(Protocol):
    """Publishes channel names; every process hears all and wakes its own sockets."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def publish(self, channel: str) -> None:
        """Tell every process. Never raises when the carrier is away: signals may be lost."""

    def hear(self, hearer: Hearer, missed: Missed | None = None) -> Callable[[], None]:
        """Call `hearer(channel)` on the event loop for each signal, and `missed()` when this process hears again after
        it heard nothing for a while; returns the way to stop."""
