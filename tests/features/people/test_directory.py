"""The directory of accounts and one account's page, for operators and moderators."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support import factors
from tests.support.house import House, Person

from matinee.features.accounts import service as accounts
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import NewRole
from matinee.kernel.time import utc_now

LIST = "/api/v1/admin/accounts"


async def found(by: Person, **filters: Any) -> list[str]:
    answer = await by.client.get(LIST, params=filters)
    assert answer.status_code == 200, answer.text
    return [one["handle"] for one in answer.json()["items"]]


async def acts(house: House, act: str) -> list[Any]:
    async with house.works.open() as work:
        return list((await accounts.audit_log(work, act=act)).items)


async def test_accounts_are_listed_newest_first_in_pages(house: House) -> None:
    admin = await house.person("admin", handle="boss")
    for number in range(4):
        await house.person(handle=f"ann{number}")
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await admin.client.get(LIST, params=params)).json()
        seen += [one["handle"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["ann3", "ann2", "ann1", "ann0", "boss"]
    assert (await admin.client.get(LIST, params={"cursor": "x"})).status_code == 422
    assert (await admin.client.get(LIST, params={"limit": 101})).status_code == 422


async def test_people_are_found_by_the_beginning_of_handle_name_or_address(house: House) -> None:
    admin = await house.person("admin", handle="boss")
    ann = await house.person(handle="ann_lee")
    await house.person(handle="annex")
    changed = await ann.client.patch("/api/v1/me/profile", json={"display_name": "Mary Anna O’Hara"})
    assert changed.status_code == 200
    assert await found(admin, query="ann") == ["annex", "ann_lee"]
    assert await found(admin, query="@ANN_") == ["ann_lee"]
    for words in ("mary", "anna mar", "hara", "MARY  ANNA"):
        assert await found(admin, query=words) == ["ann_lee"], words
    assert await found(admin, query="ann_lee@example.org") == ["ann_lee"]
    assert await found(admin, query="ann_lee@ex") == ["ann_lee"]
    # A name finds nobody by their address, and what looks like a pattern is none.
    for nothing in ("example", "%", "x%", "'|!&:*", "lee@example.org", "@@"):
        assert await found(admin, query=nothing) == [], nothing
    assert (await admin.client.get(LIST, params={"query": "a\x00b"})).status_code == 422
    assert (await admin.client.get(LIST, params={"query": "x" * 255})).status_code == 422


async def test_accounts_are_narrowed_by_role_state_factor_and_kind(house: House) -> None:
    admin = await house.person("admin", handle="boss")
    safe, bad, slow, gone, new = [
        await house.person(handle=name) for name in ("safe", "bad", "slow", "gone", "new")
    ]
    await factors.add_passkey(safe.client, factors.Device(), "A key")
    async with house.works.open() as work:
        await accounts.restrict(work, bad.account_id, "limited", "Before.")
        await accounts.restrict(work, bad.account_id, "suspended", "Spam.")
        await accounts.restrict(work, slow.account_id, "limited", "Too loud.", utc_now() + timedelta(days=1))
        await work.session.execute(
            text("UPDATE accounts_account SET waits = true WHERE id = :id"), {"id": new.account_id}
        )
    left = await gone.client.request("DELETE", "/api/v1/me", json={"password": gone.password})
    assert left.status_code == 202
    await admin.client.post(
        "/api/v1/admin/service-accounts", json={"handle": "robot", "title": "Robot", "roles": ["creator"]}
    )
    assert await found(admin, role="admin") == ["boss"]
    assert await found(admin, state="suspended") == ["bad"]
    assert await found(admin, state="limited") == ["slow"]
    assert await found(admin, state="waiting") == ["new"]
    assert await found(admin, state="leaving") == ["gone"]
    assert await found(admin, state="open") == ["robot", "safe", "boss"]
    assert await found(admin, factor=True) == ["safe"]
    assert await found(admin, factor=False, kind="person", state="open") == ["boss"]
    assert await found(admin, kind="service") == ["robot"]
    everybody = (await admin.client.get(LIST)).json()["items"]
    for state in ("open", "waiting", "limited", "suspended", "leaving"):
        shown = [one["handle"] for one in everybody if one["state"] == state]
        assert shown == await found(admin, state=state), state
    assert len(everybody) == 7  # nobody twice, for what held them before
    assert await found(admin, query="bad", state="suspended") == ["bad"]
    assert await found(admin, query="bad", state="open") == []
    for wrong in ({"state": "king"}, {"role": "a b"}, {"order": "size"}, {"kind": "dog"}):
        assert (await admin.client.get(LIST, params=wrong)).status_code == 422


async def test_what_holds_an_account_is_shown_until_it_is_over_or_lifted(house: House) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    moderator, now = await house.person("moderator"), utc_now()
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "limited", "Too loud.", now + timedelta(hours=1))
    page = (await admin.client.get(f"{LIST}/{ann.account_id}")).json()
    (listed,) = (await admin.client.get(LIST, params={"query": "ann"})).json()["items"]
    for shown in (page, listed):
        assert shown["state"] == "limited"
        assert (shown["standing"]["kind"], shown["standing"]["reason"]) == ("limited", "Too loud.")
        assert shown["standing"]["until"] is not None
    theirs = (await moderator.client.get(f"{LIST}/{ann.account_id}")).json()
    assert (theirs["state"], theirs["standing"]) == ("limited", None)  # why is for who manages accounts
    house.works.clock = lambda: now + timedelta(hours=2)
    async with house.works.open() as work:
        after = await accounts.look_up(work, ann.account_id)
    assert (after.state, after.standing) == ("open", None)


async def test_who_was_here_last_comes_first_to_an_hour(house: House) -> None:
    admin, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    assert await found(admin, order="seen") == ["ann", "boss"]
    later = utc_now() + timedelta(hours=2)
    house.works.clock = lambda: later
    async with house.works.open() as work:
        await accounts.open_session(work, admin.account_id)
    assert await found(admin, order="seen") == ["boss", "ann"]
    program = await house.program(ann)
    later += timedelta(minutes=30)
    assert (await program.get("/api/v1/me")).status_code == 200
    assert await found(admin, order="seen") == ["ann", "boss"]


async def test_a_moderator_sees_handles_states_and_roles_and_nothing_private(house: House) -> None:
    moderator, ann = await house.person("moderator"), await house.person(handle="ann")
    await house.person("admin", handle="boss")
    assert await found(moderator, query="ann") == ["ann"]
    (listed,) = (await moderator.client.get(LIST, params={"query": "ann"})).json()["items"]
    page = (await moderator.client.get(f"{LIST}/{ann.account_id}")).json()
    for shown in (listed, page):
        assert (shown["state"], shown["roles"]) == ("open", ["creator"])
        assert (shown["email"], shown["factors"], shown["seen_at"]) == (None, None, None)
    assert {page[name] for name in ("sessions", "tokens", "quota", "pseudonym", "email_verified_at")} == {
        None
    }
    assert "accounts.manage" in page["closed"]
    for private in ({"query": "ann@example.org"}, {"factor": True}, {"order": "seen"}):
        refused = await moderator.client.get(LIST, params=private)
        assert (refused.status_code, "accounts.manage" in refused.json()["detail"]) == (403, True)


async def test_an_account_is_shown_with_what_acts_for_it_and_what_it_keeps(house: House) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    await house.program(ann)
    await factors.add_app(ann.client, factors.Clock(house))
    page = (await admin.client.get(f"{LIST}/{ann.account_id}")).json()
    assert (page["email"], page["display_name"], page["kind"]) == (ann.email, "Ann", "person")
    assert page["factors"] == ["app"]
    assert [one["device"] for one in page["sessions"]] == ["Unknown device"]
    assert not page["sessions"][0]["current"]
    assert [one["name"] for one in page["tokens"]["items"]] == ["a program in a test"]
    assert page["quota"]["used_bytes"] == 0
    assert page["closed"] is None
    entries = (await admin.client.get("/api/v1/admin/audit", params={"person": page["pseudonym"]})).json()
    assert {"ann"} == {(one["about"] or one["by"])["handle"] for one in entries["items"]}
    nobody = await admin.client.get(f"{LIST}/{uuid4()}")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "accounts.not_found")


async def test_who_looks_at_somebody_is_written_down_once_an_hour(house: House) -> None:
    admin, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    moderator = await house.person("moderator", handle="mod")
    for _ in range(2):
        for by in (admin, moderator):
            await by.client.get(f"{LIST}/{ann.account_id}")
        await admin.client.get(f"{LIST}/{admin.account_id}")  # one's own is nobody's business
    assert sorted(one.by.handle for one in await acts(house, "account.seen")) == ["boss", "mod"]
    later = utc_now() + timedelta(minutes=61)
    house.works.clock = lambda: later
    async with house.works.open() as work:
        fresh = await house.browser(await accounts.open_session(work, admin.account_id))
    await fresh.get(f"{LIST}/{ann.account_id}")
    entries = await acts(house, "account.seen")
    assert len(entries) == 3
    assert {one.about.handle for one in entries} == {"ann"}
    async with house.works.open() as work:
        own = (await accounts.acts_of(work, ann.account_id)).items
    assert ("account.seen", "operator") in {(one.act, one.who) for one in own}


async def test_searching_by_an_address_is_written_down_without_the_address(house: House) -> None:
    admin, _ = await house.person("admin"), await house.person(handle="ann")
    await found(admin, query="ann")
    assert await acts(house, "account.searched") == []
    await found(admin, query="ann@example.org")
    await found(admin, query="nobody@example.org")
    nothing, hit = await acts(house, "account.searched")
    assert (hit.about.handle, hit.facts["found"]) == ("ann", 1)
    assert (nothing.about, nothing.facts["found"]) == (None, 0)
    assert "example.org" not in str([hit, nothing])


async def test_sessions_and_tokens_of_somebody_are_ended_one_by_one_and_all(house: House) -> None:
    admin, ann, bob = await house.person("admin"), await house.person(handle="ann"), await house.person()
    place = f"{LIST}/{ann.account_id}"
    programs = [await house.program(ann) for _ in range(3)]
    async with house.works.open() as work:
        others = [await house.browser(await accounts.open_session(work, ann.account_id)) for _ in range(2)]
    page = (await admin.client.get(place)).json()
    theirs = (await admin.client.get(f"{LIST}/{bob.account_id}")).json()["sessions"][0]["id"]
    wrong = await admin.client.delete(f"{place}/sessions/{theirs}")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "accounts.session_not_found")
    assert (await admin.client.delete(f"{place}/tokens/{uuid4()}")).status_code == 404
    assert (await admin.client.delete(f"{place}/sessions/{page['sessions'][0]['id']}")).status_code == 204
    assert (
        await admin.client.delete(f"{place}/tokens/{page['tokens']['items'][0]['id']}")
    ).status_code == 204
    left = (await admin.client.get(place)).json()
    assert (len(left["sessions"]), len(left["tokens"]["items"])) == (2, 2)
    assert (await admin.client.delete(f"{place}/sessions")).status_code == 204
    assert (await admin.client.delete(f"{place}/tokens")).status_code == 204
    for client in (ann.client, *others):
        assert (await client.get("/api/v1/me")).json()["account"] is None
    for program in programs:
        assert (await program.get("/api/v1/me")).status_code == 401
    assert (await bob.client.get("/api/v1/me")).json()["account"] is not None
    assert {one.about.handle for one in await acts(house, "session.ended")} == {"ann"}


async def test_lost_factors_are_removed_and_a_link_is_handed_out_and_the_person_is_told(house: House) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    place = f"{LIST}/{ann.account_id}"
    await factors.add_app(ann.client, factors.Clock(house))
    for how in ({}, {"made_sure": " short   "}, {"made_sure": "x" * 201}):
        assert (await admin.client.post(f"{place}/factors/reset", json=how)).status_code == 422
    assert (await admin.client.get(place)).json()["factors"] == ["app"]
    done = await admin.client.post(f"{place}/factors/reset", json={"made_sure": f" {SURE} "})
    assert done.status_code == 204
    assert (await admin.client.get(place)).json()["factors"] == []
    again = await admin.client.post(f"{place}/factors/reset", json={"made_sure": SURE})
    assert (again.status_code, again.json()["code"]) == (404, "accounts.factor_not_found")
    assert len(await acts(house, "factor.reset")) == 1
    made = await admin.client.post(f"{place}/links", json={"kind": "reset"})
    assert made.status_code == 201
    token = made.json()["link"].partition("/reset-password#")[2]
    assert token not in str(await acts(house, "link.handed_out"))
    form = {"token": token, "password": "another long secret"}
    assert (await (await house.client()).post("/api/v1/password-resets/finish", json=form)).status_code == 204
    browser = await house.client()
    await browser.post("/api/v1/session", json={"login": "ann", "password": "another long secret"})
    told = (await browser.get("/api/v1/sessions")).json()["notices"]
    assert {"link_handed_out", "factors_reset"} <= {one["kind"] for one in told}
    (noted,) = await acts(house, "factor.reset")
    assert (noted.words, noted.facts.get("reason")) == ({"reason": SURE}, None)
    own = (await browser.get("/api/v1/me/audit")).json()["items"]
    assert SURE in str(next(one for one in own if one["act"] == "factor.reset"))
    verify = (await admin.client.post(f"{place}/links", json={"kind": "verify"})).json()["link"]
    assert "/confirm-address#" in verify
    assert (await admin.client.post(f"{place}/links", json={"kind": "king"})).status_code == 422


async def test_the_quota_of_somebody_is_set_and_given_back(house: House) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    place = f"{LIST}/{ann.account_id}/quota"
    before = (await ann.client.get("/api/v1/me")).json()["quota"]["limit_bytes"]
    assert (await admin.client.put(place, json={"limit_bytes": 5})).status_code == 204
    assert (await ann.client.get("/api/v1/me")).json()["quota"]["limit_bytes"] == 5
    assert (await admin.client.put(place, json={"limit_bytes": None})).status_code == 204
    assert (await ann.client.get("/api/v1/me")).json()["quota"]["limit_bytes"] == before
    for wrong in (-1, 10**16, "many"):
        assert (await admin.client.put(place, json={"limit_bytes": wrong})).status_code == 422
    newest, first = await acts(house, "quota.set")
    assert (first.facts["limit_bytes"], newest.facts) == (5, newest.facts | {})
    assert "limit_bytes" not in newest.facts


async def test_an_erasure_is_begun_with_the_typed_handle_and_taken_back(make_house: MakeHouse) -> None:
    house = await make_house(leaving_days=14)
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    place = f"{LIST}/{ann.account_id}"
    wrong = await admin.client.post(f"{place}/leaving", json={"handle": "anna"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "accounts.handle_differs")
    assert (await admin.client.delete(f"{place}/leaving")).json()["code"] == "accounts.not_leaving"
    assert (await admin.client.post(f"{place}/leaving", json={"handle": "@Ann"})).status_code == 202
    await house.run_jobs()
    page = (await admin.client.get(place)).json()
    assert (page["state"], page["sessions"]) == ("leaving", [])
    assert (await admin.client.get("/api/v1/profiles/ann")).status_code == 404
    assert (await admin.client.delete(f"{place}/leaving")).status_code == 204
    await house.run_jobs()
    assert (await admin.client.get(place)).json()["state"] == "open"
    assert (await admin.client.get("/api/v1/profiles/ann")).status_code == 200
    # Its person may take it back, too.
    assert (await admin.client.post(f"{place}/leaving", json={"handle": "ann"})).status_code == 202
    browser = await house.client()
    signed_in = await browser.post("/api/v1/session", json={"login": "ann", "password": ann.password})
    assert signed_in.status_code == 200
    assert (await admin.client.get(place)).json()["state"] == "open"


async def test_an_account_that_an_operator_ends_is_erased(house: House) -> None:
    admin, ann = await house.person("admin"), await house.person(handle="ann")
    place = f"{LIST}/{ann.account_id}"
    assert (await admin.client.post(f"{place}/leaving", json={"handle": "ann"})).status_code == 202
    await house.run_jobs()
    assert (await admin.client.get(place)).status_code == 404


SURE = factors.SURE.made_sure
ACTS = [
    ("DELETE", "sessions", None),
    ("DELETE", f"sessions/{uuid4()}", None),
    ("DELETE", "tokens", None),
    ("DELETE", f"tokens/{uuid4()}", None),
    ("POST", "tokens", {"name": "x", "scopes": ["read"]}),
    ("POST", "factors/reset", {"made_sure": SURE}),
    ("POST", "links", {"kind": "reset"}),
    ("PUT", "quota", {"limit_bytes": 1}),
    ("POST", "leaving", {"handle": "boss"}),
    ("DELETE", "leaving", None),
]


async def test_every_act_is_refused_without_proof_on_oneself_by_programs_and_by_moderators(
    house: House,
) -> None:
    admin, ann = await house.person("admin", handle="boss"), await house.person(handle="ann")
    moderator, program = await house.person("moderator"), await house.program(admin)
    page = (await admin.client.get(f"{LIST}/{admin.account_id}")).json()
    assert page["closed"].startswith("This is your own account.")
    before = await _entries(house)
    for method, what, body in ACTS:
        for client, about, status, code in (
            (admin.client, admin.account_id, 409, "accounts.not_yourself"),
            (program, ann.account_id, 403, "accounts.browser_only"),
            (moderator.client, ann.account_id, 403, "house.refused"),
            (await house.client(), ann.account_id, 401, "house.not_signed_in"),
            (admin.client, uuid4(), 404, "accounts.not_found"),
        ):
            answer = await client.request(method, f"{LIST}/{about}/{what}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (method, what)
    later = utc_now() + timedelta(minutes=11)
    house.works.clock = lambda: later
    async with house.works.open() as work:
        await accounts.end_sessions(work, admin.account_id, but=admin.actor.session_key)
    for method, what, body in ACTS:
        answer = await admin.client.request(method, f"{LIST}/{ann.account_id}/{what}", json=body)
        assert answer.json()["code"] in ("accounts.prove_again", "accounts.csrf"), (method, what)
    assert await _entries(house) == before


async def test_the_page_says_whether_one_may_look_through_its_eyes(house: House) -> None:
    async with house.works.open() as work:
        await roles.make(
            work, NewRole(name="seer", title="Seer", permissions=["accounts.read", "accounts.look"])
        )
    seer, ann = (
        await house.person("seer", "moderator", "creator", handle="seer"),
        await house.person(handle="ann"),
    )
    admin, moderator = await house.person("admin"), await house.person("moderator")
    service = {"handle": "robot", "title": "Robot", "roles": ["creator"]}
    robot = (await admin.client.post("/api/v1/admin/service-accounts", json=service)).json()
    for by, about, looks in (
        (seer, ann.account_id, True),
        (admin, ann.account_id, True),
        (moderator, ann.account_id, False),
        (seer, admin.account_id, False),
        (seer, seer.account_id, False),
        (admin, robot["id"], False),
    ):
        page = (await by.client.get(f"{LIST}/{about}")).json()
        assert page["look"] is looks, page
        asked = await by.client.post(f"{LIST}/{about}/look", json={"reason": "A test asks for it."})
        assert asked.is_success is looks, asked.text
        await by.client.delete("/api/v1/look")


async def _entries(house: House) -> int:
    async with house.works.open() as work:
        page = await accounts.audit_log(work, limit=200)
    return len([one for one in page.items if one.act not in ("session.ended", "session.opened")])


RULED = [
    ("POST", "restriction", {"kind": "limited", "reason": "Too loud."}),
    ("DELETE", "restriction", None),
    ("POST", "look", {"reason": "They asked why nothing plays."}),
    ("PUT", "roles", {"roles": ["viewer"]}),
]


async def test_no_act_reaches_an_account_that_is_above_and_an_owner_reaches_all(house: House) -> None:
    admin, owner = await house.person("admin", handle="boss"), await house.person("owner", handle="own")
    await house.person("owner", handle="second")
    page = (await admin.client.get(f"{LIST}/{owner.account_id}")).json()
    assert page["closed"].startswith("This person decides on roles")
    for method, what, body in ACTS + RULED:
        answer = await admin.client.request(method, f"{LIST}/{owner.account_id}/{what}", json=body)
        assert answer.status_code == 403, (method, what, answer.text)
        wanted = "roles.owners_only" if what == "roles" else "roles.above_you"
        assert answer.json()["code"] == wanted, (method, what)
    assert (await owner.client.get("/api/v1/me")).json()["account"] is not None
    assert (await owner.client.get(f"{LIST}/{admin.account_id}")).json()["closed"] is None
    for method, what, body in ACTS:
        answer = await owner.client.request(method, f"{LIST}/{admin.account_id}/{what}", json=body)
        assert answer.status_code in (201, 202, 204, 404, 409), (method, what, answer.text)


async def test_an_admin_does_not_reach_another_admin_nor_who_holds_what_they_lack(house: House) -> None:
    admin, other = await house.person("admin"), await house.person("admin")
    owner, helper = await house.person("owner"), await house.person("creator", handle="helper")
    made = await owner.client.post(
        "/api/v1/roles", json={"name": "keeper", "title": "Keeper", "permissions": ["accounts.manage"]}
    )
    assert made.status_code == 201
    given = await owner.client.put(f"{LIST}/{helper.account_id}/roles", json={"roles": ["creator", "keeper"]})
    assert given.status_code == 200
    ann = await house.person("creator", "moderator", handle="ann")
    bob = await house.person(handle="bob")
    for by, about, status in (
        (admin, other, 403),
        (admin, helper, 204),
        (helper, ann, 403),  # a moderator sees the list
        (helper, bob, 204),
    ):
        answer = await by.client.delete(f"{LIST}/{about.account_id}/tokens")
        assert answer.status_code == status, (by.handle, about.handle, answer.text)


async def test_every_act_on_one_account_that_has_a_route_is_tried_above(house: House) -> None:
    start = f"{LIST}/{{account_id}}/"
    known = {
        (method.upper(), path.removeprefix(start).partition("/")[0])
        for path, methods in house.app.openapi()["paths"].items()
        if path.startswith(start)
        for method in methods
        if method != "get"
    }
    assert {(method, what.partition("/")[0]) for method, what, _ in ACTS + RULED} == known
