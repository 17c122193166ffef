"""Encoders that give way: whether they get a processor at all, from what the kernel counts."""

import sys

import pytest

from matinee.infra import process
from matinee.infra.process import Look
from matinee.infra.starving import FEWEST, WINDOW, Starving

PATIENT, URGENT = 7, 8


class Machine:
    """Of four processors, looked at once a second."""

    def __init__(self) -> None:
        self.starving = Starving(processors=4.0)
        self._now = 0.0
        self._ran: dict[int, float] = {}
        self._waited: dict[int, float] = {}

    def passes(self, seconds: int, **ran: float) -> bool:
        """`patient` and `urgent` run for so much of each second, and wait for the rest of it."""
        said = False
        for _ in range(seconds):
            self._now += 1
            looks = {}
            for pid, name in ((PATIENT, "patient"), (URGENT, "urgent")):
                if name in ran:
                    self._ran[pid] = self._ran.get(pid, 0.0) + ran[name]
                    self._waited[pid] = self._waited.get(pid, 0.0) + max(0.0, 1 - ran[name])
                    looks[pid] = Look(self._now, self._ran[pid], self._waited[pid], True)
            said = self.starving.note(looks, [pid for pid in looks if pid == PATIENT])
        return said


def test_an_encoder_that_others_leave_nothing_is_noticed_after_a_minute_and_forgotten_when_it_runs() -> None:
    machine = Machine()
    assert not machine.passes(FEWEST, patient=0.02)
    assert machine.passes(2, patient=0.02)
    assert machine.passes(WINDOW, patient=0.02)
    assert not machine.passes(WINDOW, patient=1.0)


def test_a_short_crowd_is_none() -> None:
    machine = Machine()
    for _ in range(10):
        assert not machine.passes(20, patient=0.02)
        assert not machine.passes(20, patient=0.9)


def test_an_encoder_that_waits_for_other_encoders_of_ours_starves_of_nobody() -> None:
    machine = Machine()
    assert not machine.passes(2 * WINDOW, patient=0.02, urgent=3.5)


def test_what_ended_starves_no_more() -> None:
    machine = Machine()
    assert machine.passes(WINDOW, patient=0.02)
    assert not machine.passes(WINDOW)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts")
async def test_a_child_is_known_while_it_runs() -> None:
    seen: list[dict[int, bool]] = []

    def on_output(piece: bytes) -> bool:
        seen.append(process.children())
        return True

    assert (await process.run(["echo", "here"], patient=True, on_output=on_output)).ok
    assert list(seen[0].values()) == [True]
    assert process.children() == {}
