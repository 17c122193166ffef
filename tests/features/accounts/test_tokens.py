"""Access and refresh tokens through HTTP: what they hold, who is believed, what happens to a copy."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.support.house import PASSWORD, House, Person

from matinee.features.accounts import service as accounts
from matinee.features.accounts.messages import TellOwner
from matinee.features.accounts.rules import refresh
from matinee.features.accounts.service import gate as gates
from matinee.infra.mail.port import Letter
from matinee.kernel.time import utc_now

ACCESS, REFRESH, CSRF = (f"__Host-matinee_{kind}" for kind in ("access", "refresh", "csrf"))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def later(house: House, **ahead: float) -> None:
    moment = utc_now() + timedelta(**ahead)
    house.works.clock = lambda: moment


async def who(client: httpx.AsyncClient) -> str | None:
    answer = await client.get("/api/v1/me")
    assert answer.status_code == 200
    account = answer.json()["account"]
    return None if account is None else account["email"]


async def holding(house: House, person: Person, *names: str) -> httpx.AsyncClient:
    """Another browser with copies of these cookies."""
    browser = await house.client()
    for name in names:
        browser.cookies.set(name, person.client.cookies[name], domain="localhost.local")
    return browser


def part(token: str, number: int) -> dict[str, Any]:
    raw = token.split(".")[number]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    return found


def forged(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    words = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (header, claims)
    ]
    return ".".join([*words, signature])


async def test_an_access_token_is_signed_for_five_minutes_by_a_published_key(house: House) -> None:
    ann = await house.person()
    token = ann.client.cookies[ACCESS]
    answer = await ann.client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    (key,) = [one for one in answer.json()["keys"] if one["kid"] == part(token, 0)["kid"]]
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "EdDSA")
    assert "d" not in key
    claims = jwt.decode(token, OKPKey.import_key(key), registry=gates._REGISTRY).claims
    assert claims["sub"] == str(ann.account_id)
    assert claims["roles"] == ["creator"]
    assert 299 <= claims["exp"] - claims["iat"] <= 300


async def test_an_access_token_alone_is_believed_until_it_ends(house: House) -> None:
    ann = await house.person()
    copy = await holding(house, ann, ACCESS)
    assert await who(copy) == ann.email
    later(house, minutes=5, seconds=1)
    assert await who(copy) is None


async def test_an_ended_access_token_is_renewed_in_the_same_request(house: House) -> None:
    ann = await house.person()
    before = dict(ann.client.cookies)
    later(house, minutes=6)
    answer = await ann.client.patch("/api/v1/me", json={"theme": "dark"})
    assert answer.json()["theme"] == "dark"
    assert answer.headers["cache-control"] == "no-store"
    after = dict(ann.client.cookies)
    assert after[ACCESS] != before[ACCESS]
    assert after[REFRESH] != before[REFRESH]
    assert after[CSRF] == before[CSRF]
    assert "set-cookie" not in (await ann.client.get("/api/v1/me")).headers


async def test_a_refused_request_brings_the_fresh_tokens_too(house: House) -> None:
    ann = await house.person("viewer")
    later(house, minutes=6)
    refused = await ann.client.post("/api/v1/videos", json={"title": "x"})
    assert refused.status_code == 403
    assert REFRESH in refused.cookies
    later(house, minutes=12)
    assert await who(ann.client) == ann.email


async def test_requests_of_one_page_that_set_out_together_all_arrive(house: House) -> None:
    ann = await house.person()
    tabs = [await holding(house, ann, REFRESH) for _ in range(6)]
    later(house, minutes=6)
    assert await asyncio.gather(*map(who, tabs)) == [ann.email] * 6
    assert len({tab.cookies[REFRESH] for tab in tabs}) == 1
    later(house, minutes=12)
    assert await who(tabs[3]) == ann.email


@pytest.mark.parametrize("first", ["thief", "owner"])
async def test_a_refresh_token_that_comes_twice_ends_the_session_and_tells_the_owner(
    house: House, first: str
) -> None:
    ann = await house.person(handle="ann")
    thief = await holding(house, ann, REFRESH)
    thief.headers["User-Agent"] = FIREFOX
    early, late = (thief, ann.client) if first == "thief" else (ann.client, thief)
    later(house, minutes=6)
    assert await who(early) == ann.email
    later(house, minutes=6, seconds=11)
    assert await who(late) is None
    assert await who(early) is None
    assert not dict(early.cookies)
    again = await house.client()
    assert (
        await again.post("/api/v1/session", json={"login": "ann", "password": PASSWORD})
    ).status_code == 200
    shown = (await again.get("/api/v1/sessions")).json()
    assert len(shown["items"]) == 1
    (notice,) = shown["notices"]
    assert notice["kind"] == "session_copied"
    assert notice["device"] == ("Unknown device" if first == "thief" else "Firefox on Linux")
    assert await house.waiting("accounts.tell_owner")


async def test_a_copy_from_long_ago_ends_the_session_too(house: House) -> None:
    ann = await house.person()
    copy = await holding(house, ann, REFRESH)
    for minutes in (6, 12, 18):
        later(house, minutes=minutes)
        assert await who(ann.client) == ann.email
    assert await who(copy) is None
    assert await who(ann.client) is None


@pytest.mark.parametrize("what", ["proof", "secret", "session", "short", "nonsense"])
async def test_a_refresh_token_that_somebody_made_up_ends_nothing(house: House, what: str) -> None:
    ann = await house.person()
    token = ann.client.cookies[REFRESH]
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[{"proof": 63, "secret": 20, "session": 15}.get(what, 0)] ^= 1
    made_up = {"short": token[:-1], "nonsense": "%%é".encode().hex()}.get(
        what, base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    )
    assert await who(await house.client(cookies={REFRESH: made_up})) is None
    later(house, minutes=6)
    assert await who(ann.client) == ann.email
    async with house.acting(ann) as work:
        assert (await accounts.own_sessions(work)).notices == []


async def test_a_forged_access_token_is_nobodys(house: House) -> None:
    ann = await house.person()
    token = ann.client.cookies[ACCESS]
    header, claims = part(token, 0), part(token, 1)
    (public,) = (await ann.client.get("/.well-known/jwks.json")).json()["keys"]
    mine = OKPKey.generate_key("Ed25519")
    confused = OctKey.import_key(base64.urlsafe_b64decode(public["x"] + "="))
    head, body, signature = token.split(".")
    forgeries = {
        "none": forged({**header, "alg": "none"}, claims),
        "None": forged({**header, "alg": "None"}, claims, signature),
        "HS256 under the public key": jwt.encode(
            {**header, "alg": "HS256"}, claims, confused, algorithms=["HS256"]
        ),
        "another key": jwt.encode(header, claims, mine, registry=gates._REGISTRY),
        "a key of its own kid": jwt.encode(
            {**header, "kid": mine.thumbprint()}, claims, mine, registry=gates._REGISTRY
        ),
        "no kid": forged({"alg": "EdDSA", "typ": "at+jwt"}, claims, signature),
        "a key in the header": forged({**header, "jwk": public}, claims, signature),
        "other claims": forged(header, {**claims, "roles": ["admin"]}, signature),
        "cut": f"{head}.{body}",
        "empty": "..",
        "long": token + "A" * 3000,
    }
    wrong = [name for name, one in forgeries.items() if await who(await house.client(cookies={ACCESS: one}))]
    assert wrong == []
    assert await who(await house.client(cookies={ACCESS: token})) == ann.email


async def test_what_our_key_signed_for_something_else_opens_nothing(house: House) -> None:
    ann = await house.person()
    token = ann.client.cookies[ACCESS]
    key = next(key.private for key in await house.works.held(accounts.Gate).keys() if key.private)
    header, claims = part(token, 0), part(token, 1)
    for wrong_header, wrong_claims in (
        ({**header, "typ": "JWT"}, claims),
        (header, {name: value for name, value in claims.items() if name != "sid"}),
        (header, {**claims, "exp": "tomorrow"}),
        (header, {**claims, "roles": None}),
    ):
        odd = jwt.encode(wrong_header, wrong_claims, key, registry=gates._REGISTRY)
        assert await who(await house.client(cookies={ACCESS: odd})) is None


async def test_an_access_token_is_no_bearer_token(house: House) -> None:
    ann = await house.person()
    program = await house.client(headers={"Authorization": f"Bearer {ann.client.cookies[ACCESS]}"})
    assert (await program.get("/api/v1/me")).status_code == 401


async def test_the_next_key_is_known_before_it_signs_and_the_old_one_counts_until_its_tokens_end(
    house: House,
) -> None:
    ann, gate = await house.person(), house.works.held(accounts.Gate)

    async def published() -> set[str]:
        await gate.read()
        return {key["kid"] for key in (await ann.client.get("/.well-known/jwks.json")).json()["keys"]}

    async def signed_by() -> str:
        async with house.works.open() as work:
            return str(part((await accounts.open_session(work, ann.account_id)).access, 0)["kid"])

    (old,) = await published()
    async with house.works.open() as work:
        new = await accounts.rotate_keys(work)
    assert await published() == {old, new}
    assert await signed_by() == old
    later(house, minutes=9, seconds=59)
    async with house.works.open() as work:
        last = await house.browser(await accounts.open_session(work, ann.account_id))
    assert part(last.cookies[ACCESS], 0)["kid"] == old
    later(house, minutes=10, seconds=1)
    assert await signed_by() == new
    later(house, minutes=14)
    assert "set-cookie" not in (await last.get("/api/v1/me")).headers
    later(house, minutes=17)
    assert await published() == {new}
    assert await who(last) == ann.email
    async with house.works.open() as work:
        await accounts.prune(work)
        assert await work.session.scalar(text("SELECT count(*) FROM accounts_key")) == 1


async def test_a_key_follows_by_itself_after_a_month(house: House) -> None:
    ann = await house.person()
    later(house, days=29, hours=23)
    assert await who(ann.client) == ann.email
    (old,) = (await ann.client.get("/.well-known/jwks.json")).json()["keys"]
    later(house, days=30, hours=1)
    await house.works.held(accounts.Gate).read()
    keys = (await ann.client.get("/.well-known/jwks.json")).json()["keys"]
    assert len(keys) == 2
    assert old in keys


async def test_a_key_that_leaked_is_forgotten_at_once_and_nobody_is_signed_out(house: House) -> None:
    ann = await house.person()
    copy = await holding(house, ann, ACCESS)
    async with house.works.open() as work:
        await accounts.rotate_keys(work, at_once=True)
    await house.works.held(accounts.Gate).read()
    assert await who(copy) is None
    assert await who(ann.client) == ann.email


async def test_a_machine_with_another_secret_believes_tokens_and_signs_with_a_key_of_its_own(
    make_house: MakeHouse,
) -> None:
    one, other = await make_house(secret="1f" * 20 + "abcdef"), await make_house(secret="2e" * 20 + "abcdef")
    ann = await one.person()
    copy = await other.client(cookies={ACCESS: ann.client.cookies[ACCESS]})
    assert await who(copy) == ann.email
    async with other.works.open() as work:
        theirs = await accounts.open_session(work, ann.account_id)
    assert part(theirs.access, 0)["kid"] != part(ann.client.cookies[ACCESS], 0)["kid"]
    assert await who(await one.client(cookies={ACCESS: theirs.access})) == ann.email


async def test_no_private_key_and_no_token_lies_open_in_the_database(house: House) -> None:
    from tests.support.traces import every_value

    ann = await house.person()
    later(house, minutes=6)
    await who(ann.client)
    key = next(key.private for key in await house.works.held(accounts.Gate).keys() if key.private)
    token = refresh.read(ann.client.cookies[REFRESH])
    assert token is not None
    values = "".join(value for _, value in await every_value(house))
    for secret in (
        key.as_dict(private=True)["d"],
        token.secret.decode("latin-1"),
        ann.client.cookies[REFRESH],
    ):
        assert str(secret) not in values
    path = house.settings.house.data_dir / "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text()) == 64


async def test_the_owner_gets_one_letter_about_a_copied_session(house: House) -> None:
    class Box:
        can_send = True
        letters: list[Letter] = []

        async def send(self, letter: Letter) -> None:
            self.letters.append(letter)

        async def check(self) -> None: ...

    ann = await house.person()
    thief = await holding(house, ann, REFRESH)
    later(house, minutes=6)
    await who(ann.client)
    later(house, minutes=7)
    await who(thief)
    await house.run_jobs()  # a house without mail passes over it
    house.works.mailer = Box()
    async with house.works.open() as work:
        (notice_id,) = await work.session.scalars(text("SELECT id FROM accounts_notice"))
        work.send(TellOwner(notice_id=notice_id))
        work.send(TellOwner(notice_id=notice_id))
    await house.run_jobs()
    (letter,) = Box.letters
    assert letter.to == ann.email
    assert "Unknown device" in letter.text
    assert "http://localhost:8000/settings" in letter.text


async def test_tokens_that_are_refreshed_while_roles_change_say_the_new_ones(house: House) -> None:
    ann = await house.person()
    tabs = [await holding(house, ann, REFRESH) for _ in range(4)]
    later(house, minutes=6)
    async with house.works.open() as work:
        await accounts.set_roles(work, ann.account_id, ["viewer"])
        await work.session.flush()
        asking = [asyncio.create_task(who(tab)) for tab in tabs]
        await asyncio.sleep(0)
    await asyncio.gather(*asking)
    for tab in tabs:
        tab.headers["X-CSRF-Token"] = ann.client.headers["X-CSRF-Token"]
        assert (await tab.post("/api/v1/videos", json={"title": "x"})).status_code == 403
