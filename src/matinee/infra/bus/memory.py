"""Signals inside one process."""

from collections.abc import Callable

from matinee.infra.bus.port import Hearer


class MemoryBus:
    """Delivers at once, to this process only."""

    def __init__(self) -> None:
        self._hearers: set[Hearer] = set()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self._hearers.clear()

    async def publish(self, channel: str) -> None:
        for hearer in tuple(self._hearers):
            hearer(channel)

    def hear(self, hearer: Hearer) -> Callable[[], None]:
        self._hearers.add(hearer)
        return lambda: self._hearers.discard(hearer)
