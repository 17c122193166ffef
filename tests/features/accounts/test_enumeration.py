"""Nobody learns from an answer, its status or its time whether somebody has an account."""

import statistics
import time
from collections import defaultdict

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.house import House

from matinee.features.accounts.service import guessing, passwords, recovery
from matinee.features.accounts.settings import PasswordSettings

ROUNDS = 11
# One argon2id of these costs takes many times as long as all else in a sign-in. Twice is much more than the two
# distributions ever differ by, and much less than a check that is left out for the unknown.
COSTS = {"argon2_time_cost": 4, "argon2_memory_kib": 16_384}
MOST_APART = 2.0


async def _medians(
    client: httpx.AsyncClient, path: str, bodies: dict[str, dict[str, str]]
) -> dict[str, float]:
    """The middle of the seconds that each kind of request takes; all take turns, so that load meets them alike."""
    seconds: dict[str, list[float]] = defaultdict(list)
    answers: set[tuple[int, str]] = set()
    for _ in range(ROUNDS):
        for kind, body in bodies.items():
            began = time.perf_counter()
            answer = await client.post(path, json=body)
            seconds[kind].append(time.perf_counter() - began)
            told = answer.json()
            answers.add((answer.status_code, str({**told, "request_id": ""} if told else told)))
    assert len(answers) == 1, answers
    return {kind: statistics.median(times) for kind, times in seconds.items()}


def _apart(medians: dict[str, float]) -> float:
    return max(medians.values()) / min(medians.values())


async def _alike(client: httpx.AsyncClient, path: str, bodies: dict[str, dict[str, str]]) -> int:
    """How often it had to be measured: a machine that halts for a moment is no difference, one that stays is."""
    for turn in (1, 2, 3):
        medians = await _medians(client, path, bodies)
        if _apart(medians) < MOST_APART:
            return turn
    raise AssertionError(medians)


@pytest.fixture
async def open_door(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house where tries are not counted down, that sends letters, with somebody in it."""
    monkeypatch.setattr("matinee.features.accounts.service.access.TRIES", 10_000)
    monkeypatch.setattr("matinee.features.accounts.service.access.TRIES_OF_A_NETWORK", 10_000)
    monkeypatch.setattr(guessing, "AN_HOUR", 10_000)
    monkeypatch.setattr(recovery, "ASKS_FOR_ONE", 10_000)
    monkeypatch.setattr(recovery, "ASKS_OF_A_NETWORK", 10_000)
    house = await make_house(mail="console", **COSTS)
    await house.person(handle="ann")
    return house


SIGN_IN = {
    "known": {"login": "ann@example.org", "password": "not the password"},
    "unknown": {"login": "nobody@example.org", "password": "not the password"},
}


async def test_signing_in_takes_as_long_for_the_unknown_as_for_the_known(open_door: House) -> None:
    await _alike(await open_door.client(), "/api/v1/session", SIGN_IN)


async def test_the_measure_finds_a_check_that_is_left_out(
    open_door: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.verify

    async def hasty(settings: PasswordSettings, stored: str | None, password: str) -> tuple[bool, bool]:
        return (False, False) if stored is None else await verify(settings, stored, password)

    monkeypatch.setattr(passwords, "verify", hasty)
    medians = await _medians(await open_door.client(), "/api/v1/session", SIGN_IN)
    assert _apart(medians) > MOST_APART, medians


@pytest.mark.parametrize(
    ("path", "field"), [("/api/v1/password-resets", "login"), ("/api/v1/accounts/letters", "email")]
)
async def test_asking_for_a_letter_takes_as_long_for_the_unknown_as_for_the_known(
    open_door: House, path: str, field: str
) -> None:
    bodies = {"known": {field: "ann@example.org"}, "unknown": {field: "nobody@example.org"}}
    turns = await _alike(await open_door.client(), path, bodies)
    waiting = await open_door.waiting("accounts.write_letter")
    assert len(waiting) == 2 * ROUNDS * turns
    assert all(set(job["message"]) == {"letter_id"} for job in waiting)
