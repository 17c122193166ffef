"""Who asks, when a proxy stands between: its word counts only where it is named."""

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.house import ADDRESS, House

from matinee.kernel.settings import HouseSettings

PROXY = "10.7.0.2"


async def _join(house: House, name: str, *, peer: str, says: str) -> int:
    """The status of a sign-up that `peer` hands on with `X-Forwarded-For: says`."""
    transport = httpx.ASGITransport(app=house.app, client=(peer, 40_000))
    form = {
        "email": f"{name}@example.org",
        "password": "a long enough password",
        "handle": name,
        "display_name": name.title(),
    }
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        headers = {"X-Forwarded-For": says, "X-Forwarded-Proto": "https"}
        return (await client.post("/api/v1/accounts", json=form, headers=headers)).status_code


async def test_a_named_proxy_tells_people_apart(make_house: MakeHouse) -> None:
    house = await make_house(signups_per_hour=1, trusted_proxies="10.9.0.1, 10.7.0.0/24")
    assert await _join(house, "ann", peer=PROXY, says="203.0.113.1") == 201
    assert await _join(house, "ben", peer=PROXY, says="203.0.113.2") == 201
    assert await _join(house, "cay", peer=PROXY, says="203.0.113.1") == 429


async def test_what_a_client_writes_before_the_proxy_is_not_believed(make_house: MakeHouse) -> None:
    house = await make_house(signups_per_hour=1, trusted_proxies=PROXY)
    assert await _join(house, "ann", peer=PROXY, says="198.51.100.1, 203.0.113.1") == 201
    assert await _join(house, "ben", peer=PROXY, says="198.51.100.2, 203.0.113.1") == 429


@pytest.mark.parametrize("named", ["", "10.9.0.1"])
@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1"])
async def test_anybody_else_is_the_address_that_asks(make_house: MakeHouse, named: str, peer: str) -> None:
    house = await make_house(signups_per_hour=1, trusted_proxies=named)
    assert await _join(house, "ann", peer=peer, says="203.0.113.1") == 201
    assert await _join(house, "ben", peer=peer, says="203.0.113.2") == 429


@pytest.mark.parametrize("wrong", ["*", "proxy", "10.0.0.1/24", "10.0.0.2 10.0.0.3"])
def test_a_proxy_that_is_no_address_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="name addresses or networks"):
        HouseSettings(trusted_proxies=wrong)


@pytest.mark.parametrize(
    "wrong", ["nonsense", "films.example", "https://films.example/path", "ftp://films.example"]
)
def test_a_public_address_that_is_none_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValueError, match="without a path"):
        HouseSettings(public_url=wrong)
    assert HouseSettings(public_url="https://films.example/").address == "https://films.example"
