"""Programs: bearer tokens, and devices that a person approves in a browser."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.support.house import PASSWORD, House

from matinee.features.accounts import rules
from matinee.features.accounts.service import access, devices
from matinee.kernel.time import utc_now


async def start(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/api/v1/device", json={"client_name": "matinee on a laptop"})
    assert answer.status_code == 200
    begun: dict[str, Any] = answer.json()
    return begun


async def collect(client: httpx.AsyncClient, begun: dict[str, Any]) -> httpx.Response:
    return await client.post("/api/v1/device/token", json={"device_code": begun["device_code"]})


async def test_a_program_signs_in_with_a_token_that_can_be_seen_and_revoked(house: House) -> None:
    ann = await house.person(handle="ann")
    program = await house.client()
    made = await program.post("/api/v1/tokens", json={"login": "ann", "password": PASSWORD, "name": "backup"})
    assert made.status_code == 201
    token = made.json()["token"]
    assert token.startswith("mat_")
    program.headers["Authorization"] = f"Bearer {token}"
    changed = await program.patch("/api/v1/me", json={"theme": "dark"})
    assert changed.json()["theme"] == "dark"
    (seen,) = (await ann.client.get("/api/v1/tokens")).json()["items"]
    assert seen["name"] == "backup"
    assert seen["via"] == "token"
    assert seen["last_used_at"] is not None
    assert token not in str(seen)
    assert (await ann.client.delete(f"/api/v1/tokens/{seen['id']}")).status_code == 204
    refused = await program.get("/api/v1/me")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_what_a_program_is_called_is_one_line_without_controls(house: House) -> None:
    ann, device = await house.person(handle="ann"), await house.client()
    name = "\x1b[31mback\x00up\u202e\r\n  at home\x9b"
    for path, body in (
        ("tokens", {"login": "ann", "password": PASSWORD, "name": name}),
        ("me/tokens", {"name": name, "scopes": ["read"]}),
    ):
        made = await ann.client.post(f"/api/v1/{path}", json=body)
        assert made.json()["name"] == "[31mbackup at home"
    begun = (await device.post("/api/v1/device", json={"client_name": name})).json()
    shown = await ann.client.get(f"/api/v1/device/{begun['user_code']}")
    assert shown.json()["client_name"] == "[31mbackup at home"
    nothing = await ann.client.post("/api/v1/me/tokens", json={"name": "\x1b\n", "scopes": ["read"]})
    assert nothing.status_code == 422


async def test_a_token_is_given_only_for_the_right_password(house: House) -> None:
    await house.person(handle="ann")
    program = await house.client()
    answer = await program.post("/api/v1/tokens", json={"login": "ann", "password": "wrong", "name": "x"})
    assert answer.json()["code"] == "accounts.wrong_credentials"


async def test_nobody_revokes_or_sees_the_token_of_another(house: House) -> None:
    ann, bob = await house.person(), await house.person()
    await house.program(ann)
    (token,) = (await ann.client.get("/api/v1/tokens")).json()["items"]
    assert (await bob.client.get("/api/v1/tokens")).json()["items"] == []
    for token_id in (token["id"], str(uuid4())):
        answer = await bob.client.delete(f"/api/v1/tokens/{token_id}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "accounts.token_not_found"


async def test_an_account_holds_a_bounded_number_of_tokens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "TOKENS_MOST", 10)
    ann = await house.person(handle="ann")
    for _ in range(10):
        await house.program(ann)
    body = {"login": "ann", "password": PASSWORD, "name": "one more"}
    answer = await ann.client.post("/api/v1/tokens", json=body)
    assert answer.status_code == 409
    assert answer.json()["code"] == "accounts.too_many_tokens"


async def test_a_program_signs_out_by_giving_its_token_up(house: House) -> None:
    program = await house.program(await house.person())
    assert (await program.delete("/api/v1/session")).status_code == 204
    assert (await program.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize("token", ["", "mat_", "mat_nonsense", "x" * 500, "mat_é", "Bearer"])
async def test_a_bad_token_is_told_so(house: House, token: str) -> None:
    program = await house.client(headers={"Authorization": f"Bearer {token}".encode("latin-1")})
    assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_device_gets_its_token_once_a_person_has_approved_it(house: House) -> None:
    ann, device = await house.person(), await house.client()
    begun = await start(device)
    assert set(begun["user_code"]) <= {*rules.CODE_LETTERS, "-"}
    assert begun["verification_uri_complete"].endswith(f"/device?code={begun['user_code']}")
    assert (await collect(device, begun)).json()["code"] == "accounts.device_pending"
    typed = begun["user_code"].replace("-", " ").lower()
    assert (await ann.client.get(f"/api/v1/device/{typed}")).json()["client_name"] == "matinee on a laptop"
    assert (await ann.client.post(f"/api/v1/device/{typed}/approve")).status_code == 204
    got = await collect(device, begun)
    assert got.status_code == 200
    device.headers["Authorization"] = f"Bearer {got.json()['token']}"
    assert (await device.get("/api/v1/me")).json()["account"]["id"] == str(ann.account_id)
    (token,) = (await ann.client.get("/api/v1/tokens")).json()["items"]
    assert (token["name"], token["via"]) == ("matinee on a laptop", "device")
    assert (await collect(await house.client(), begun)).json()["code"] == "accounts.device_unknown"


async def test_the_code_that_a_person_types_is_kept_as_a_keyed_hash_alone(house: House) -> None:
    code = (await start(await house.client()))["user_code"]
    async with house.works.open() as work:
        (row,) = (await work.session.execute(text("SELECT * FROM accounts_device"))).mappings()
    assert code not in str(dict(row))
    assert bytes(row["code_hash"]) != hashlib.sha256(code.encode()).digest()


async def test_a_denied_device_is_told_so_and_stays_out(house: House) -> None:
    ann, device = await house.person(), await house.client()
    begun = await start(device)
    code = begun["user_code"]
    assert (await ann.client.post(f"/api/v1/device/{code}/deny")).status_code == 204
    denied = await collect(device, begun)
    assert (denied.status_code, denied.json()["code"]) == (409, "accounts.device_denied")
    late = await ann.client.post(f"/api/v1/device/{code}/approve")
    assert late.json()["code"] == "accounts.device_decided"


async def test_a_device_code_expires(house: House) -> None:
    ann, device = await house.person(), await house.client()
    begun = await start(device)
    house.works.clock = lambda: utc_now() + timedelta(seconds=begun["expires_in_s"] + 1)
    assert (await collect(device, begun)).status_code == 404
    answer = await ann.client.post(f"/api/v1/device/{begun['user_code']}/approve")
    assert answer.json()["code"] == "accounts.device_unknown"


async def test_a_token_approves_no_device(house: House) -> None:
    program = await house.program(await house.person())
    begun = await start(program)
    answer = await program.post(f"/api/v1/device/{begun['user_code']}/approve")
    assert answer.status_code == 403
    assert answer.json()["code"] == "accounts.browser_only"


async def test_guessing_user_codes_is_slowed_down(house: House) -> None:
    ann = await house.person()
    statuses = [(await ann.client.get(f"/api/v1/device/BBBB-BBB{n}")).status_code for n in range(31)]
    assert statuses == [404] * 30 + [429]


async def test_one_network_starts_a_bounded_number_of_devices(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "STARTS_OF_A_NETWORK", 6)
    device = await house.client()
    statuses = [
        (await device.post("/api/v1/device", json={"client_name": "x"})).status_code for _ in range(7)
    ]
    assert statuses == [200] * 6 + [429]


async def test_no_secret_is_kept_as_it_was_given_out(house: House) -> None:
    from tests.support.traces import every_value

    ann = await house.person(handle="ann")
    begun = await start(ann.client)
    made = await ann.client.post("/api/v1/tokens", json={"login": "ann", "password": PASSWORD, "name": "x"})
    values = await every_value(house)
    for secret in (
        ann.client.cookies["__Host-matinee_refresh"],
        ann.client.cookies["__Host-matinee_access"],
        begun["device_code"],
        made.json()["token"],
        PASSWORD,
    ):
        assert not [where for where, value in values if secret in value]
