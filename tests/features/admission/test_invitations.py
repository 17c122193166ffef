"""Invitations: made by operators and members, used as often as they say, by whoever comes first."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from tests.conftest import MakeHouse
from tests.features.accounts.test_letters import secret_in
from tests.features.admission.desk import choose, invitation, join, joined, said
from tests.infra.mail.office import opened
from tests.support.house import House
from tests.support.traces import every_value

from matinee.features.accounts import service as accounts
from matinee.features.admission import service as admission
from matinee.kernel.time import utc_now

OWN = "/api/v1/me/invitations"


async def test_who_has_an_invitation_comes_in_and_others_do_not(house: House) -> None:
    operator = await house.person("admin", handle="boss")
    await choose(operator, mode="invitation")
    assert said(await join(house, "ann")) == (403, "admission.invitation_needed")
    assert said(await join(house, "ann", invitation="a guess")) == (404, "admission.invitation_over")
    secret = await invitation(operator, note=" For  Ann ")
    ann = await joined(house, "ann", invitation=secret)
    assert (await ann.get("/api/v1/me")).json()["account"]["waits"] is False
    assert said(await join(house, "ben", invitation=secret)) == (404, "admission.invitation_over")
    shown = (await operator.client.get("/api/v1/admin/invitations")).json()
    (one,) = shown["items"]
    assert (one["note"], one["uses"], one["used"], one["made_by"]) == ("For Ann", 1, 1, "boss")
    assert [(came["handle"], came["by"]) for came in shown["invited"]] == [("ann", "boss")]
    assert "link" not in one
    assert not [row for _, row in await every_value(house) if secret in row], "only a hash is kept"


async def test_of_many_who_use_the_last_place_at_once_one_gets_in(house: House) -> None:
    operator = await house.person("admin")
    await choose(operator, mode="invitation")
    secret = await invitation(operator, uses=2)
    answers = await asyncio.gather(
        *(join(house, f"person_{letter}", invitation=secret) for letter in "abcde")
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 404, 404, 404]
    async with house.works.open(reading=True) as work:
        for letter, answer in zip("abcde", answers, strict=True):
            made = await accounts.find(work, f"person_{letter}")
            assert (made is not None) == (answer.status_code == 201), "nobody is half made"


async def test_an_invitation_ends_with_its_time_and_when_it_is_taken_back(house: House) -> None:
    operator = await house.person("admin")
    await choose(operator, mode="invitation")
    short, back = await invitation(operator, days=1), await invitation(operator, note="back")
    items = (await operator.client.get("/api/v1/admin/invitations")).json()["items"]
    id = next(one["id"] for one in items if one["note"] == "back")
    assert (await operator.client.delete(f"/api/v1/admin/invitations/{id}")).status_code == 204
    again = await operator.client.delete(f"/api/v1/admin/invitations/{id}")
    assert said(again) == (404, "admission.invitation_not_found")
    assert said(await join(house, "ann", invitation=back)) == (404, "admission.invitation_over")
    house.works.clock = lambda: utc_now() + timedelta(days=1, minutes=1)
    assert said(await join(house, "ann", invitation=short)) == (404, "admission.invitation_over")
    house.works.clock = lambda: utc_now() + timedelta(days=32)
    async with house.works.open() as work:
        await admission.tidy(work)
    house.works.clock = utc_now
    assert (await operator.client.get("/api/v1/admin/invitations")).json()["items"] == []


async def test_members_invite_as_many_as_operators_allow(house: House) -> None:
    operator, ann, ben = await house.person("admin"), await house.person(), await house.person("viewer")
    assert said(await ann.client.post(OWN, json={})) == (409, "admission.no_invitations")
    await choose(operator, mode="invitation", invitations_per_member=2)
    made = [await ann.client.post(OWN, json={"note": "For a friend"}) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert said(await ann.client.post(OWN, json={})) == (409, "admission.too_many_invitations")
    id, link = made[0].json()["id"], made[1].json()["link"]
    for stranger in (ben.client, operator.client):
        assert said(await stranger.delete(f"{OWN}/{id}")) == (404, "admission.invitation_not_found")
    assert (await ann.client.delete(f"{OWN}/{id}")).status_code == 204
    assert said(await ann.client.delete(f"{OWN}/{uuid4()}"))[0] == 404
    await joined(house, "cleo", invitation=link.partition("#")[2])
    own = (await ann.client.get(OWN)).json()
    assert (own["items"], own["joined"], own["most"]) == ([], ["cleo"], 2)
    acts = (await ann.client.get("/api/v1/me/audit")).json()["items"]
    used = next(act for act in acts if act["act"] == "invitation.used")
    assert used["words"] == {"note": "For a friend"}
    assert (await (await house.program(ann)).post(OWN, json={})).status_code == 201


async def test_a_member_who_makes_several_at_once_does_not_get_more(house: House) -> None:
    operator, ann = await house.person("admin"), await house.person()
    await choose(operator, invitations_per_member=1)
    answers = await asyncio.gather(*(ann.client.post(OWN, json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_what_a_suspended_member_handed_out_opens_nothing(house: House) -> None:
    operator, ann = await house.person("admin"), await house.person()
    await choose(operator, mode="invitation", invitations_per_member=1)
    link = (await ann.client.post(OWN, json={})).json()["link"]
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
    secret = link.partition("#")[2]
    assert said(await join(house, "ben", invitation=secret)) == (404, "admission.invitation_over")
    async with house.works.open() as work:
        await accounts.lift(work, ann.account_id)
    assert (await join(house, "ben", invitation=secret)).status_code == 201


async def test_who_invited_whom_is_forgotten_when_either_leaves(house: House) -> None:
    operator, ann = await house.person("admin"), await house.person(handle="ann")
    await choose(operator, mode="invitation", invitations_per_member=5)
    for name in ("ben", "cleo"):
        link = (await ann.client.post(OWN, json={})).json()["link"]
        await joined(house, name, invitation=link.partition("#")[2])
    async with house.works.open() as work:
        ben = await accounts.find(work, "ben")
        assert ben is not None
        assert await admission.erase(work, ben.id)
    shown = (await operator.client.get("/api/v1/admin/invitations")).json()
    assert [came["handle"] for came in shown["invited"]] == ["cleo"]
    async with house.works.open() as work:
        assert await admission.erase(work, ann.account_id)
    shown = (await operator.client.get("/api/v1/admin/invitations")).json()
    assert (shown["items"], shown["invited"]) == ([], [])


async def test_a_letter_carries_the_invitation_to_whatever_device_it_is_read_on(
    make_house: MakeHouse,
) -> None:
    async with opened() as office:
        house = await make_house(
            mail=f"smtp://127.0.0.1:{office.port}", mail_from="Matinee <post@films.example>"
        )
        operator = await house.person("admin")
        await choose(operator, mode="invitation")
        secret = await invitation(operator)
        guest = await house.client()
        bare = await guest.post("/api/v1/accounts/letters", json={"email": "ann@example.org"})
        assert said(bare) == (403, "admission.invitation_needed")
        first = await join(house, "ann", invitation=secret)
        assert said(first) == (422, "accounts.letter_first")
        for name in ("ann", "ben"):
            body = {"email": f"{name}@example.org", "invitation": secret}
            assert (await guest.post("/api/v1/accounts/letters", json=body)).status_code == 202
        await house.run_jobs()
        tokens = {str(letter["To"])[:3]: secret_in(letter, "join") for letter in office.letters}
        ann = await joined(house, "ann", email=None, token=tokens["ann"])
        assert (await ann.get("/api/v1/me")).json()["account"]["email_verified"] is True
        late = await join(house, "ben", email=None, token=tokens["ben"])
        assert said(late) == (404, "admission.invitation_over")
        await choose(operator, mode="open")
        assert (await join(house, "ben", email=None, token=tokens["ben"])).status_code == 201
