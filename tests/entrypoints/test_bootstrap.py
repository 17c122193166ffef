"""The first start of a house: an operator, and a token for the command on the same machine."""

import asyncio
import stat

import pytest
from tests.conftest import MakeHouse
from tests.support.house import House

from matinee.entrypoints.bootstrap import CLI_TOKEN_FILE, ensure_operator
from matinee.kernel.errors import Invalid


async def test_the_operator_is_made_once_with_a_password_that_works(house: House) -> None:
    password = await asyncio.to_thread(ensure_operator, house.settings)
    assert password is not None
    assert await asyncio.to_thread(ensure_operator, house.settings) is None
    browser = await house.client()
    me = await browser.post("/api/v1/session", json={"login": "operator", "password": password})
    assert me.status_code == 200
    assert "owner" in me.json()["account"]["roles"]
    assert (await browser.get("/api/v1/admin/overview")).status_code == 200


async def test_the_operators_password_can_be_given(make_house: MakeHouse) -> None:
    house = await make_house(admin_password="a password of my own choice")
    assert await asyncio.to_thread(ensure_operator, house.settings) is None
    asked = {"login": "operator@localhost.localdomain", "password": "a password of my own choice"}
    assert (await (await house.client()).post("/api/v1/session", json=asked)).status_code == 200


async def test_a_weak_given_password_stops_the_first_start(make_house: MakeHouse) -> None:
    house = await make_house(admin_password="password1234")
    with pytest.raises(Invalid, match="MATINEE_ADMIN_PASSWORD"):
        await asyncio.to_thread(ensure_operator, house.settings)


async def test_the_commands_token_is_private_and_replaced_once_revoked(house: House) -> None:
    path = house.settings.house.data_dir / CLI_TOKEN_FILE
    await asyncio.to_thread(ensure_operator, house.settings)
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    command = await house.client(headers={"Authorization": f"Bearer {first}"})
    assert (await command.get("/api/v1/admin/overview")).status_code == 200
    await asyncio.to_thread(ensure_operator, house.settings)
    assert path.read_text() == first
    (token,) = (await command.get("/api/v1/tokens")).json()["items"]
    await command.delete(f"/api/v1/tokens/{token['id']}")
    await asyncio.to_thread(ensure_operator, house.settings)
    assert path.read_text() != first
