"""Programs' tokens that end: their owners are told a week before, once."""

from datetime import timedelta

from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.infra.mail.office import opened
from tests.support.factors import Clock
from tests.support.house import House

from matinee.features.accounts import service as accounts
from matinee.features.people import service as people
from matinee.kernel.ids import AccountId


async def given(
    house: House, days: int, name: str = "nightly copy", handle: str = "ann"
) -> accounts.Identity:
    person = await house.person(handle=handle)
    async with house.works.open() as work:
        await accounts.issue_token(work, person.account_id, name, days=days)
        return await accounts.identity_of(work, person.account_id)


async def told(house: House) -> list[str]:
    async with house.works.open() as work:
        await accounts.prune(work)
    async with house.works.open() as work:
        return list(
            await work.session.scalars(text("SELECT device FROM accounts_notice WHERE kind = 'token_ends'"))
        )


async def test_a_week_before_its_end_the_owner_of_a_token_is_told_once(house: House) -> None:
    clock = Clock(house)
    await given(house, days=30)
    clock.go(days=22, hours=23)
    assert await told(house) == []
    clock.go(hours=2)
    assert await told(house) == ["nightly copy"]
    clock.go(days=1)
    assert await told(house) == ["nightly copy"]
    clock.go(days=10)
    assert await told(house) == ["nightly copy"]


async def test_one_that_was_made_for_some_days_or_for_ever_is_not_told_of(make_house: MakeHouse) -> None:
    house = await make_house(program_days_most=0)
    clock = Clock(house)
    await given(house, days=7)
    await given(house, days=0, handle="bob")
    for _ in range(8):
        assert await told(house) == []
        clock.go(days=1)


async def test_of_a_token_of_a_service_the_owners_of_the_house_are_told(house: House) -> None:
    owners = [await house.person("owner", handle=handle) for handle in ("olga", "oscar")]
    await house.person("admin")
    clock = Clock(house)
    async with house.works.open() as work:
        service = await people.create_service(work, "importer", "Nightly import", ["creator"])
        await accounts.issue_token(work, AccountId(service.id), "cron", days=30)
    await given(house, days=30)
    ends_at = clock.now + timedelta(days=30)
    clock.go(days=25)
    assert sorted(await told(house)) == ["cron", "cron", "nightly copy"]
    for owner in owners:
        notices = (await owner.client.get("/api/v1/sessions")).json()["notices"]
        (said,) = [one for one in notices if one["kind"] == "token_ends"]
        assert said["place"] == f"of @importer, on {ends_at:%d %B %Y at %H:%M} UTC"


async def test_who_cannot_act_is_not_told(house: House) -> None:
    clock = Clock(house)
    identity = await given(house, days=30)
    async with house.works.open() as work:
        await accounts.restrict(work, identity.account_id, "suspended", "for a test", None)
    clock.go(days=25)
    assert await told(house) == []


async def test_the_letter_names_the_program_and_its_end(make_house: MakeHouse) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        clock = Clock(house)
        await given(house, days=30)
        office.letters.clear()
        ends_at = clock.now + timedelta(days=30)
        clock.go(days=25)
        await told(house)
        await house.run_jobs()
        (letter,) = [one for one in office.letters if "ends soon" in str(one["Subject"])]
        body = letter.get_body(("plain",))
        assert body is not None
        assert f"nightly copy, on {ends_at:%d %B %Y at %H:%M} UTC." in body.get_content()
