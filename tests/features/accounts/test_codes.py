"""Codes of an app and recovery codes: set up, asked for at sign-in, each taken once."""

import asyncio
from typing import get_args

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.factors import App, Clock, add_app, carry_csrf, notices, second, sign_in, who
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import SlowDown, WrongCode
from matinee.features.accounts.schemas import NoticeKind
from matinee.features.accounts.service import letter_words, throttle


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house)


@pytest.fixture
async def ann(house: House, clock: Clock) -> Person:
    return await house.person(handle="ann")


async def at_second_step(house: House, person: Person) -> httpx.AsyncClient:
    """A browser whose password was right."""
    browser = await house.client()
    assert (await sign_in(browser, person)).status_code == 202
    return browser


async def test_an_app_counts_after_its_first_right_code(house: House, clock: Clock, ann: Person) -> None:
    draft = (await ann.client.post("/api/v1/me/factors/app")).json()
    assert draft["uri"].startswith("otpauth://totp/Matinee:ann%40example.org?")
    assert f"secret={draft['secret']}" in draft["uri"]
    assert draft["qr_svg"].startswith("<svg")
    app = App(draft["secret"], clock)
    wrong = await ann.client.post("/api/v1/me/factors/app/confirm", json={"code": app.wrong()})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "accounts.wrong_code")
    assert (await sign_in(await house.client(), ann)).status_code == 200
    right = await ann.client.post("/api/v1/me/factors/app/confirm", json={"code": app.code()})
    assert len(set(right.json()["recovery_codes"])) == 10
    shown = (await ann.client.get("/api/v1/me/factors")).json()
    assert shown["app"]["created_at"]
    assert shown["recovery_codes_left"] == 10
    assert "factor_added" in await notices(ann.client)


async def test_the_password_alone_opens_nothing_once_a_factor_is_on(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    browser = await house.client()
    asked = await sign_in(browser, ann)
    assert asked.status_code == 202
    assert asked.json() == {"factors": ["app", "recovery_code"], "expires_in_s": 300}
    assert await who(browser) is None
    assert (await browser.get("/api/v1/sessions")).status_code == 401
    done = await second(browser, code=app.code())
    assert done.status_code == 200
    assert done.json()["account"]["email"] == ann.email
    assert await who(browser) == ann.email
    assert "__Host-matinee_ticket" not in browser.cookies


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_clock_may_be_half_a_minute_off(
    house: House, clock: Clock, ann: Person, steps: int, taken: bool
) -> None:
    app, _ = await add_app(ann.client, clock)
    clock.go(minutes=2)
    browser = await at_second_step(house, ann)
    assert (await second(browser, code=app.code(steps))).status_code == (200 if taken else 422)


async def test_a_code_counts_once_and_none_before_it_either(house: House, clock: Clock, ann: Person) -> None:
    app, _ = await add_app(ann.client, clock)
    assert (await second(await at_second_step(house, ann), code=app.code())).status_code == 200
    for steps in (0, -1):
        again = await second(await at_second_step(house, ann), code=app.code(steps))
        assert (again.status_code, again.json()["code"]) == (422, "accounts.wrong_code")
    clock.go(seconds=30)
    assert (await second(await at_second_step(house, ann), code=app.code())).status_code == 200
    assert (await notices(ann.client)).count("code_again") == 1, "told, once a day"


async def test_the_code_that_confirmed_the_app_counts_for_nothing_else(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    browser = await at_second_step(house, ann)
    clock.go(minutes=-1)
    assert (await second(browser, code=app.code())).status_code == 422


async def test_of_two_racing_requests_with_one_code_one_gets_in(
    house: House, clock: Clock, ann: Person
) -> None:
    app, codes = await add_app(ann.client, clock)
    for code in (app.code(), codes[0]):
        browsers = [await at_second_step(house, ann) for _ in range(3)]
        answers = await asyncio.gather(*(second(browser, code=code) for browser in browsers))
        assert sorted(answer.status_code for answer in answers) == [200, 422, 422]


async def test_a_recovery_code_counts_once_in_any_spelling_and_its_owner_is_told(
    house: House, clock: Clock, ann: Person
) -> None:
    _, codes = await add_app(ann.client, clock)
    browser = await at_second_step(house, ann)
    spelt = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await second(browser, code=spelt)).status_code == 200
    assert (await browser.get("/api/v1/me/factors")).json()["recovery_codes_left"] == 9
    assert (await notices(browser))[0] == "recovery_code_used"
    assert await house.waiting("accounts.tell_owner")
    assert (await second(await at_second_step(house, ann), code=codes[0])).status_code == 422


async def test_new_recovery_codes_take_the_place_of_all_others(
    house: House, clock: Clock, ann: Person
) -> None:
    nothing = await ann.client.post("/api/v1/me/factors/recovery-codes")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "accounts.factor_not_found")
    _, before = await add_app(ann.client, clock)
    made = (await ann.client.post("/api/v1/me/factors/recovery-codes")).json()["codes"]
    assert len(made) == 10
    assert not set(made) & set(before)
    assert (await second(await at_second_step(house, ann), code=before[0])).status_code == 422
    assert (await second(await at_second_step(house, ann), code=made[9])).status_code == 200


async def test_a_recovery_code_of_one_account_opens_no_other(house: House, clock: Clock, ann: Person) -> None:
    bob = await house.person(handle="bob")
    _, codes = await add_app(bob.client, clock)
    await add_app(ann.client, clock)
    assert (await second(await at_second_step(house, ann), code=codes[0])).status_code == 422


async def test_a_ticket_is_of_one_browser_for_five_minutes_and_one_session(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    stranger = await house.client()
    await at_second_step(house, ann)
    over = await second(stranger, code=app.code())
    assert (over.status_code, over.json()["code"]) == (409, "accounts.ticket_over")
    browser = await at_second_step(house, ann)
    ticket = browser.cookies["__Host-matinee_ticket"]
    assert (await second(browser, code=app.code())).status_code == 200
    clock.go(seconds=30)
    copy = await house.client(cookies={"__Host-matinee_ticket": ticket})
    assert (await second(copy, code=app.code())).json()["code"] == "accounts.ticket_over"
    late = await at_second_step(house, ann)
    late.cookies.set("__Host-matinee_ticket", late.cookies["__Host-matinee_ticket"], domain="localhost.local")
    clock.go(minutes=5, seconds=1)
    assert (await second(late, code=app.code())).json()["code"] == "accounts.ticket_over"


async def test_a_ticket_ends_when_the_password_changes_or_the_account_is_shut(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    browser = await at_second_step(house, ann)
    async with house.works.open() as work:
        await accounts.set_password(work, ann.account_id, "another long enough password")
    assert (await second(browser, code=app.code())).json()["code"] == "accounts.ticket_over"
    await sign_in(browser, ann, "another long enough password")
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
    assert (await second(browser, code=app.code())).status_code == 409


async def test_after_five_wrong_codes_a_sign_in_begins_again_and_the_owner_hears_of_it(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    browser = await at_second_step(house, ann)
    answers = [await second(browser, code=app.wrong()) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {422}
    assert (await second(browser, code=app.code())).json()["code"] == "accounts.ticket_over"
    assert (await second(await at_second_step(house, ann), code=app.code())).status_code == 200
    assert "codes_guessed" in await notices(ann.client)


async def test_guessing_from_many_networks_is_bounded_and_keeps_the_owner_out_of_nothing(
    house: House, clock: Clock, ann: Person
) -> None:
    app, codes = await add_app(ann.client, clock)

    async def get_in(code: str, address: str) -> None:
        async with house.works.open() as work:
            begun = await accounts.sign_in(work, ann.email, PASSWORD, address=address)
            assert isinstance(begun, accounts.Ticket)
        async with house.works.open() as work:
            given = accounts.FactorGiven(code=code)
            await accounts.sign_in_with_factor(work, begun.secret, given, address=address)

    async def tried(network: int) -> bool:
        with pytest.raises((WrongCode, SlowDown)) as caught:
            await get_in(app.wrong(), f"203.0.113.{network}")
        return caught.type is WrongCode

    assert sum([await tried(network) for network in range(40)]) == 30
    # Where the owner is signed in, at another network than the guesser, codes count on; a recovery code everywhere.
    await get_in(app.code(), "")
    await get_in(codes[0], "203.0.113.99")
    clock.go(days=1, seconds=1)
    assert (await second(await at_second_step(house, ann), code=app.code())).status_code == 200


async def test_many_wrong_codes_from_one_network_wait_and_the_wait_ends(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    for _ in range(2):
        browser = await at_second_step(house, ann)
        for _ in range(5):
            assert (await second(browser, code="AAAA-AAAA-AAAA-AAAA")).status_code == 422
    slow = await second(await at_second_step(house, ann), code=app.code())
    assert slow.status_code == 429
    assert 0 < int(slow.headers["retry-after"]) <= 900
    clock.go(minutes=15, seconds=1)
    assert (await second(await at_second_step(house, ann), code=app.code())).status_code == 200


async def test_a_wrong_password_never_tells_whether_there_is_a_factor(
    house: House, clock: Clock, ann: Person
) -> None:
    bob = await house.person(handle="bob")
    await add_app(ann.client, clock)
    answers = []
    for login in (ann.email, bob.email, "nobody@example.org"):
        browser = await house.client()
        answer = await browser.post("/api/v1/session", json={"login": login, "password": "not the password"})
        assert not dict(browser.cookies)
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}))
    assert answers[0][0] == 401
    assert answers[0] == answers[1] == answers[2]


async def test_a_program_needs_a_code_too(house: House, clock: Clock, ann: Person) -> None:
    app, _ = await add_app(ann.client, clock)
    program = await house.client()
    asked = {"login": ann.email, "password": PASSWORD, "name": "backup"}
    bare = await program.post("/api/v1/tokens", json=asked)
    assert (bare.status_code, bare.json()["code"]) == (403, "accounts.factor_needed")
    wrong = await program.post("/api/v1/tokens", json={**asked, "code": app.wrong()})
    assert wrong.json()["code"] == "accounts.wrong_code"
    assert (await program.post("/api/v1/tokens", json={**asked, "code": app.code()})).status_code == 201


async def test_a_new_password_by_letter_leaves_the_factor_on(house: House, clock: Clock, ann: Person) -> None:
    app, _ = await add_app(ann.client, clock)
    async with house.works.open() as work:
        link = await accounts.hand_out(work, ann.account_id, "reset")
    browser = await house.client()
    new = "another long enough password"
    body = {"token": link.split("#")[1], "password": new}
    assert (await browser.post("/api/v1/password-resets/finish", json=body)).status_code == 204
    assert (await sign_in(browser, ann, new)).status_code == 202
    assert (await second(browser, code=app.code())).status_code == 200


async def test_a_new_app_takes_the_place_of_the_old_once_it_is_confirmed(
    house: House, clock: Clock, ann: Person
) -> None:
    old, _ = await add_app(ann.client, clock)
    draft = App((await ann.client.post("/api/v1/me/factors/app")).json()["secret"], clock)
    assert (await second(await at_second_step(house, ann), code=draft.code())).status_code == 422
    assert (await second(await at_second_step(house, ann), code=old.code())).status_code == 200
    clock.go(minutes=1)
    confirmed = await ann.client.post("/api/v1/me/factors/app/confirm", json={"code": draft.code()})
    assert confirmed.json() == {"recovery_codes": None}
    clock.go(minutes=1)
    assert (await second(await at_second_step(house, ann), code=old.code())).status_code == 422
    assert (await second(await at_second_step(house, ann), code=draft.code())).status_code == 200


async def test_a_draft_is_over_after_an_hour_and_swept_away(house: House, clock: Clock, ann: Person) -> None:
    draft = App((await ann.client.post("/api/v1/me/factors/app")).json()["secret"], clock)
    clock.go(hours=1, seconds=1)
    browser = await house.client()
    await sign_in(browser, ann)
    carry_csrf(browser)
    late = await browser.post("/api/v1/me/factors/app/confirm", json={"code": draft.code()})
    assert late.json()["code"] == "accounts.factor_not_found"
    async with house.works.open() as work:
        await accounts.prune(work)
        assert await work.session.scalar(text("SELECT count(*) FROM accounts_totp")) == 0


async def test_removing_the_last_factor_removes_its_recovery_codes_too(
    house: House, clock: Clock, ann: Person
) -> None:
    await add_app(ann.client, clock)
    assert (await ann.client.delete("/api/v1/me/factors/app")).status_code == 204
    assert (await ann.client.delete("/api/v1/me/factors/app")).status_code == 404
    assert (await ann.client.get("/api/v1/me/factors")).json()["recovery_codes_left"] == 0
    assert (await notices(ann.client))[0] == "factor_removed"
    assert (await sign_in(await house.client(), ann)).status_code == 200


async def test_the_secret_lies_sealed_and_codes_lie_hashed(house: House, clock: Clock, ann: Person) -> None:
    app, codes = await add_app(ann.client, clock)
    async with house.works.open() as work:
        (row,) = (await work.session.execute(text("SELECT * FROM accounts_totp"))).mappings()
        hashes = (await work.session.execute(text("SELECT code_hash FROM accounts_recovery_code"))).scalars()
        kept = str(dict(row)) + str([bytes(one) for one in hashes])
    assert app.secret not in kept
    assert not any(code.replace("-", "") in kept.replace("-", "") for code in codes)


async def test_a_machine_with_another_secret_says_so_and_takes_recovery_codes(make_house: MakeHouse) -> None:
    here = await make_house(secret="a secret of one machine, made of many words")
    clock = Clock(here)
    ann = await here.person(handle="ann")
    app, codes = await add_app(ann.client, clock)
    there = await make_house(secret="the secret of a different machine altogether")
    there.works.clock = here.works.clock
    answer = await second(await at_second_step(there, ann), code=app.code())
    assert (answer.status_code, answer.json()["code"]) == (503, "accounts.factor_sealed")
    assert "MATINEE_SECRET" in answer.json()["detail"]
    assert (await second(await at_second_step(there, ann), code=codes[0])).status_code == 200


async def test_a_try_is_counted_before_it_is_made(
    house: House, clock: Clock, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = await add_app(ann.client, clock)
    forgiven: list[bytes] = []

    async def forgive(work: object, key: bytes) -> None:
        forgiven.append(key)

    monkeypatch.setattr(throttle, "forgive", forgive)
    browsers = [await at_second_step(house, ann) for _ in range(3)]
    wrong = [second(browser, code=app.wrong()) for browser in browsers for _ in range(5)]
    answers = await asyncio.gather(*wrong)
    assert sum(answer.status_code == 422 for answer in answers) == 10
    assert sum(answer.status_code == 429 for answer in answers) == 5


def test_every_notice_has_a_letter() -> None:
    for kind in get_args(NoticeKind):
        words = letter_words.notice(kind, "Firefox on Linux", "https://films.example/settings")
        assert words.subject
        assert words.after


async def test_figures_count_what_was_shown(house: House, clock: Clock, ann: Person) -> None:
    app, _ = await add_app(ann.client, clock)
    browser = await at_second_step(house, ann)
    for code in (app.wrong(), app.code()):
        await second(browser, code=code)
    figures = (await browser.get("/metrics")).text
    for outcome in ("right", "wrong"):
        assert f'matinee_factor_checks_total{{kind="app",outcome="{outcome}"}}' in figures
