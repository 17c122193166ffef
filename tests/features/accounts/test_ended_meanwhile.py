"""What leaves lasting access asks again whether its session lives, once nobody else changes the account."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.support.factors import App, Clock
from tests.support.house import PASSWORD, House, somebody_waits_for

from matinee.features.accounts import service as accounts

NEW = "another long secret"
Act = Callable[[httpx.AsyncClient, Clock], Awaitable[Awaitable[httpx.Response]]]


async def token(thief: httpx.AsyncClient, _: Clock) -> Awaitable[httpx.Response]:
    return thief.post("/api/v1/me/tokens", json={"name": "a tool", "scopes": ["manage"]})


async def device(thief: httpx.AsyncClient, _: Clock) -> Awaitable[httpx.Response]:
    begun = (await thief.post("/api/v1/device", json={"client_name": "a laptop"})).json()
    return thief.post(f"/api/v1/device/{begun['user_code']}/approve")


async def app(thief: httpx.AsyncClient, clock: Clock) -> Awaitable[httpx.Response]:
    draft = (await thief.post("/api/v1/me/factors/app")).json()
    return thief.post("/api/v1/me/factors/app/confirm", json={"code": App(draft["secret"], clock).code()})


async def password(thief: httpx.AsyncClient, _: Clock) -> Awaitable[httpx.Response]:
    return thief.post("/api/v1/me/password", json={"current": PASSWORD, "new": "a secret of the thief's"})


async def email(thief: httpx.AsyncClient, _: Clock) -> Awaitable[httpx.Response]:
    return thief.post("/api/v1/me/email", json={"email": "eve@evil.example", "password": PASSWORD})


@pytest.mark.parametrize("act", [token, device, app, password, email])
async def test_who_waited_while_the_password_was_replaced_goes_away_with_nothing(
    house: House, act: Act
) -> None:
    clock, ann = Clock(house), await house.person(handle="ann")
    request = await act(ann.client, clock)
    async with house.works.open() as work:
        await accounts.set_password(work, ann.account_id, NEW)
        waiting = asyncio.ensure_future(request)
        await somebody_waits_for(work)
    answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (401, "house.not_signed_in")
    browser = await house.client()
    signed_in = await browser.post("/api/v1/session", json={"login": "ann@example.org", "password": NEW})
    assert signed_in.status_code == 200, signed_in.text
