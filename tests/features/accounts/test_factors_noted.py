"""What happens with second factors stands in the audit log, once, with no code in it."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.support.factors import (
    PASSKEYS,
    SURE,
    Clock,
    Device,
    add_app,
    add_passkey,
    carry_csrf,
    second,
    sign_in,
)
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts

PROOF = "/api/v1/me/proof"


@pytest.fixture
def clock(house: House) -> Clock:
    return Clock(house)


@pytest.fixture
async def ann(house: House, clock: Clock) -> Person:
    return await house.person(handle="ann")


async def seen(house: House, person: Person) -> list[Any]:
    """What its owner reads, oldest first."""
    async with house.works.open() as work:
        return (await accounts.acts_of(work, person.account_id, limit=100)).items[::-1]


async def only(house: House, person: Person, thing: str) -> list[Any]:
    return [one for one in await seen(house, person) if one.act.startswith(thing)]


async def test_factors_that_come_and_go_are_noted_with_their_kind_and_name(
    house: House, clock: Clock, ann: Person
) -> None:
    _, codes = await add_app(ann.client, clock)
    await add_passkey(ann.client, Device(), "Key on the ring")
    fresh = (await ann.client.post("/api/v1/me/factors/recovery-codes")).json()["codes"]
    held = (await ann.client.get("/api/v1/me/factors")).json()
    await ann.client.delete(f"{PASSKEYS}/{held['passkeys'][0]['id']}")
    await ann.client.delete("/api/v1/me/factors/app")
    acts = await only(house, ann, "factor.")
    assert [(one.act, one.facts.get("kind"), one.words.get("name")) for one in acts] == [
        ("factor.added", "app", None),
        ("factor.added", "passkey", "Key on the ring"),
        ("factor.codes_made", None, None),
        ("factor.removed", "passkey", "Key on the ring"),
        ("factor.removed", "app", None),
    ]
    assert {one.who for one in acts} == {"you"}
    async with house.works.open() as work:
        rows = (await work.session.execute(text("SELECT * FROM accounts_audit"))).all()
    for private in ("Key on the ring", *codes, *fresh):
        assert private not in str(rows)


async def test_an_app_that_was_never_on_is_not_noted_as_removed(
    house: House, clock: Clock, ann: Person
) -> None:
    assert (await ann.client.post("/api/v1/me/factors/app")).status_code == 201
    assert (await ann.client.delete("/api/v1/me/factors/app")).status_code == 404
    assert await only(house, ann, "factor.") == []


async def test_signing_in_and_proving_say_with_what(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    _, codes = await add_app(ann.client, clock)
    await add_passkey(ann.client, device)
    browser = await house.client()
    options = (await browser.post("/api/v1/session/passkey/options")).json()
    shown = {"credential": device.show(options)}
    assert (await browser.post("/api/v1/session/passkey", json=shown)).status_code == 200
    another = await house.client()
    assert (await sign_in(another, ann)).status_code == 202
    assert (await second(another, code=codes[0])).status_code == 200
    carry_csrf(another)
    assert (await another.post(PROOF, json={"password": PASSWORD})).status_code == 204
    acts = [(one.act, one.facts.get("proof"), one.who) for one in await seen(house, ann)]
    assert acts[-4:] == [
        ("session.opened", "passkey", "you"),
        ("factor.code_used", None, "you"),
        ("session.opened", "password and code", "you"),
        ("session.proven", "password", "you"),
    ]


async def test_wrong_codes_and_passkeys_are_refusals_and_the_reset_is_the_operators(
    house: House, clock: Clock, ann: Person
) -> None:
    app, _ = await add_app(ann.client, clock)
    device = Device()
    await add_passkey(ann.client, device)
    assert (await ann.client.post(PROOF, json={"code": app.wrong()})).status_code == 422
    await house.pump()
    browser = await house.client()
    assert (await sign_in(browser, ann)).status_code == 202
    stranger = Device()
    await add_passkey((await house.person()).client, stranger)
    options = (await browser.post("/api/v1/session/second/options")).json()
    refused = await second(browser, credential=stranger.show(options))
    assert refused.status_code in (401, 403, 422), refused.text
    await house.pump()
    (told,) = await only(house, ann, "session.refused")
    assert told.facts["reasons"] == ["code"]
    async with house.works.open() as work:
        await accounts.reset_factors(work, ann.account_id, SURE)
    (reset,) = await only(house, ann, "factor.reset")
    assert reset.who == "house"


async def test_a_copied_passkey_is_noted(house: House, clock: Clock, ann: Person) -> None:
    device = Device()
    await add_passkey(ann.client, device)
    for count in (7, 3):
        device.sign_count = count
        browser = await house.client()
        options = (await browser.post("/api/v1/session/passkey/options")).json()
        await browser.post("/api/v1/session/passkey", json={"credential": device.show(options)})
    (copied,) = await only(house, ann, "factor.copied")
    assert copied.who == "nobody"
    assert copied.facts["device"]


async def test_what_is_ended_is_named(house: House, ann: Person) -> None:
    asked = {"name": "nightly import", "scopes": ["upload"]}
    made = (await ann.client.post("/api/v1/me/tokens", json=asked)).json()
    await ann.client.delete(f"/api/v1/tokens/{made['id']}")
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    browser = await house.client(headers={"User-Agent": firefox})
    assert (await sign_in(browser, ann)).status_code == 200
    carry_csrf(browser)
    assert (await browser.delete("/api/v1/session")).status_code == 204
    acts = await seen(house, ann)
    revoked = next(one for one in acts if one.act == "token.revoked")
    assert revoked.words == {"name": "nightly import"}
    assert acts[-1].act == "session.ended"
    assert acts[-1].facts["ended"] == ["Firefox on Linux"]
