"""A sign-in from a device and place that were not seen together lately tells its owner."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.infra.mail.office import Office, opened
from tests.support.factors import Clock
from tests.support.house import PASSWORD, House
from tests.support.traces import every_value

from matinee.features.accounts import service as accounts

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
)
HOME, CAFE = "203.0.113.7", "198.51.100.9"
FORM = {"email": "ann@example.org", "password": PASSWORD, "handle": "ann", "display_name": "Ann"}


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as found:
        yield found


@pytest.fixture
async def posted(make_house: MakeHouse, office: Office) -> House:
    return await make_house(mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>")


async def sign_in(house: House, agent: str, address: str) -> httpx.AsyncClient:
    browser = await house.client(address=address, headers={"User-Agent": agent})
    answer = await browser.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


async def told(house: House) -> list[str]:
    """Devices, oldest first."""
    async with house.works.open() as work:
        rows = await work.session.scalars(
            text("SELECT device FROM accounts_notice WHERE kind = 'new_place' ORDER BY id")
        )
        return list(rows)


async def test_only_a_new_pair_of_device_and_place_is_told(house: House) -> None:
    await house.person(handle="ann")
    await sign_in(house, FIREFOX, HOME)
    await sign_in(house, FIREFOX, HOME)
    await sign_in(house, FIREFOX, HOME.replace(".7", ".200"))
    assert await told(house) == []
    await sign_in(house, SAFARI, HOME)
    await sign_in(house, FIREFOX, CAFE)
    await sign_in(house, SAFARI, CAFE)
    await sign_in(house, FIREFOX, CAFE)
    assert await told(house) == [
        "Safari on iPhone", "Firefox on Linux", "Safari on iPhone",
    ]  # fmt: skip


async def test_signing_up_tells_nothing(house: House) -> None:
    browser = await house.client(address=HOME, headers={"User-Agent": FIREFOX})
    assert (await browser.post("/api/v1/accounts", json=FORM)).status_code == 201
    await sign_in(house, FIREFOX, HOME)
    assert await told(house) == []


async def test_what_was_not_seen_for_the_time_of_notices_is_new_again(make_house: MakeHouse) -> None:
    house = await make_house(session_days_most=0)
    clock = Clock(house)
    await house.person(handle="ann")
    stays = await sign_in(house, FIREFOX, HOME)
    await sign_in(house, SAFARI, HOME)
    assert len(await told(house)) == 1
    for _ in range(5):  # one browser stays in use meanwhile
        clock.go(days=20)
        assert (await stays.get("/api/v1/me")).json()["account"] is not None
    async with house.works.open() as work:
        await accounts.prune(work)
    await sign_in(house, FIREFOX, HOME)
    assert await told(house) == []
    await sign_in(house, SAFARI, HOME)
    assert await told(house) == ["Safari on iPhone"]


async def test_a_session_that_wanders_makes_no_place_known(house: House) -> None:
    clock = Clock(house)
    await house.person(handle="ann")
    stolen = await sign_in(house, FIREFOX, HOME)
    elsewhere = await house.client(address=CAFE, headers={"User-Agent": FIREFOX})
    for cookie in stolen.cookies.jar:
        elsewhere.cookies.jar.set_cookie(cookie)
    clock.go(minutes=6)
    assert (await elsewhere.get("/api/v1/me")).json()["account"] is not None
    await sign_in(house, FIREFOX, CAFE)
    assert await told(house) == ["Firefox on Linux"]


async def test_one_letter_an_hour_says_where_and_what_to_do(posted: House, office: Office) -> None:
    clock = Clock(posted)
    await posted.person(handle="ann")
    for agent, address in ((FIREFOX, HOME), (SAFARI, HOME), (SAFARI, CAFE)):
        await sign_in(posted, agent, address)
    await posted.run_jobs()
    (letter,) = office.letters
    assert letter["Subject"] == "A sign-in from a new place"
    words = str(letter.get_body(("plain",)))
    assert "Safari on iPhone, Private network" in words
    assert "Where you are signed in" in words
    assert len(await told(posted)) == 2
    clock.go(hours=1, seconds=1)
    await sign_in(posted, FIREFOX, CAFE)
    await posted.run_jobs()
    assert len(office.letters) == 2


async def test_no_address_is_kept(house: House) -> None:
    await house.person(handle="ann")
    await sign_in(house, FIREFOX, HOME)
    await sign_in(house, FIREFOX, CAFE)
    async with house.works.open() as work:
        kept = await work.session.scalar(text("SELECT count(*) FROM accounts_seen"))
        assert kept == 2
    assert not [table for table, row in await every_value(house) if HOME in row or CAFE in row]
