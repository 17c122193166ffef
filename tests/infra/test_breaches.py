"""Passwords that everybody knows, by the list of the install and by a server that speaks the range protocol."""

import hashlib

import pytest
from tests.support.ranges import ranges

from matinee.features.accounts.settings import PasswordSettings
from matinee.infra import breaches

SECRET = "nobody could ever list this one"
DIGEST = hashlib.sha1(SECRET.encode()).hexdigest().upper()


@pytest.mark.parametrize(
    "password", ["qwertyuiop", "QWERTYuiop", "1234567890", "correcthorsebatterystaple", "!!qwertyuiop2026!!"]
)
def test_a_common_password_is_known_without_asking_anybody(password: str) -> None:
    assert breaches.listed(password)


@pytest.mark.parametrize("password", [SECRET, "short", "", "\u00e9t\u00e9 \u00e0 la mer et au vent"])
def test_an_uncommon_one_is_not(password: str) -> None:
    assert not breaches.listed(password)


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (f"{'0' * 35}:3\r\n{DIGEST[5:]}:12\r\n", True),
        (f"{DIGEST[5:].lower()}:1", True),
        (f"{DIGEST[5:]}:0\r\n", False),  # padding
        (f"{'F' * 35}:9", False),
        ("<html>", False),
        ("", False),
    ],
)
async def test_the_service_hears_five_signs_of_a_hash_and_nothing_else(lines: str, known: bool) -> None:
    async with ranges(lines) as (url, heard):
        assert await breaches.leaked(url, SECRET) is known
    (request,) = heard
    assert request.startswith(f"GET /range/{DIGEST[:5]} HTTP/1.1\r\n")
    assert "add-padding: true" in request.lower()
    assert DIGEST[5:9] not in request
    assert "nobody" not in request


@pytest.mark.parametrize("status", [404, 429, 500, 302])
async def test_a_service_that_does_not_answer_leaves_the_list_to_decide(status: int) -> None:
    async with ranges(f"{DIGEST[5:]}:1", status=status) as (url, _):
        assert not await breaches.leaked(url, SECRET)


async def test_a_service_that_is_slow_or_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaches, "ANSWER_S", 0.2)
    async with ranges(f"{DIGEST[5:]}:1", pause_s=5) as (url, _):
        assert not await breaches.leaked(url, SECRET)
    assert not await breaches.leaked("http://127.0.0.1:1/range", SECRET)


@pytest.mark.parametrize(
    "url",
    ["http://ranges.example/range", "ftp://x", "https://a:b@ranges.example", "https://x.example/?a", "range"],
)
def test_the_service_is_asked_over_a_secured_line_only(url: str) -> None:
    with pytest.raises(ValueError, match="MATINEE_BREACHES_URL"):
        PasswordSettings(breaches_url=url)
    assert PasswordSettings(breaches_url="https://ranges.example/range/").breaches_url
