"""Sensitive acts need a proof of the last ten minutes, and roles may need a second factor."""

from collections.abc import Awaitable, Callable

import pytest
from tests.conftest import MakeHouse
from tests.support.factors import (
    PASSKEYS,
    SURE,
    Clock,
    Device,
    add_app,
    add_passkey,
    carry_csrf,
    notices,
    second,
    sign_in,
    who,
)
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.errors import ProveAgain
from matinee.features.people import service as people
from matinee.infra.work import Work
from matinee.kernel.ids import AccountId

PROOF = "/api/v1/me/proof"
SENSITIVE = [
    ("POST", "/api/v1/me/factors/app"),
    ("POST", "/api/v1/me/factors/app/confirm"),
    ("DELETE", "/api/v1/me/factors/app"),
    ("POST", f"{PASSKEYS}/options"),
    ("POST", PASSKEYS),
    ("DELETE", f"{PASSKEYS}/01890000-0000-7000-8000-000000000001"),
    ("POST", "/api/v1/me/factors/recovery-codes"),
    ("POST", "/api/v1/me/tokens"),
]
BODY = {"code": "123456", "name": "x", "credential": {}, "scopes": ["read"]}


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house)


@pytest.fixture
async def ann(house: House, clock: Clock) -> Person:
    return await house.person(handle="ann")


async def test_after_ten_minutes_each_sensitive_act_asks_for_a_proof(
    house: House, clock: Clock, ann: Person
) -> None:
    clock.go(minutes=10)
    assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 201
    clock.go(seconds=1)
    for method, path in SENSITIVE:
        answer = await ann.client.request(method, path, json=BODY)
        assert (answer.status_code, answer.json()["code"]) == (403, "accounts.prove_again"), path
    assert (await ann.client.get("/api/v1/me/factors")).status_code == 200


async def test_a_device_is_allowed_with_a_proof_alone(house: House, clock: Clock, ann: Person) -> None:
    clock.go(minutes=11)
    program = await house.client()
    begun = (await program.post("/api/v1/device", json={"client_name": "laptop"})).json()
    path = f"/api/v1/device/{begun['user_code']}"
    assert (await ann.client.post(f"{path}/approve")).json()["code"] == "accounts.prove_again"
    assert (await ann.client.post(PROOF, json={"password": PASSWORD})).status_code == 204
    assert (await ann.client.post(f"{path}/approve")).status_code == 204


async def test_a_password_or_a_code_opens_ten_minutes_more(house: House, clock: Clock, ann: Person) -> None:
    app, codes = await add_app(ann.client, clock)
    ways: list[Callable[[], dict[str, str]]] = [
        lambda: {"password": PASSWORD},
        lambda: {"code": app.code()},
        lambda: {"code": codes[0]},
    ]
    for given in ways:
        clock.go(minutes=10, seconds=1)
        assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 403
        assert (await ann.client.post(PROOF, json=given())).status_code == 204
        clock.go(minutes=9)
        assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 201


async def test_a_wrong_proof_opens_nothing_and_guessing_is_slowed(
    house: House, clock: Clock, ann: Person
) -> None:
    clock.go(minutes=11)
    wrong = await ann.client.post(PROOF, json={"password": "not the password"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "accounts.wrong_password")
    assert (await ann.client.post(PROOF, json={"code": "123456"})).json()["code"] == "accounts.wrong_code"
    assert (await ann.client.post(PROOF, json={})).status_code == 422
    over = await ann.client.post(PROOF, json={"credential": {}})
    assert over.json()["code"] == "accounts.challenge_over"
    assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 403
    answers = [await ann.client.post(PROOF, json={"code": "123456"}) for _ in range(10)]
    assert answers[-1].status_code == 429


async def test_a_proof_is_of_one_session_and_survives_its_renewals(
    house: House, clock: Clock, ann: Person
) -> None:
    other = await house.client()
    await sign_in(other, ann)
    carry_csrf(other)
    clock.go(minutes=11)
    await ann.client.post(PROOF, json={"password": PASSWORD})
    assert (await other.post("/api/v1/me/factors/app")).json()["code"] == "accounts.prove_again"
    clock.go(minutes=6)
    assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 201
    clock.go(minutes=5)
    assert (await ann.client.post("/api/v1/me/factors/app")).json()["code"] == "accounts.prove_again"


async def test_a_program_cannot_prove_and_cannot_change_factors(
    house: House, clock: Clock, ann: Person
) -> None:
    program = await house.program(ann)
    for method, path in [*SENSITIVE, ("POST", PROOF)]:
        answer = await program.request(method, path, json=BODY | {"password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (403, "accounts.browser_only"), path


async def test_roles_passwords_and_factors_of_others_need_a_proof_of_the_operator(
    house: House, clock: Clock, ann: Person
) -> None:
    boss = await house.person("admin")
    await add_app(ann.client, clock)
    clock.go(minutes=11)
    acts: list[Callable[[Work], Awaitable[object]]] = [
        lambda work: accounts.set_roles(work, ann.account_id, ["viewer"]),
        lambda work: accounts.set_password(work, ann.account_id, "another long enough password"),
        lambda work: accounts.reset_factors(work, ann.account_id, SURE),
    ]
    for act in acts:
        with pytest.raises(ProveAgain):
            async with house.acting(boss) as work:
                await act(work)
        async with house.works.open() as work:
            await act(work)


# -- required


@pytest.fixture
async def strict(make_house: MakeHouse) -> House:
    return await make_house(second_factor_roles="admin, moderator")


async def test_whose_role_needs_a_factor_can_set_one_up_and_nothing_else(strict: House) -> None:
    clock = Clock(strict)
    boss = await strict.person("admin", "creator")
    me = (await boss.client.get("/api/v1/me")).json()["account"]
    assert me["factor_due"] is True
    assert "admin.operate" not in me["permissions"]
    program = await strict.program(boss)
    for client in (boss.client, program):
        for path in ("/api/v1/admin/overview", "/api/v1/me/videos", "/api/v1/tokens"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "accounts.factor_due"), path
    assert (await boss.client.get("/api/v1/me/factors")).json()["required"] is True
    await add_app(boss.client, clock)
    me = (await boss.client.get("/api/v1/me")).json()["account"]
    assert me["factor_due"] is False
    for client in (boss.client, program):
        assert (await client.get("/api/v1/admin/overview")).status_code == 200


async def test_the_last_factor_of_such_a_role_stays_until_there_is_another(strict: House) -> None:
    clock = Clock(strict)
    boss = await strict.person("admin")
    await add_app(boss.client, clock)
    refused = await boss.client.delete("/api/v1/me/factors/app")
    assert (refused.status_code, refused.json()["code"]) == (409, "accounts.last_factor")
    assert (await boss.client.get("/api/v1/me/factors")).json()["app"] is not None
    assert (await add_passkey(boss.client, Device())).status_code == 201
    assert (await boss.client.delete("/api/v1/me/factors/app")).status_code == 204


async def test_a_role_that_is_given_asks_from_the_next_request_on(strict: House) -> None:
    ann = await strict.person("creator")
    assert (await ann.client.get("/api/v1/me")).json()["account"]["factor_due"] is False
    async with strict.works.open() as work:
        await accounts.set_roles(work, ann.account_id, ["creator", "moderator"])
    assert (await ann.client.get("/api/v1/me/videos")).json()["code"] == "accounts.factor_due"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"public_url": "https://localhost"}, {"owner", "admin"}),
        ({"public_url": "https://localhost", "second_factor_roles": ""}, set()),
        ({"public_url": "https://localhost", "second_factor_roles": "creator"}, {"creator"}),
        ({}, set()),
    ],
)
async def test_a_house_at_an_https_address_asks_owners_and_admins_unless_told_otherwise(
    make_house: MakeHouse, settings: dict[str, str], asked: set[str]
) -> None:
    house = await make_house(**settings)
    for role in ("owner", "admin", "moderator", "creator"):
        me = (await (await house.person(role)).client.get("/api/v1/me")).json()["account"]
        assert me["factor_due"] is (role in asked), role


async def test_an_operator_of_before_is_led_to_a_factor_and_goes_on(make_house: MakeHouse) -> None:
    house = await make_house(public_url="https://localhost")
    async with house.works.open() as work:
        account = await accounts.create(work, "old@example.org", PASSWORD, roles=("owner",))
        await people.create(work, AccountId(account.id), "old", "Old")
    browser = await house.client()
    form = {"login": "old", "password": PASSWORD}
    assert (await browser.post("/api/v1/session", json=form)).status_code == 200
    carry_csrf(browser)
    assert (await browser.get("/api/v1/admin/overview")).json()["code"] == "accounts.factor_due"
    await add_app(browser, Clock(house))
    assert (await browser.get("/api/v1/admin/overview")).status_code == 200


async def test_a_program_of_such_an_operator_is_told_where_to_go_and_goes_on_afterwards(
    make_house: MakeHouse,
) -> None:
    house = await make_house(public_url="https://localhost")
    owner = await house.person("owner")
    program = await house.program(owner)
    refused = (await program.get("/api/v1/me/videos")).json()
    assert refused["code"] == "accounts.factor_due"
    assert "Sign in at https://localhost/settings with a browser" in refused["detail"]
    await add_app(owner.client, Clock(house))
    assert (await program.get("/api/v1/me/videos")).status_code == 200


async def test_an_unknown_role_is_refused_at_the_start(make_house: MakeHouse) -> None:
    with pytest.raises(ValueError, match="there is no role The admins"):
        await make_house(second_factor_roles="The admins")


# -- lost


async def test_the_operator_removes_lost_factors_and_the_owner_hears_of_it(
    house: House, clock: Clock, ann: Person
) -> None:
    await add_app(ann.client, clock)
    await add_passkey(ann.client, Device())
    waiting = await house.client()
    await sign_in(waiting, ann)
    async with house.works.open() as work:
        await accounts.reset_factors(work, ann.account_id, SURE)
    assert await who(ann.client) is None
    assert (await second(waiting, code="123456")).json()["code"] == "accounts.ticket_over"
    browser = await house.client()
    assert (await sign_in(browser, ann)).status_code == 200
    assert (await notices(browser))[0] == "factors_reset"
    assert (await browser.get("/api/v1/me/factors")).json()["recovery_codes_left"] == 0
