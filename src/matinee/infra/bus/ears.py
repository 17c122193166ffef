"""Who listens to the bus in one process: what every carrier keeps of them. Never carries a signal itself."""

from collections.abc import Callable

from matinee.infra.bus.port import Hearer, Missed


class Ears:
    """All hearers of one process."""

    def __init__(self) -> None:
        self._hearers: set[Hearer] = set()
        self._missers: set[Missed] = set()

    def add(self, hearer: Hearer, missed: Missed | None) -> Callable[[], None]:
        self._hearers.add(hearer)
        if missed is not None:
            self._missers.add(missed)

        def stop() -> None:
            self._hearers.discard(hearer)
            if missed is not None:
                self._missers.discard(missed)

        return stop

    def clear(self) -> None:
        self._hearers.clear()
        self._missers.clear()

    def tell(self, channel: str) -> None:
        for hearer in tuple(self._hearers):
            hearer(channel)

    def say_missed(self) -> None:
        for missed in tuple(self._missers):
            missed()
