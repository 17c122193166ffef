"""Work before a sign-up: signed, adapted, verified, and counted once."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.features.admission.desk import challenge, choose, invitation, join, said, solved
from tests.infra.mail.office import opened
from tests.support.house import House, Person
from tests.support.traces import every_value

from matinee.features.admission import rules
from matinee.features.admission import service as admission
from matinee.kernel.time import utc_now


@pytest.fixture
async def operator(house: House) -> Person:
    operator = await house.person("admin")
    await choose(operator, work=True)
    return operator


async def test_who_brings_the_work_comes_in(house: House, operator: Person) -> None:
    assert said(await join(house, "ann")) == (422, "admission.work_needed")
    done = solved(await challenge(house))
    assert (await join(house, "ann", work=done)).status_code == 201
    assert (await join(house, "ben", invitation=await invitation(operator))).status_code == 201


async def test_a_solved_challenge_counts_once_however_many_show_it(house: House, operator: Person) -> None:
    done = solved(await challenge(house))
    answers = await asyncio.gather(*(join(house, f"person_{letter}", work=done) for letter in "abcd"))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert said(await join(house, "late", work=done)) == (409, "admission.work_over")


async def test_what_was_changed_is_no_challenge_of_ours(house: House, operator: Person) -> None:
    given = await challenge(house)
    done = solved(given)
    later = (datetime.fromisoformat(given["expires_at"]) + timedelta(days=1)).isoformat()
    other = await challenge(house)
    wrong = next(n for n in itertools.count() if not rules.solves(done["salt"], 0, n, done["tries"]))
    changes: list[dict[str, Any]] = [
        {"tries": 1},
        {"answers": 1, "numbers": done["numbers"][:1]},
        {"numbers": done["numbers"][:3]},
        {"expires_at": later},
        {"salt": other["salt"]},
        {"signature": other["signature"]},
        {"numbers": [wrong, *done["numbers"][1:]]},
    ]
    for change in changes:
        answer = await join(house, "ann", work=done | change)
        assert said(answer) == (422, "admission.work_wrong"), change
    for broken in (
        {"numbers": [1 << 31]},
        {"salt": "short"},
        {"algorithm": "md5"},
        {"expires_at": "2030-01-01T00:00:00"},
    ):
        assert (await join(house, "ann", work=done | broken)).status_code == 422
    for odd in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"):
        assert said(await join(house, "ann", work=done | {"expires_at": odd}))[0] == 422
    assert (await join(house, "ann", work=done)).status_code == 201


async def test_a_challenge_ends_after_ten_minutes(house: House, operator: Person) -> None:
    done = solved(await challenge(house))
    house.works.clock = lambda: utc_now() + timedelta(minutes=10, seconds=1)
    assert said(await join(house, "ann", work=done)) == (409, "admission.work_over")


async def test_with_letters_the_work_comes_before_the_letter(make_house: MakeHouse) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}",
            mail_from="Matinee <post@films.example>",
            signup_work=True,
        )
        guest = await house.client()
        bare = await guest.post("/api/v1/accounts/letters", json={"email": "ann@example.org"})
        assert said(bare) == (422, "admission.work_needed")
        done = solved(await challenge(house))
        for status in (202, 409):
            asked = await guest.post(
                "/api/v1/accounts/letters", json={"email": "ann@example.org", "work": done}
            )
            assert asked.status_code == status
        await house.run_jobs()
        assert len(office.letters) == 1


async def test_work_grows_with_the_sign_ups_of_an_hour_within_bounds(make_house: MakeHouse) -> None:
    assert [rules.tries(n, 30) for n in (0, 30, 60, 150, 300, 10**6)] == [7, 7, 14, 35, 70, 70]
    house = await make_house(signup_calm=1, signup_work=True)
    assert (await challenge(house))["tries"] == 7
    for name in ("ann", "ben"):
        assert (await join(house, name, work=solved(await challenge(house)))).status_code == 201
    assert (await challenge(house))["tries"] == 14
    house.works.clock = lambda: utc_now() + timedelta(minutes=62)
    assert (await challenge(house))["tries"] == 7
    async with house.works.open() as work:
        await admission.tidy(work)
    assert not [row for table, row in await every_value(house) if table == "admission_spent"]


def test_the_signature_binds_every_part() -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    first = rules.signature(b"a secret", "scrypt-2048-8-1", "salt", 4, 3, at)
    assert len(first) == 64
    others = {
        rules.signature(b"another", "scrypt-2048-8-1", "salt", 4, 3, at),
        rules.signature(b"a secret", "scrypt", "salt", 4, 3, at),
        rules.signature(b"a secret", "scrypt-2048-8-1", "salz", 4, 3, at),
        rules.signature(b"a secret", "scrypt-2048-8-1", "salt", 5, 3, at),
        rules.signature(b"a secret", "scrypt-2048-8-1", "salt", 4, 4, at),
        rules.signature(b"a secret", "scrypt-2048-8-1", "salt", 4, 3, at + timedelta(seconds=1)),
    }
    assert len(others | {first}) == 7
