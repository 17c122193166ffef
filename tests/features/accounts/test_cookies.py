"""Where and how cookies are set: `__Host-` everywhere, and none where anybody on the way could read a password."""

from typing import Any

import pytest
from tests.conftest import MakeHouse
from tests.support.house import PASSWORD

HIDDEN = {"__Host-matinee_access", "__Host-matinee_refresh"}
LOGIN = {"login": "ann", "password": PASSWORD}


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        ({}, "http://localhost:8000"),
        ({}, "http://127.0.0.1:8000"),
        ({"public_url": "https://films.example"}, "https://films.example"),
        # The proxy in front speaks https, and the house was not told to believe it.
        ({"public_url": "https://films.example"}, "http://films.example"),
        ({"allowed_hosts": "house.localhost"}, "http://house.localhost:8000"),
    ],
)
async def test_where_nobody_can_listen_cookies_are_of_this_host_alone(
    make_house: MakeHouse, settings: dict[str, Any], base: str
) -> None:
    house = await make_house(**settings)
    await house.person(handle="ann")
    answer = await (await house.client()).post(f"{base}/api/v1/session", json=LOGIN)
    assert answer.status_code == 200
    set_by_name = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert set(set_by_name) == HIDDEN | {"__Host-matinee_csrf"}
    for name, line in set_by_name.items():
        words = set(line.split("; ")[1:])
        assert {"Path=/", "SameSite=Lax", "Secure"} <= words
        assert ("HttpOnly" in words) == (name in HIDDEN)
        assert not any(word.lower().startswith("domain") for word in words)
    assert "Max-Age=300;" in set_by_name["__Host-matinee_access"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("base", ["http://192.0.2.7:8000", "http://films.example"])
async def test_on_plain_http_from_elsewhere_nobody_is_signed_in_and_the_answer_says_why(
    make_house: MakeHouse, base: str
) -> None:
    house = await make_house(allowed_hosts="192.0.2.7,films.example")
    await house.person(handle="ann")
    browser = await house.client()
    form = {"email": "b@example.org", "password": PASSWORD, "handle": "bob", "display_name": "Bob"}
    for path, body in (("session", LOGIN), ("accounts", form)):
        answer = await browser.post(f"{base}/api/v1/{path}", json=body)
        assert answer.status_code == 403
        assert answer.json()["code"] == "house.not_private"
        assert "https" in answer.json()["detail"]
        assert "set-cookie" not in answer.headers
    assert (await browser.get(f"{base}/api/v1/videos")).status_code == 200


async def test_a_house_behind_https_tells_browsers_to_stay_there(make_house: MakeHouse) -> None:
    house = await make_house(public_url="https://films.example")
    answer = await (await house.client()).get("https://films.example/api/v1/me")
    assert "max-age" in answer.headers["strict-transport-security"]
