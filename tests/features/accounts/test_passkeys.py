"""Passkeys: beside a password and instead of one, with a software authenticator."""

import asyncio
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.factors import (
    PASSKEYS,
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
from tests.support.house import House, Person
from webauthn.helpers import encode_cbor, parse_cbor

from matinee.features.accounts import service as accounts

OPTIONS, ALONE = "/api/v1/session/passkey/options", "/api/v1/session/passkey"


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house)


@pytest.fixture
async def ann(house: House, clock: Clock) -> Person:
    return await house.person(handle="ann")


async def alone(browser: httpx.AsyncClient, device: Device) -> httpx.Response:
    """Sign in with a passkey and nothing else."""
    options = await browser.post(OPTIONS)
    assert options.status_code == 200, options.text
    return await browser.post(ALONE, json={"credential": device.show(options.json())})


async def test_a_passkey_alone_signs_in(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    added = await add_passkey(ann.client, device, "Ann's phone")
    assert added.status_code == 201
    assert len(added.json()["recovery_codes"]) == 10
    browser = await house.client()
    assert (await alone(browser, device)).json()["account"]["email"] == ann.email
    assert await who(browser) == ann.email
    (shown,) = (await browser.get("/api/v1/me/factors")).json()["passkeys"]
    assert shown["name"] == "Ann's phone"
    assert shown["last_used_at"] is not None


async def test_a_passkey_is_the_second_step_after_a_password(house: House, clock: Clock, ann: Person) -> None:
    device = Device(verified=False)
    await add_passkey(ann.client, device)
    browser = await house.client()
    asked = await sign_in(browser, ann)
    assert (asked.status_code, asked.json()["factors"]) == (202, ["passkey", "recovery_code"])
    options = (await browser.post("/api/v1/session/second/options")).json()
    assert len(options["publicKey"]["allowCredentials"]) == 1
    assert (await second(browser, credential=device.show(options))).status_code == 200
    assert await who(browser) == ann.email


async def test_alone_it_must_know_who_holds_it(house: House, clock: Clock, ann: Person) -> None:
    device = Device(verified=False)
    await add_passkey(ann.client, device)
    browser = await house.client()
    assert (await browser.post(OPTIONS)).json()["publicKey"]["userVerification"] == "required"
    refused = await alone(browser, device)
    assert (refused.status_code, refused.json()["code"]) == (422, "accounts.passkey_refused")
    assert await who(browser) is None


async def test_a_challenge_is_of_one_browser_counts_once_and_for_five_minutes(
    house: House, clock: Clock, ann: Person
) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    browser, stranger = await house.client(), await house.client()
    options = (await browser.post(OPTIONS)).json()
    await stranger.post(OPTIONS)
    answer = {"credential": device.show(options)}
    foreign = await stranger.post(ALONE, json=answer)
    assert (foreign.status_code, foreign.json()["code"]) == (422, "accounts.passkey_refused")
    cookie = browser.cookies["__Host-matinee_passkey"]
    assert (await browser.post(ALONE, json=answer)).status_code == 200
    replay = await house.client(cookies={"__Host-matinee_passkey": cookie})
    assert (await replay.post(ALONE, json=answer)).json()["code"] == "accounts.challenge_over"
    nothing = await (await house.client()).post(ALONE, json=answer)
    assert nothing.json()["code"] == "accounts.challenge_over"
    late = await house.client()
    answer = {"credential": device.show((await late.post(OPTIONS)).json())}
    clock.go(minutes=5, seconds=1)
    late.cookies.set(
        "__Host-matinee_passkey", late.cookies["__Host-matinee_passkey"], domain="localhost.local"
    )
    assert (await late.post(ALONE, json=answer)).json()["code"] == "accounts.challenge_over"


async def test_of_two_racing_answers_to_one_challenge_one_gets_in(
    house: House, clock: Clock, ann: Person
) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    browser = await house.client()
    answer = {"credential": device.show((await browser.post(OPTIONS)).json())}
    answers = await asyncio.gather(*(browser.post(ALONE, json=answer) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]


async def test_a_wrong_answer_ends_its_challenge(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    browser = await house.client()
    options = (await browser.post(OPTIONS)).json()
    assert (await browser.post(ALONE, json={"credential": {}})).status_code == 422
    again = await browser.post(ALONE, json={"credential": device.show(options)})
    assert again.json()["code"] == "accounts.challenge_over"


@pytest.mark.parametrize(
    "origin", ["http://localhost:9000", "https://localhost:8000", "http://evil.example", "http://localhost"]
)
async def test_a_page_of_another_origin_gets_nowhere(
    house: House, clock: Clock, ann: Person, origin: str
) -> None:
    refused = await add_passkey(ann.client, Device(origin=origin))
    assert refused.json()["code"] == "accounts.passkey_refused"
    device = Device()
    await add_passkey(ann.client, device)
    device.origin = origin
    assert (await alone(await house.client(), device)).json()["code"] == "accounts.passkey_refused"


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://films.example", "films.example", "https://films.example"),
        ("https://films.example:8443/", "films.example", "https://films.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
async def test_origin_and_name_come_from_the_address_of_the_house(
    make_house: MakeHouse, address: str, rp_id: str, origin: str
) -> None:
    house = await make_house(public_url=address)
    ann, device = await house.person(), Device(origin=origin)
    assert (await add_passkey(ann.client, device)).status_code == 201
    options = (await (await house.client()).post(OPTIONS)).json()
    assert options["publicKey"]["rpId"] == rp_id


@pytest.mark.parametrize("address", ["http://films.example", "https://192.0.2.7", "http://127.0.0.1:8000"])
async def test_a_house_whose_address_browsers_refuse_says_so(make_house: MakeHouse, address: str) -> None:
    house = await make_house(public_url=address)
    ann = await house.person()
    assert (await ann.client.get("/api/v1/me/factors")).json()["passkeys_possible"] is False
    answer = await ann.client.post(f"{PASSKEYS}/options")
    assert (answer.status_code, answer.json()["code"]) == (409, "accounts.no_passkeys_here")


@pytest.mark.parametrize("way", ["alone", "second"])
async def test_a_passkey_that_counts_backwards_is_refused_and_its_owner_told(
    house: House, clock: Clock, ann: Person, way: str
) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    assert (await alone(await house.client(), device)).status_code == 200
    device.sign_count = 0
    browser = await house.client()
    if way == "alone":
        copied = await alone(browser, device)
    else:
        await sign_in(browser, ann)
        options = (await browser.post("/api/v1/session/second/options")).json()
        copied = await second(browser, credential=device.show(options))
    assert copied.json()["code"] == "accounts.passkey_refused"
    assert await who(browser) is None
    assert "passkey_copied" in await notices(ann.client)


class Uncounted(Device):
    """As phones do that share a passkey with others: it never counts."""

    def get(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        self.sign_count = -1
        made: dict[str, Any] = super().get(options, origin)
        return made


async def test_a_passkey_that_never_counts_is_taken_every_time(
    house: House, clock: Clock, ann: Person
) -> None:
    device = Uncounted()
    await add_passkey(ann.client, device)
    for _ in range(2):
        assert (await alone(await house.client(), device)).status_code == 200


async def test_several_passkeys_are_named_and_removed_one_by_one(
    house: House, clock: Clock, ann: Person
) -> None:
    phone, key = Device(), Device()
    assert (await add_passkey(ann.client, phone, "Phone")).status_code == 201
    assert (await add_passkey(ann.client, key, "Key")).json() == {"recovery_codes": None}
    shown = (await ann.client.get("/api/v1/me/factors")).json()["passkeys"]
    assert [one["name"] for one in shown] == ["Phone", "Key"]
    bob = await house.person(handle="bob")
    assert (await bob.client.delete(f"{PASSKEYS}/{shown[0]['id']}")).status_code == 404
    assert (await ann.client.delete(f"{PASSKEYS}/{shown[0]['id']}")).status_code == 204
    assert (await alone(await house.client(), phone)).json()["code"] == "accounts.passkey_refused"
    assert (await alone(await house.client(), key)).status_code == 200


async def test_a_passkey_of_somebody_else_is_no_second_step_and_no_second_owner(
    house: House, clock: Clock, ann: Person
) -> None:
    bob = await house.person(handle="bob")
    anns, bobs = Device(), Device()
    await add_passkey(ann.client, anns)
    await add_passkey(bob.client, bobs)
    browser = await house.client()
    await sign_in(browser, ann)
    options = (await browser.post("/api/v1/session/second/options")).json()
    refused = await second(browser, credential=bobs.show(options))
    assert refused.json()["code"] == "accounts.passkey_refused"
    options = (await ann.client.post(f"{PASSKEYS}/options")).json()
    made = anns.make(options)
    assert (await ann.client.post(PASSKEYS, json={"name": "x", "credential": made})).status_code == 201
    options = (await bob.client.post(f"{PASSKEYS}/options")).json()
    stolen = await bob.client.post(PASSKEYS, json={"name": "x", "credential": made})
    assert stolen.json()["code"] == "accounts.passkey_refused"


async def test_options_for_a_guest_tell_nothing_of_who_has_passkeys(
    house: House, clock: Clock, ann: Person
) -> None:
    await add_passkey(ann.client, Device())
    asked = (await (await house.client()).post(OPTIONS)).json()["publicKey"]
    assert asked["allowCredentials"] == []
    over = await (await house.client()).post("/api/v1/session/second/options")
    assert (over.status_code, over.json()["code"]) == (409, "accounts.ticket_over")


async def test_a_suspended_account_stays_out_with_a_passkey_too(
    house: House, clock: Clock, ann: Person
) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    async with house.works.open() as work:
        await accounts.restrict(work, ann.account_id, "suspended", "Spam.")
    refused = await alone(await house.client(), device)
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.suspended")


async def test_broken_answers_are_refused_and_break_nothing(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    browser = await house.client()
    right = device.show((await browser.post(OPTIONS)).json())
    broken: list[dict[str, Any]] = [{}, {"id": 7}, {"id": "é" * 9000}, {**right, "response": []}]
    broken += [{**right, "response": {**right["response"], part: "AAAA"}} for part in right["response"]]
    for credential in broken:
        await browser.post(OPTIONS)
        answer = await browser.post(ALONE, json={"credential": credential})
        assert (answer.status_code, answer.json()["code"]) == (422, "accounts.passkey_refused"), credential


async def test_a_passkey_proves_once_more_who_one_is(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    browser = await house.client()
    await alone(browser, device)
    carry_csrf(browser)
    clock.go(minutes=11)
    assert (await browser.post("/api/v1/me/factors/app")).json()["code"] == "accounts.prove_again"
    options = (await browser.post("/api/v1/me/proof/options")).json()
    assert options["publicKey"]["userVerification"] == "required"
    proof = {"credential": device.show(options)}
    assert (await browser.post("/api/v1/me/proof", json=proof)).status_code == 204
    app, codes = await add_app(browser, clock)
    assert app.secret
    assert codes is None


async def test_the_public_half_of_a_passkey_alone_is_kept(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    async with house.works.open() as work:
        (row,) = (await work.session.execute(text("SELECT * FROM accounts_passkey"))).mappings()
    held = device.private_key.private_numbers()
    x, y = (number.to_bytes(32, "big") for number in (held.public_numbers.x, held.public_numbers.y))
    # RFC 9053: kind, algorithm, curve, and the point; -4 would be the private half.
    assert parse_cbor(row["public_key"]) == {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    private = held.private_value.to_bytes(32, "big")
    assert not [name for name, value in row.items() if isinstance(value, bytes) and private in value]


class Unapproved(Device):
    """Its key says that it is for another algorithm."""

    def __init__(self, algorithm: int) -> None:
        super().__init__()
        self.algorithm = algorithm

    def create(self, options: dict[str, Any], origin: str) -> dict[str, Any]:
        made: dict[str, Any] = super().create(options, origin)
        said = parse_cbor(made["response"]["attestationObject"])
        before, key = said["authData"][:-77], parse_cbor(said["authData"][-77:])
        said["authData"] = before + encode_cbor({**key, 3: self.algorithm})
        made["response"]["attestationObject"] = encode_cbor(said)
        return made


async def test_a_passkey_is_of_an_approved_algorithm(house: House, clock: Clock, ann: Person) -> None:
    """EdDSA, ES256 and RS256 are offered and taken; not what else is registered, above all not RS1 with its SHA-1."""
    asked = (await ann.client.post(f"{PASSKEYS}/options")).json()["publicKey"]["pubKeyCredParams"]
    assert [(one["type"], one["alg"]) for one in asked] == [("public-key", alg) for alg in (-8, -7, -257)]
    assert (await add_passkey(ann.client, Unapproved(-7))).status_code == 201
    for algorithm in (-65535, -47, -35, -36, -37, -258, -259, 0):
        with structlog.testing.capture_logs() as lines:
            refused = await add_passkey(ann.client, Unapproved(algorithm))
        assert (refused.status_code, refused.json()["code"]) == (422, "accounts.passkey_refused"), algorithm
        (line,) = [line for line in lines if line["event"] == "accounts.passkey_refused"]
        assert "alg" in line["why"].lower(), (algorithm, line)
