"""Signals inside one process."""

from collections.abc import Callable

from matinee.infra.bus.ears import Ears
from matinee.infra.bus.port import Hearer, Missed


class MemoryBus:
    """Delivers at once, to this process only."""

    def __init__(self) -> None:
        self._ears = Ears()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self._ears.clear()

    async def publish(self, channel: str) -> None:
        self._ears.tell(channel)

    def hear(self, hearer: Hearer, missed: Missed | None = None) -> Callable[[], None]:
        return self._ears.add(hearer, missed)
