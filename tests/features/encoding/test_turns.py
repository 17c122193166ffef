"""Owners share the encoders: simulated workers take jobs from the real queue, over the room's own tables."""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update
from tests.support.house import House

from matinee.features.encoding import service as encoding
from matinee.features.encoding import turns
from matinee.features.encoding.models import Encode, Step
from matinee.features.encoding.service import ordering
from matinee.kernel.ids import VideoId

_TAKE = (
    "SELECT id, args->>'subject' AS subject, args->'message'->>'step' AS step FROM procrastinate_jobs"
    " WHERE status = 'todo' AND task_name = 'encoding.run_long_step' ORDER BY priority DESC, id LIMIT 1"
)


@dataclass
class Farm:
    """Workers without engines: a step takes as many seconds as it costs ticks."""

    house: House
    workers: int
    now_s: float = 0
    films: int = 0
    owner_of: dict[str, UUID] = field(default_factory=dict)
    done_s: dict[UUID, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    order: list[tuple[str, str]] = field(default_factory=list)
    _running: list[tuple[float, int, int, str, str]] = field(default_factory=list)

    async def film(self, owner: UUID, *, low: int, high: int, ticks: int = 4) -> UUID:
        """A film whose low rungs take `low` steps of one tick, and its high ones `high` steps of `ticks`."""
        self.films += 1
        id = uuid4()
        self.owner_of[f"video:{id}"] = owner
        async with self.house.works.open() as work:
            encode = Encode(
                video_id=id, owner_id=owner, generation=1, state="encoding", blob_id=uuid4(),
                received_at=work.now, renditions={}, firsts={}, created_at=work.now + timedelta(seconds=self.films),
            )  # fmt: skip
            work.session.add(encode)
            await work.session.flush()
            steps = [
                Step(
                    video_id=id, name=f"{group}-{n}", position=at, kind="chunk", rungs=[], first_segment=0,
                    end_segment=0, weight=weight * turns.UNIT, lane="long", tier=int(group == "high"),
                    wanted=False, ordered=False, turn=0, state="waiting", percent=0.0, attempts=0,
                )
                for at, (group, n, weight) in enumerate(
                    [*(("low", n, 1) for n in range(low)), *(("high", n, ticks) for n in range(high))]
                )
            ]  # fmt: skip
            work.session.add_all(steps)
            await work.session.flush()
            await ordering.want(work, encode, steps)
        return id

    async def run(self, until_s: float = 1e9) -> None:
        """Work until the moment, or until nothing is left."""
        while await self._take() or self._running:
            if not self._running or self._running[0][0] > until_s:
                break
            self.now_s, _, job_id, subject, name = heapq.heappop(self._running)
            await self._end(job_id, subject, name)
        self.now_s = max(self.now_s, until_s) if until_s < 1e9 else self.now_s

    async def _take(self) -> bool:
        async with self.house.works.open() as work:
            while len(self._running) < self.workers:
                row = (await work.session.execute(text(_TAKE))).first()
                if row is None:
                    return False
                await work.session.execute(
                    text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": row.id}
                )
                await self._set(work.session, row.subject, row.step, "running")
                ticks = 1 if row.step.startswith("low") else 4
                self.order.append((row.subject, row.step))
                heapq.heappush(
                    self._running, (self.now_s + ticks, len(self.order), row.id, row.subject, row.step)
                )
        return True

    async def _end(self, job_id: int, subject: str, name: str) -> None:
        owner = self.owner_of[subject]
        self.done_s[owner].append((self.now_s, 1 if name.startswith("low") else 4))
        async with self.house.works.open() as work:
            await work.session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job_id})
            await self._set(work.session, subject, name, "done")
            await ordering.refill(work, owner, "long")

    async def _set(self, session: object, subject: str, name: str, state: str) -> None:
        video_id = UUID(subject.removeprefix("video:"))
        await session.execute(  # type: ignore[attr-defined]
            update(Step).where(Step.video_id == video_id, Step.name == name).values(state=state)
        )

    def work_of(self, owner: UUID, start_s: float, end_s: float) -> int:
        """Ticks that were done for `owner` in a stretch of time."""
        return sum(ticks for at, ticks in self.done_s[owner] if start_s < at <= end_s)

    def ended_s(self, owner: UUID) -> float:
        return self.done_s[owner][-1][0]


@pytest.fixture
def farm(house: House) -> Farm:
    return Farm(house, workers=4)


async def test_a_newcomer_does_not_wait_for_the_long_film_of_another(farm: Farm) -> None:
    long, short = uuid4(), uuid4()
    await farm.film(long, low=30, high=30)
    await farm.run(10)
    began_s = farm.now_s
    await farm.film(short, low=2, high=2)
    await farm.run()
    # Half of the farm is the newcomer's: ten ticks of work, and what the workers had in hand.
    assert farm.ended_s(short) - began_s <= 2 * 10 / min(farm.workers, 2) + 2 * 4
    assert sum(ticks for _, ticks in farm.done_s[long]) == 30 + 120


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 4])
async def test_owners_get_equal_work_whoever_came_with_how_much(house: House, workers: int) -> None:
    farm = Farm(house, workers)
    one, many, third = uuid4(), uuid4(), uuid4()
    await farm.film(one, low=20, high=20)
    for _ in range(5):
        await farm.film(many, low=4, high=4)
    await farm.run(20)
    await farm.film(third, low=20, high=20)
    await farm.run()
    end_s = min(farm.ended_s(one), farm.ended_s(many), farm.ended_s(third))
    shares = [farm.work_of(owner, 24, end_s) for owner in (one, many, third)]
    # The theorem's bound: two owners differ by no more than a step of each, for every worker.
    assert max(shares) - min(shares) <= 2 * 4 * farm.workers, shares


async def test_an_owner_s_low_rungs_go_before_the_high_ones_of_all_their_films(farm: Farm) -> None:
    owner = uuid4()
    first = await farm.film(owner, low=3, high=40)
    await farm.run(8)
    second = await farm.film(owner, low=3, high=3)
    before = len(farm.order)
    await farm.run()
    assert farm.order[before : before + 3] == [(f"video:{second}", f"low-{n}") for n in range(3)]
    highs = [subject for subject, name in farm.order[before:] if name.startswith("high")]
    assert highs == sorted(highs, key=lambda subject: subject == f"video:{second}"), (
        "the older film goes first"
    )
    assert len(farm.order) == 43 + 6
    assert first != second


async def test_no_owner_fills_the_queue(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "WINDOW", 16)
    owner = uuid4()
    await farm.film(owner, low=20, high=15)
    assert len(await farm.house.waiting("encoding.run_long_step")) == 16
    await farm.run()
    assert len(farm.order) == 35
    assert len(set(farm.order)) == 35


@pytest.mark.parametrize("gone", ["cancelled", "failed", "deleted"])
async def test_a_film_whose_jobs_went_with_another_s_gets_its_own(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(ordering, "WINDOW", 8)
    owner = uuid4()
    long = await farm.film(owner, low=12, high=0)
    short = await farm.film(owner, low=3, high=0)
    sent = await farm.house.waiting("encoding.run_long_step")
    assert {job["subject"] for job in sent} == {f"video:{long}"}
    async with farm.house.works.open() as work:
        if gone == "cancelled":
            await encoding.cancel(work, VideoId(long))
        elif gone == "failed":
            await encoding.give_up(work, VideoId(long), 1, "low-0", "It failed at each try.")
        else:
            await encoding.forget(work, VideoId(long))
    await farm.run()
    assert farm.order == [(f"video:{short}", f"low-{n}") for n in range(3)]


async def test_who_cancels_a_long_film_does_not_wait_for_its_turns_to_pass(farm: Farm) -> None:
    one, other = uuid4(), uuid4()
    long = await farm.film(one, low=60, high=0)
    await farm.film(one, low=6, high=0)
    await farm.film(other, low=60, high=0)
    await farm.run(4)
    began_s = farm.now_s
    async with farm.house.works.open() as work:
        await encoding.cancel(work, VideoId(long))
    await farm.film(one, low=6, high=0)
    await farm.run()
    # Half of the farm is theirs: twelve ticks of work, and what the workers had in hand.
    assert farm.ended_s(one) - began_s <= 2 * 12 / farm.workers + 2


async def test_films_that_wait_for_their_owner_s_turn_are_no_lost_ones(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "WINDOW", 8)
    owner = uuid4()
    await farm.film(owner, low=12, high=0)
    short = await farm.film(owner, low=3, high=0)

    async def mended() -> int:
        async with farm.house.works.open() as work:
            return await encoding.mend(work)

    assert await mended() == 0
    async with farm.house.works.open() as work:
        await work.session.execute(text("DELETE FROM procrastinate_jobs"))
        await work.session.execute(text("DELETE FROM encoding_step WHERE ordered"))
    assert await mended() == 1, "nothing that waits has a job"
    await farm.run()
    assert farm.order[-1] == (f"video:{short}", "low-2")


def test_the_clock_is_the_turn_taken_last_else_the_next_one() -> None:
    assert turns.clock([3, 7], [9]) == 7
    assert turns.clock([], [9, 12]) == 9
    assert turns.clock([], []) is None
    assert turns.line_up(5, [1, 4, 2]) == ([5, 6, 10], 12)
    assert [turns.cost(weight) for weight in (0, 100, 750, 5000)] == [1, 1, 2, 10]
