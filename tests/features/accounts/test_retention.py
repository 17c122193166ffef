"""What is known of people is kept under keyed hashes, and no longer than the settings say."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.conftest import MakeHouse
from tests.support.house import House
from tests.support.traces import every_value

from matinee.features.accounts import rules
from matinee.features.accounts import service as accounts
from matinee.features.accounts.service import notices
from matinee.kernel.ids import AccountId
from matinee.kernel.time import utc_now

ADDRESS = "203.0.113.7"


async def test_counters_hold_nothing_that_could_be_tried_out(house: House) -> None:
    """Who has the tables and not the secret cannot try all addresses, nor compare two weeks."""
    monday = datetime(2030, 1, 7, 12, tzinfo=UTC)
    kept = []
    for now in (monday, monday + timedelta(days=1), monday + timedelta(days=7)):
        house.works.clock = lambda now=now: now  # type: ignore[misc]
        guest = await house.client(address=ADDRESS)
        asked = {"login": "nobody", "password": "not the password"}
        assert (await guest.post("/api/v1/session", json=asked)).status_code == 401
        kept.append({row for table, row in await every_value(house) if table == "accounts_throttle"})
    plain = [
        rules.throttle_key("network", ADDRESS).decode("latin-1"),
        rules.throttle_key("login", "nobody", ADDRESS).decode("latin-1"),
    ]
    for rows in kept:
        assert rows
        assert not any(one in row or ADDRESS in row for row in rows for one in plain)
    assert [len(rows) for rows in kept] == [3, 3, 6]


async def test_places_of_two_months_cannot_be_compared(house: House) -> None:
    account_id = AccountId(uuid4())
    at = [
        datetime(2030, 1, 2, tzinfo=UTC),
        datetime(2030, 1, 30, tzinfo=UTC),
        datetime(2030, 2, 2, tzinfo=UTC),
    ]
    found = []
    for now in at:
        house.works.clock = lambda now=now: now  # type: ignore[misc]
        async with house.works.open() as work:
            found.append(notices.place(work, account_id, ADDRESS))
    assert found[0] == found[1] != found[2]
    assert ADDRESS not in "".join(found)


async def test_notices_go_after_their_days(make_house: MakeHouse) -> None:
    house = await make_house(notice_days=5)
    ann = await house.person()
    async with house.works.open() as work:
        await notices.note(work, ann.account_id, "session_copied", address=ADDRESS, agent="")
    for days, left in ((4, 1), (6, 0)):
        house.works.clock = lambda days=days: utc_now() + timedelta(days=days)  # type: ignore[misc]
        async with house.works.open() as work:
            await accounts.prune(work)
        assert len([row for table, row in await every_value(house) if table == "accounts_notice"]) == left
