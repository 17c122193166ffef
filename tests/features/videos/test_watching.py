"""Views counted once per person and six hours, and resume points."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from tests.features.videos.film import Film
from tests.support.house import House, Person

from matinee.features.videos import service as videos
from matinee.infra.tally import Tally

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
VISIT = UUID(int=1)


async def beat(
    client: httpx.AsyncClient, film: Film, visit: UUID, *, position_s: float, watched_s: float = 0
) -> None:
    answer = await client.post(
        f"/api/v1/videos/{film.id}/watch",
        json={"position_s": position_s, "watched_s": watched_s, "visit": str(visit)},
    )
    assert answer.status_code == 204, answer.text


class Beats:
    """Rows as the tally gives them back, at moments of the test's choice."""

    def __init__(self, house: House, film: Film) -> None:
        self.house, self.film = house, film
        self.number = 0

    def row(
        self, at_s: float, watched_s: float, *, viewer: str = "v", visit: UUID = VISIT, **more: Any
    ) -> Tally:
        self.number += 1
        data = {
            "viewer": viewer,
            "visit": str(visit),
            "account": None,
            "position_s": 0,
            "watched_s": watched_s,
        }
        return Tally(
            id=self.number,
            kind=videos.WATCHED,
            subject_id=more.pop("video_id", self.film.id),
            data=data | more,
            at=START + timedelta(seconds=at_s),
        )

    async def take(self, *rows: Tally) -> int:
        """The number of views afterwards."""
        async with self.house.works.open() as work:
            await videos.take_beats(work, rows)
        return int((await self.film.seen())["view_count"])


async def opened(house: House) -> tuple[Film, Person]:
    owner = await house.person()
    return await Film.playing(house, owner, visibility="public"), owner


async def test_half_of_a_short_film_is_a_view_and_the_same_rows_again_are_none(house: House) -> None:
    film, _ = await opened(house)
    beats = Beats(house, film)
    rows = [beats.row(0, 0), beats.row(7, 7), beats.row(7.9, 7.9)]
    assert await beats.take(*rows) == 0
    reached = beats.row(8, 8)
    assert await beats.take(reached) == 1
    assert await beats.take(reached, *rows) == 1
    assert await beats.take(beats.row(16, 16)) == 1


async def test_a_beat_may_not_claim_more_than_the_clock(house: House) -> None:
    film, _ = await opened(house)
    beats = Beats(house, film)
    assert await beats.take(beats.row(0, 1000)) == 0
    assert await beats.take(beats.row(1, 1000), beats.row(7, 1000)) == 0
    assert await beats.take(beats.row(8, 1000)) == 1


async def test_a_person_counts_once_in_six_hours_however_many_visits(house: House) -> None:
    film, _ = await opened(house)
    beats = Beats(house, film)
    hour = 3600.0

    async def visit(start_s: float, *, viewer: str = "v") -> int:
        id = uuid4()
        return await beats.take(
            beats.row(start_s, 0, viewer=viewer, visit=id),
            beats.row(start_s + 10, 10, viewer=viewer, visit=id),
        )

    assert await visit(0) == 1
    assert await visit(20) == 1
    assert await visit(6 * hour - 11) == 1
    assert await visit(20, viewer="w") == 2
    assert await visit(6 * hour) == 3


async def test_beats_of_what_is_gone_are_passed_over(house: House) -> None:
    film, _ = await opened(house)
    beats = Beats(house, film)
    gone = uuid4()
    assert (
        await beats.take(beats.row(0, 0), beats.row(0, 0, video_id=gone), beats.row(9, 9, video_id=gone)) == 0
    )
    assert await beats.take(beats.row(9, 9)) == 1


async def test_players_say_where_they_are_and_go_on_there(house: House) -> None:
    film, owner = await opened(house)
    viewer, guest = await house.person("viewer"), await house.client()
    resume = f"/api/v1/videos/{film.id}/resume"
    assert (await viewer.client.get(resume)).json() == {"position_s": 0}
    await house.pump()  # what was written down of their sign-ups
    visit = uuid4()
    for position_s in (2, 7, 11):
        await beat(viewer.client, film, visit, position_s=position_s, watched_s=position_s)
    await beat(guest, film, uuid4(), position_s=9)
    await beat(owner.client, film, visit, position_s=6)
    assert await house.pump() == 5
    assert (await viewer.client.get(resume)).json() == {"position_s": 11}
    assert (await owner.client.get(resume)).json() == {"position_s": 6}
    assert (await guest.get(resume)).json() == {"position_s": 0}
    await beat(viewer.client, film, visit, position_s=15.5, watched_s=16)
    await house.pump()
    assert (await viewer.client.get(resume)).json() == {"position_s": 0}


async def test_beats_that_come_too_thick_are_passed_over(house: House) -> None:
    film, _ = await opened(house)
    guest = await house.client()
    await house.pump()
    for _ in range(12):
        await beat(guest, film, uuid4(), position_s=1)
    assert await house.pump() == 6
    for wrong in (
        {"position_s": -1, "watched_s": 0, "visit": str(uuid4())},
        {"position_s": 1e300, "watched_s": 0, "visit": str(uuid4())},
        {"position_s": 0, "watched_s": 0, "visit": "mine"},
        {"position_s": 0, "watched_s": 0, "visit": str(uuid4()), "viewer": "me"},
    ):
        assert (await guest.post(f"/api/v1/videos/{film.id}/watch", json=wrong)).status_code == 422


async def test_visits_are_forgotten_after_a_day(house: House) -> None:
    film, _ = await opened(house)
    beats = Beats(house, film)
    assert await beats.take(beats.row(0, 0), beats.row(10, 10)) == 1
    house.works.clock = lambda: START + timedelta(hours=25)
    async with house.works.open() as work:
        await videos.forget_visits(work)
    assert await beats.take(beats.row(3 * 3600, 0), beats.row(3 * 3600 + 10, 10)) == 2


async def test_where_somebody_stopped_is_forgotten_after_its_days(house: House) -> None:
    viewer = await house.person()
    film = await Film.playing(house, viewer)
    await beat(viewer.client, film, uuid4(), position_s=6, watched_s=6)
    await house.pump()
    clock = house.works.clock
    for days, left in ((729, 1), (731, 0)):
        async with house.works.open() as work:
            house.works.clock = lambda days=days: clock() + timedelta(days=days)  # type: ignore[misc]
            await videos.forget_visits(work)
            told = [name async for name, _ in videos.export(work, viewer.account_id)]
        assert told.count("stopped_at.ndjson") == left


async def test_a_person_takes_everything_along_and_leaves_nothing(house: House) -> None:
    owner, other = await house.person(), await house.person()
    film = await Film.playing(house, owner, title="To take along")
    kept = await Film.playing(house, other, visibility="public")
    await beat(owner.client, kept, uuid4(), position_s=6, watched_s=6)
    await house.pump()
    await beat(owner.client, kept, uuid4(), position_s=7, watched_s=7)
    async with house.works.open() as work:
        told = [(name, str(line)) async for name, line in videos.export(work, owner.account_id)]
    assert any(name == "videos.ndjson" and "To take along" in line for name, line in told)
    assert any(name == "stopped_at.ndjson" and str(kept.id) in line for name, line in told)
    async with house.works.open() as work:
        assert await videos.erase(work, owner.account_id)
    await house.pump()
    async with house.works.open() as work:
        assert await videos.encoding_view(work, film.id) is None
        assert await videos.encoding_view(work, kept.id) is not None
        left = [str(line) async for _, line in videos.export(work, owner.account_id)]
    assert not any(str(film.id) in data or str(kept.id) in data for data in left)
