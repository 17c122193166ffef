"""Letters with links: what they do, once, and that nobody learns by them who has an account."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage

import httpx
import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.infra.mail.office import Office, opened
from tests.support.house import PASSWORD, House
from tests.support.traces import every_value

from matinee.features.accounts import rules
from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import EmailTaken, NoLetters
from matinee.kernel.errors import Refused
from matinee.kernel.time import utc_now

NEW = "another long secret"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with opened() as found:
        yield found


@pytest.fixture
async def posted(make_house: MakeHouse, office: Office) -> House:
    """A house that sends letters."""
    return await make_house(mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>")


def body(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def secret_in(letter: EmailMessage, page: str) -> str:
    found = re.search(rf"http://localhost:8000/{page}#(\S+)", body(letter))
    assert found is not None, body(letter)
    assert found[0] in body(letter, "html")
    return found[1]


async def post(client: httpx.AsyncClient, path: str, **body: str) -> httpx.Response:
    return await client.post(f"/api/v1/{path}", json=body)


async def reset_letter(house: House, office: Office, login: str) -> str:
    assert (await post(await house.client(), "password-resets", login=login)).status_code == 202
    await house.run_jobs()
    return secret_in(office.letters[-1], "reset-password")


async def signs_in(house: House, login: str, password: str) -> bool:
    return (await post(await house.client(), "session", login=login, password=password)).status_code == 200


@pytest.mark.parametrize("login", ["ann@example.org", "@Ann"])
async def test_a_forgotten_password_is_replaced_by_a_letter_and_every_session_ends(
    posted: House, office: Office, login: str
) -> None:
    ann = await posted.person(handle="ann")
    secret = await reset_letter(posted, office, login)
    (letter,) = office.letters
    assert letter["To"] == "ann@example.org"
    assert "@ann" in body(letter)
    browser = await posted.client()
    weak = await post(browser, "password-resets/finish", token=secret, password="ann ann ann ann")
    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (422, "password")
    done = await post(browser, "password-resets/finish", token=secret, password=NEW)
    assert done.status_code == 204
    assert (await ann.client.get("/api/v1/me")).json()["account"] is None
    assert await signs_in(posted, "ann", NEW)
    assert not await signs_in(posted, "ann", PASSWORD)
    again = await post(browser, "password-resets/finish", token=secret, password="yet another long secret")
    assert (again.status_code, again.json()["code"]) == (404, "accounts.link_over")
    await posted.run_jobs()
    assert [found["Subject"] for found in office.letters] == [
        "Choose a new password",
        "Your password was changed",
    ]


async def test_while_strangers_guess_a_letter_lets_the_owner_in_where_it_was_followed(
    posted: House, office: Office
) -> None:
    ann = await posted.person(handle="ann")
    known = await posted.client(address="192.0.2.9")
    assert (await post(known, "session", login="ann", password=PASSWORD)).status_code == 200
    known.cookies.clear()
    office.letters.clear()

    async def guess(address: str) -> None:
        stranger = await posted.client(address=address)
        for login in ("ann", ann.email):
            for _ in range(7):
                await post(stranger, "session", login=login, password="not the password")

    for n in range(3):
        await guess(f"198.51.{n}.7")
    await guess("192.0.2.9")  # as one would who was let in there once
    browser = await posted.client(address="203.0.113.9")
    refused = await post(browser, "session", login="ann", password=PASSWORD)
    assert refused.status_code == 429
    assert "choose another password by a letter" in refused.json()["detail"]
    secret = await reset_letter(posted, office, "ann")
    finished = await post(browser, "password-resets/finish", token=secret, password=NEW)
    assert finished.status_code == 204
    elsewhere = await posted.client(address="203.0.114.9")
    assert (await post(elsewhere, "session", login="ann", password=NEW)).status_code == 429
    assert (await post(browser, "session", login="ann", password=NEW)).status_code == 200
    told = [one["kind"] for one in (await browser.get("/api/v1/sessions")).json()["notices"]]
    assert "new_place" in told, "that it is a new place is said all the same"


async def test_a_link_ends_with_its_time_and_with_the_next_one(posted: House, office: Office) -> None:
    await posted.person(handle="ann")
    first = await reset_letter(posted, office, "ann")
    second = await reset_letter(posted, office, "ann")
    browser = await posted.client()
    assert (await post(browser, "password-resets/finish", token=first, password=NEW)).status_code == 404
    posted.works.clock = lambda: utc_now() + timedelta(minutes=31)
    assert (await post(browser, "password-resets/finish", token=second, password=NEW)).status_code == 404
    async with posted.works.open() as work:
        await accounts.prune(work)
        assert await work.session.scalar(text("SELECT count(*) FROM accounts_letter")) == 0


async def test_a_changed_password_ends_the_links_that_would_change_it(posted: House, office: Office) -> None:
    ann = await posted.person(handle="ann")
    secret = await reset_letter(posted, office, "ann")
    changed = {"current": PASSWORD, "new": NEW}
    assert (await ann.client.post("/api/v1/me/password", json=changed)).status_code == 204
    late = await post(
        await posted.client(), "password-resets/finish", token=secret, password="x1 y2 z3 w4 v5"
    )
    assert late.status_code == 404
    await posted.run_jobs()
    assert office.letters[-1]["Subject"] == "Your password was changed"


async def test_of_many_who_use_a_link_at_once_one_succeeds(posted: House, office: Office) -> None:
    import asyncio

    await posted.person(handle="ann")
    secret = await reset_letter(posted, office, "ann")
    browsers = [await posted.client() for _ in range(4)]
    answers = await asyncio.gather(
        *(
            post(browser, "password-resets/finish", token=secret, password=f"secret of number {n}")
            for n, browser in enumerate(browsers)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404]


async def test_who_is_unknown_shut_out_or_leaving_gets_no_letter_and_the_same_answer(
    posted: House, office: Office
) -> None:
    bob, eve = await posted.person(handle="bob"), await posted.person(handle="eve")
    await posted.person("admin")
    async with posted.works.open() as work:
        await accounts.restrict(work, bob.account_id, "suspended", "Spam.")
    await posted.run_jobs()
    office.letters.clear()  # it says why
    await eve.client.request("DELETE", "/api/v1/me", json={"password": PASSWORD})
    browser = await posted.client()
    answers = [
        await post(browser, "password-resets", login=login)
        for login in ("bob", "eve", "nobody", "nobody@example.org", "%", "x" * 254)
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "null")}
    await posted.run_jobs()
    assert office.letters == []


async def test_letters_to_one_person_are_bounded_from_everywhere(posted: House, office: Office) -> None:
    await posted.person(handle="ann")
    browser = await posted.client()
    statuses = [(await post(browser, "password-resets", login="ann")).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]
    unknown = [(await post(browser, "password-resets", login="nobody")).status_code for _ in range(6)]
    assert unknown == statuses
    async with posted.works.open() as work:
        for n in range(5):
            await accounts.ask_reset(work, "ann", address=f"192.0.2.{n}")
    await posted.run_jobs()
    assert len(office.letters) == 5


async def test_letters_to_one_address_about_joining_are_bounded_from_everywhere(
    posted: House, office: Office
) -> None:
    await posted.person(handle="ann")
    for n in range(7):
        browser = await posted.client(address=f"2001:db8:0:{n}::1")
        for email in ("ann@example.org", "stranger@example.org"):
            assert (await post(browser, "accounts/letters", email=email)).status_code == 202
        await posted.run_jobs()
    to = [letter["To"] for letter in office.letters]
    assert (to.count("ann@example.org"), to.count("stranger@example.org")) == (5, 5)
    last = [letter for letter in office.letters if letter["To"] == "stranger@example.org"][-1]
    made = await post(await posted.client(), "accounts", token=secret_in(last, "join"), **JOINING)
    assert made.status_code == 201


async def test_a_letter_that_could_not_leave_is_tried_again_with_another_link(
    posted: House, office: Office
) -> None:
    await posted.person(handle="ann")
    office.says = "451 later"
    assert (await post(await posted.client(), "password-resets", login="ann")).status_code == 202
    await posted.run_jobs()
    assert office.letters == []
    office.says = "250 taken"
    async with posted.works.open() as work:
        await work.session.execute(
            text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
        )
    await posted.run_jobs()
    secret = secret_in(office.letters[0], "reset-password")
    done = await post(await posted.client(), "password-resets/finish", token=secret, password=NEW)
    assert done.status_code == 204


async def test_neither_job_nor_table_holds_a_secret_and_no_job_an_address(
    posted: House, office: Office
) -> None:
    await posted.person(handle="ann")
    secret = await reset_letter(posted, office, "ann")
    values = await every_value(posted)
    assert not [table for table, value in values if secret in value]
    jobs = [value for table, value in values if table.startswith(("procrastinate", "infra"))]
    assert not [value for value in jobs if "ann@example.org" in value]


JOINING = {"password": "correct horse battery", "handle": "ann_m", "display_name": "Ann"}


async def test_who_joins_proves_the_address_first(posted: House, office: Office) -> None:
    browser = await posted.client()
    at_once = await post(browser, "accounts", email="ann@example.org", **JOINING)
    assert (at_once.status_code, at_once.json()["code"]) == (422, "accounts.letter_first")
    asked = await post(browser, "accounts/letters", email=" Ann@Example.org")
    assert asked.status_code == 202
    await posted.run_jobs()
    secret = secret_in(office.letters[0], "join")
    made = await post(browser, "accounts", token=secret, **JOINING)
    assert made.status_code == 201
    account = made.json()["account"]
    assert (account["email"], account["email_verified"]) == ("ann@example.org", True)
    again = await post(await posted.client(), "accounts", token=secret, **(JOINING | {"handle": "other"}))
    assert (again.status_code, again.json()["code"]) == (404, "accounts.link_over")


async def test_nobody_learns_by_joining_who_has_an_account_but_its_owner(
    posted: House, office: Office
) -> None:
    await posted.person(handle="ann")
    browser = await posted.client()
    answers = [
        await post(browser, "accounts/letters", email=email) for email in ("ann@example.org", "b@example.org")
    ]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    await posted.run_jobs()
    found = {letter["To"]: letter for letter in office.letters}
    assert found["ann@example.org"]["Subject"] == "You have an account already"
    assert "#" not in body(found["ann@example.org"])
    assert found["b@example.org"]["Subject"] == "Finish your account"


async def test_an_address_is_proven_by_its_letter(posted: House, office: Office) -> None:
    ann = await posted.person(handle="ann")
    assert (await ann.client.get("/api/v1/me")).json()["account"]["email_verified"] is False
    assert (await ann.client.post("/api/v1/me/email/letter")).status_code == 202
    await posted.run_jobs()
    secret = secret_in(office.letters[0], "confirm-address")
    guest = await posted.client()
    assert (await post(guest, "email-confirmations", token=secret)).status_code == 204
    assert (await ann.client.get("/api/v1/me")).json()["account"]["email_verified"] is True
    assert (await post(guest, "email-confirmations", token=secret)).status_code == 404
    for _ in range(6):
        assert (await ann.client.post("/api/v1/me/email/letter")).status_code == 202
    await posted.run_jobs()
    assert len(office.letters) == 1


async def test_letters_to_oneself_are_bounded(posted: House) -> None:
    ann = await posted.person()
    statuses = [(await ann.client.post("/api/v1/me/email/letter")).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]


async def test_another_address_counts_once_it_is_proven_and_the_present_one_is_told(
    posted: House, office: Office
) -> None:
    ann = await posted.person(handle="ann")
    wrong = await post(ann.client, "me/email", email="new@example.org", password="not the password")
    assert wrong.json()["errors"][0]["field"] == "password"
    asked = await post(ann.client, "me/email", email="New@example.org", password=PASSWORD)
    assert asked.status_code == 202
    me = (await ann.client.get("/api/v1/me")).json()["account"]
    assert (me["email"], me["wanted_email"]) == ("ann@example.org", "new@example.org")
    await posted.run_jobs()
    found = {letter["To"]: letter for letter in office.letters}
    assert found["ann@example.org"]["Subject"] == "Your address is being changed"
    reset = await reset_letter(posted, office, "ann")
    secret = secret_in(found["new@example.org"], "confirm-address")
    assert (await post(await posted.client(), "email-confirmations", token=secret)).status_code == 204
    me = (await ann.client.get("/api/v1/me")).json()["account"]
    assert (me["email"], me["wanted_email"], me["email_verified"]) == ("new@example.org", None, True)
    late = await post(await posted.client(), "password-resets/finish", token=reset, password=NEW)
    assert late.status_code == 404
    await posted.run_jobs()
    told = office.letters[-1]
    assert (told["To"], told["Subject"]) == ("ann@example.org", "Your address was changed")


@pytest.mark.parametrize("way", ["reset", "change", "set"])
async def test_another_password_ends_a_wish_for_another_address_and_keeps_the_proof_of_the_present_one(
    posted: House, office: Office, way: str
) -> None:
    ann = await posted.person(handle="ann")
    assert (
        await post(ann.client, "me/email", email="eve@evil.example", password=PASSWORD)
    ).status_code == 202
    await posted.run_jobs()
    found = {letter["To"]: letter for letter in office.letters}
    wished = secret_in(found["eve@evil.example"], "confirm-address")
    if way == "reset":
        secret = await reset_letter(posted, office, "ann")
        done = await post(await posted.client(), "password-resets/finish", token=secret, password=NEW)
        assert done.status_code == 204
    elif way == "change":
        assert (await post(ann.client, "me/password", current=PASSWORD, new=NEW)).status_code == 204
    else:
        async with posted.works.open() as work:
            proof = (await accounts.hand_out(work, ann.account_id, "verify")).partition("#")[2]
            await accounts.set_password(work, ann.account_id, NEW)
    guest = await posted.client()
    late = await post(guest, "email-confirmations", token=wished)
    assert (late.status_code, late.json()["code"]) == (404, "accounts.link_over")
    assert await signs_in(posted, "ann@example.org", NEW)
    if way == "set":
        assert (await post(guest, "email-confirmations", token=proof)).status_code == 204


async def test_a_wish_for_another_address_is_taken_back_by_the_present_one(
    posted: House, office: Office
) -> None:
    ann = await posted.person(handle="ann")
    for email in ("new@example.org", "ann@example.org"):
        assert (await post(ann.client, "me/email", email=email, password=PASSWORD)).status_code == 202
    assert (await ann.client.get("/api/v1/me")).json()["account"]["wanted_email"] is None
    await posted.run_jobs()
    assert [letter["To"] for letter in office.letters] == ["ann@example.org"]


async def test_an_address_of_somebody_else_is_asked_for_without_learning_whose_it_is(
    posted: House, office: Office
) -> None:
    ann = await posted.person(handle="ann")
    await posted.person(handle="bob")
    answers = [
        await post(ann.client, "me/email", email=email, password=PASSWORD)
        for email in ("bob@example.org", "free@example.org")
    ]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    await post(ann.client, "me/email", email="bob@example.org", password=PASSWORD)
    await posted.run_jobs()
    assert (await ann.client.get("/api/v1/me")).json()["account"]["wanted_email"] == "bob@example.org"
    found = {letter["To"]: letter["Subject"] for letter in office.letters}
    assert found["bob@example.org"] == "You have an account already"


async def test_a_house_without_letters_says_so_alike_to_everybody(house: House) -> None:
    ann = await house.person(handle="ann")
    browser = await house.client()
    answers = [await post(browser, "password-resets", login=login) for login in ("ann", "nobody")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (409, "accounts.no_letters")
    }
    assert (await post(browser, "accounts/letters", email="x@example.org")).status_code == 409
    async with house.acting(ann) as work:
        with pytest.raises(NoLetters):
            await accounts.ask_verification(work)
    assert (await browser.get("/api/v1/me")).json()["mail"] is False


async def test_without_letters_an_address_changes_at_once(house: House) -> None:
    ann = await house.person(handle="ann")
    await house.person(handle="bob")
    taken = await post(ann.client, "me/email", email="bob@example.org", password=PASSWORD)
    assert (taken.status_code, taken.json()["code"]) == (409, "accounts.email_taken")
    assert (await post(ann.client, "me/email", email="new@example.org", password=PASSWORD)).status_code == 202
    assert (await ann.client.get("/api/v1/me")).json()["account"]["email"] == "new@example.org"


async def test_the_operator_hands_out_links_where_no_letter_goes(make_house: MakeHouse) -> None:
    house = await make_house(signup="closed")
    ann = await house.person(handle="ann")
    async with house.works.open() as work:
        reset = (await accounts.hand_out(work, ann.account_id, "reset")).partition("#")[2]
        invited = (await accounts.invite(work, "guest@example.org")).partition("#")[2]
        with pytest.raises(EmailTaken):
            await accounts.invite(work, "ann@example.org")
    async with house.acting(ann) as work:
        with pytest.raises(Refused):
            await accounts.hand_out(work, ann.account_id, "reset")
        with pytest.raises(Refused):
            await accounts.invite(work, "other@example.org")
    browser = await house.client()
    assert (await post(browser, "password-resets/finish", token=reset, password=NEW)).status_code == 204
    assert await signs_in(house, "ann", NEW)
    assert (await post(browser, "accounts", token=invited, **JOINING)).status_code == 201
    async with house.works.open() as work:
        proven = await accounts.find(work, "ann")
        assert proven is not None
        assert proven.email_verified_at is None


async def test_guessing_links_is_slowed_down(posted: House) -> None:
    browser = await posted.client()
    statuses = [
        (await post(browser, "email-confirmations", token=rules.new_secret())).status_code for _ in range(61)
    ]
    assert statuses == [404] * 60 + [429]


async def test_a_password_is_measured_before_it_is_sent_off(house: House) -> None:
    async def measured(client: httpx.AsyncClient, password: str, *words: str) -> tuple[int, str | None]:
        answer = await client.post("/api/v1/password-strength", json={"password": password, "words": words})
        assert answer.status_code == 200
        return answer.json()["score"], answer.json()["why"]

    browser, ann = await house.client(), await house.person(handle="ann_miller")
    assert (await measured(browser, ""))[0] == 0
    assert (await measured(browser, "qwertyuiop"))[0] == 1
    assert (await measured(browser, "correcthorsebatterystaple"))[0] == 1
    assert await measured(browser, "correct horse battery") == (4, None)
    assert (await measured(browser, "zebrafinch tea"))[0] >= 3
    assert (await measured(browser, "zebrafinch tea", "Zebrafinch"))[1] is not None
    assert (await measured(ann.client, "ann_miller 12"))[1] is not None


async def test_measuring_is_bounded_for_a_network(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matinee.features.accounts.service.members.MEASURES_OF_A_NETWORK", 3)
    browser = await house.client()
    body = {"password": "correct horse battery"}
    statuses = [(await browser.post("/api/v1/password-strength", json=body)).status_code for _ in range(4)]
    assert statuses == [200] * 3 + [429]
