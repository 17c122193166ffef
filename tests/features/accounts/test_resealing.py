"""MATINEE_SECRET is replaced: what the former one sealed is sealed anew, and nobody loses an app or a sign-in."""

from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.factors import Clock, add_app, second, sign_in
from tests.support.house import House

from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import Resealed

FORMER = "a secret of some years, made of many words"
PRESENT = "the secret that follows it, of other words"


async def seals(house: House) -> list[set[str]]:
    async with house.works.open() as work:
        tables = ("accounts_totp", "accounts_key")
        return [set(await work.session.scalars(text(f"SELECT seal FROM {table}"))) for table in tables]


async def test_apps_and_signing_keys_go_on_under_the_present_secret(make_house: MakeHouse) -> None:
    before = await make_house(secret=FORMER)
    clock = Clock(before)
    ann = await before.person(handle="ann")
    app, _ = await add_app(ann.client, clock)
    sealed = await seals(before)

    house = await make_house(secret=PRESENT)
    house.works.clock = lambda: clock.now
    browser = await house.client()
    await sign_in(browser, ann)
    assert (await second(browser, code=app.code())).json()["code"] == "accounts.factor_sealed"
    clock.go(minutes=1)
    async with house.works.open() as work:
        assert await accounts.reseal(work, FORMER.encode()) == Resealed(apps=1, keys=1, left=0)
    assert not sealed[0] & (await seals(house))[0]
    assert (await second(browser, code=app.code())).status_code == 200
    async with house.works.open() as work:
        again = await accounts.reseal(work, FORMER.encode())
        # The house of before still runs, and may have made a key of its own again.
        assert (again.apps, again.left) == (0, 0)
        facts = await work.session.scalar(
            text("SELECT facts FROM accounts_audit WHERE act = 'keys.resealed' ORDER BY at LIMIT 1")
        )
        assert facts == {"apps": 1, "keys": 1, "left": 0}


async def test_a_wrong_secret_changes_nothing_and_says_how_many_are_left(make_house: MakeHouse) -> None:
    before = await make_house(secret=FORMER)
    ann = await before.person(handle="ann")
    await add_app(ann.client, Clock(before))
    house = await make_house(secret=PRESENT)
    sealed = await seals(house)
    async with house.works.open() as work:
        assert await accounts.reseal(work, b"not what it was") == Resealed(apps=0, keys=0, left=1)
    assert await seals(house) == sealed
