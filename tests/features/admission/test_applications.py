"""Requests to be let in: an account that waits may read its request, and nothing else, until somebody decides."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.entrypoints.test_permissions import ask, declared
from tests.features.accounts.test_letters import body, secret_in
from tests.features.admission.desk import PASSWORD, choose, invitation, join, joined, said
from tests.infra.mail.office import opened
from tests.support.house import House, Person
from tests.support.traces import every_value

from matinee.features.accounts import service as accounts
from matinee.features.admission import service as admission
from matinee.features.roles import service as roles
from matinee.infra import http
from matinee.kernel.time import utc_now

QUESTION = "What would you like to show here?"
ANSWER = "Films about herons."
QUEUE = "/api/v1/admin/applications"


@pytest.fixture
async def operator(house: House) -> Person:
    """Of a house that lets people in one by one."""
    operator = await house.person("admin", handle="boss")
    await choose(operator, mode="approval", question=QUESTION)
    return operator


async def waiting(operator: Person, state: str = "waiting") -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await operator.client.get(QUEUE, params={"state": state})).json()["items"]
    return found


async def sign_in(house: House, name: str) -> httpx.Response:
    browser = await house.client()
    return await browser.post("/api/v1/session", json={"login": name, "password": PASSWORD})


async def test_who_waits_reads_the_request_and_nothing_else(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", answer=f"  {ANSWER} ")
    me = (await ann.get("/api/v1/me")).json()
    assert (me["account"]["waits"], me["account"]["factor_due"]) == (True, False)
    assert "admission.apply" in me["account"]["permissions"]
    request = (await ann.get("/api/v1/me/application")).json()
    assert (request["state"], request["question"], request["answer"]) == ("waiting", QUESTION, ANSWER)
    left = house.works.held(roles.Book).charter.open_to_all | {admission.APPLY}
    walked = [(method, route) for method, route in declared(house) if http.permission_of(route) not in left]
    assert len(walked) > 40
    for method, route in walked:
        answer = await ask(house, method, route, None, ann)
        assert answer.status_code == 403, route.path
        assert method == "HEAD" or said(answer)[1] == "admission.waits", route.path
    token = {"login": "ann", "password": PASSWORD, "name": "a program"}
    program = await house.client()
    made = (await program.post("/api/v1/tokens", json=token)).json()["token"]
    program.headers["Authorization"] = f"Bearer {made}"
    assert said(await program.get("/api/v1/me/videos")) == (403, "admission.waits")
    assert (await operator.client.get("/api/v1/profiles/ann")).status_code == 404
    assert (await sign_in(house, "ann")).json()["account"]["waits"] is True


async def test_the_question_must_be_answered_and_the_answer_is_bounded(
    house: House, operator: Person
) -> None:
    assert said(await join(house, "ann")) == (422, "admission.answer_needed")
    assert said(await join(house, "ann", answer=" \u202e ")) == (422, "admission.answer_needed")
    assert (await join(house, "ann", answer="x" * 1001)).status_code == 422
    await choose(operator, mode="approval")
    assert (await join(house, "ann")).status_code == 201


async def test_an_approved_person_goes_on_without_signing_in_anew(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", answer=ANSWER)
    (request,) = await waiting(operator)
    assert (request["handle"], request["email"], request["answer"]) == ("ann", "ann@example.org", ANSWER)
    path = f"{QUEUE}/{request['account_id']}/approve"
    assert (await operator.client.post(path)).status_code == 204
    assert (await ann.get("/api/v1/me")).json()["account"]["waits"] is False
    assert (await ann.get("/api/v1/me/videos")).status_code == 200
    assert said(await ann.get("/api/v1/me/application")) == (404, "admission.application_not_found")
    assert said(await operator.client.post(path)) == (404, "admission.application_not_found")
    assert await waiting(operator) == []
    await house.run_jobs()
    assert (await operator.client.get("/api/v1/profiles/ann")).json()["handle"] == "ann"
    assert not [table for table, row in await every_value(house) if ANSWER in row], "it is of no use any more"
    acts = [act["act"] for act in (await ann.get("/api/v1/me/audit")).json()["items"]]
    assert acts[:1] == ["application.approved"]


async def test_a_refused_person_reads_why_and_is_erased_after_a_week(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", answer=ANSWER)
    (request,) = await waiting(operator)
    path = f"{QUEUE}/{request['account_id']}"
    for wrong in ({}, {"reason": " "}, {"reason": "x" * 301}):
        assert (await operator.client.post(f"{path}/refuse", json=wrong)).status_code == 422
    refused = await operator.client.post(f"{path}/refuse", json={"reason": "We show cats alone."})
    assert refused.status_code == 204
    told = (await ann.get("/api/v1/me/application")).json()
    assert (told["state"], told["reason"]) == ("refused", "We show cats alone.")
    assert (await sign_in(house, "ann")).json()["account"]["waits"] is True
    assert [one["handle"] for one in await waiting(operator, "refused")] == ["ann"]
    again = await operator.client.post(f"{path}/refuse", json={"reason": "Again."})
    assert again.status_code == 404
    for days, left in ((6, True), (8, False)):
        house.works.clock = lambda days=days: utc_now() + timedelta(days=days)  # type: ignore[misc]
        async with house.works.open() as work:
            await admission.tidy(work)
        await house.run_jobs()
        async with house.works.open() as work:
            assert (await accounts.find(work, "ann") is not None) is left
    assert not [table for table, row in await every_value(house) if "ann@example.org" in row]


async def test_a_refusal_can_be_taken_back_within_the_week(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", answer=ANSWER)
    (request,) = await waiting(operator)
    path = f"{QUEUE}/{request['account_id']}"
    await operator.client.post(f"{path}/refuse", json={"reason": "No."})
    assert (await operator.client.post(f"{path}/approve")).status_code == 204
    assert (await ann.get("/api/v1/me/videos")).status_code == 200


async def test_who_withdraws_is_erased_at_once(make_house: MakeHouse) -> None:
    house = await make_house(leaving_days=14)
    operator = await house.person("admin")
    await choose(operator, mode="approval")
    ann, ben = await joined(house, "ann", answer=ANSWER), await house.person()
    assert said(await ben.client.delete("/api/v1/me/application"))[0] == 404
    assert (await ann.delete("/api/v1/me/application")).status_code == 202
    assert (await ann.get("/api/v1/me")).json()["account"] is None
    assert (await sign_in(house, "ann")).status_code == 401
    assert await waiting(operator) == []
    await house.run_jobs()
    assert not [table for table, row in await every_value(house) if ANSWER in row or "ann@example.org" in row]
    assert (await join(house, "ann")).status_code == 201


async def test_an_invitation_opens_the_door_without_waiting(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", invitation=await invitation(operator))
    assert (await ann.get("/api/v1/me")).json()["account"]["waits"] is False
    assert await waiting(operator) == []


async def test_no_more_wait_than_the_house_can_look_at(make_house: MakeHouse) -> None:
    house = await make_house(signup_waiting_most=2, signup="approval")
    operator = await house.person("admin")
    answers = await asyncio.gather(*(join(house, f"person_{letter}") for letter in "abcd"))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    assert said(await join(house, "late")) == (409, "admission.too_many_waiting")
    shown = (await operator.client.get("/api/v1/admin/admission")).json()
    assert (shown["waiting"], shown["waiting_most"]) == (2, 2)
    page = (await operator.client.get(QUEUE, params={"limit": 1})).json()
    rest = (await operator.client.get(QUEUE, params={"limit": 1, "cursor": page["next_cursor"]})).json()
    both = {one["account_id"] for one in page["items"] + rest["items"]}
    assert len(both) == 2
    assert rest["next_cursor"] is None
    await operator.client.post(f"{QUEUE}/{both.pop()}/approve")
    assert (await join(house, "late")).status_code == 201


async def test_the_queue_is_for_operators(house: House, operator: Person) -> None:
    ann = await joined(house, "ann", answer=ANSWER)
    (request,) = await waiting(operator)
    moderator = await house.person("moderator")
    for client in (ann, moderator.client):
        for way in ("approve", "refuse"):
            answer = await client.post(f"{QUEUE}/{request['account_id']}/{way}", json={"reason": "x"})
            assert answer.status_code == 403
        assert (await client.get(QUEUE)).status_code == 403


async def test_the_copy_of_ones_data_holds_the_request(house: House, operator: Person) -> None:
    await joined(house, "ann", answer=ANSWER)
    async with house.works.open(reading=True) as work:
        ann = await accounts.find(work, "ann")
        assert ann is not None
        lines = {name: line async for name, line in admission.export(work, ann.id)}
    assert lines["application.json"]["answer"] == ANSWER


async def test_verdicts_are_told_by_letter_where_there_is_mail(make_house: MakeHouse) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        operator = await house.person("admin")
        guest = await house.client()
        for name in ("ann", "ben"):
            await guest.post("/api/v1/accounts/letters", json={"email": f"{name}@example.org"})
        await house.run_jobs()
        await choose(operator, mode="approval", question=QUESTION)  # between letter and link
        for letter in list(office.letters):
            name, token = str(letter["To"])[:3], secret_in(letter, "join")
            bare = await join(house, name, email=None, token=token)
            assert said(bare) == (422, "admission.answer_needed")
            client = await joined(house, name, email=None, token=token, answer=ANSWER)
            assert (await client.get("/api/v1/me")).json()["account"]["waits"] is True
        office.letters.clear()
        ids = {one["handle"]: UUID(one["account_id"]) for one in await waiting(operator)}
        await operator.client.post(f"{QUEUE}/{ids['ann']}/approve")
        await operator.client.post(f"{QUEUE}/{ids['ben']}/refuse", json={"reason": "Secret reasons."})
        await house.run_jobs()
        letters = {str(letter["To"])[:3]: letter for letter in office.letters}
        assert letters["ann"]["Subject"] == "You are let in"
        assert letters["ben"]["Subject"] == "Your request was refused"
        assert "Secret reasons" not in body(letters["ben"])
