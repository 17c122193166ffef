"""How often one may ask, seen from outside."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.conftest import MakeHouse
from tests.support.house import PASSWORD


def standing(answer: httpx.Response) -> dict[str, int | str]:
    """`RateLimit` as a dictionary, with the policy's quota."""
    name, *pairs = answer.headers["ratelimit"].split(";")
    policy, *more = answer.headers["ratelimit-policy"].split(";")
    assert name == policy
    return {"name": name.strip('"')} | {k: int(v) for k, v in (pair.split("=") for pair in [*pairs, *more])}


async def test_answers_say_how_much_is_left(make_house: MakeHouse) -> None:
    house = await make_house(limit_reads=50, limit_writes=20)
    ann = await house.person()
    first, second = [standing(await ann.client.get("/api/v1/me")) for _ in range(2)]
    assert (first["name"], first["q"], first["w"]) == ("reads", 50, 60)
    assert int(second["r"]) == int(first["r"]) - 1
    changed = await ann.client.patch("/api/v1/me", json={"theme": "dark"})
    assert changed.status_code < 300, changed.text
    assert standing(changed)["name"] == "writes"


async def test_who_asks_too_often_is_told_when_to_come_back_and_others_are_not_held_up(
    make_house: MakeHouse,
) -> None:
    house = await make_house(limit_reads=10)
    ann, ben = await house.person(), await house.person()
    answers = [await ann.client.get("/api/v1/me") for _ in range(12)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.json()["code"] == "house.too_many"
    assert "Try again in" in refused.json()["detail"]
    assert 1 <= int(refused.headers["retry-after"]) <= 6
    assert standing(refused)["r"] == 0
    assert (await ben.client.get("/api/v1/me")).status_code == 200


async def test_a_program_that_runs_wild_leaves_its_person_in_peace(make_house: MakeHouse) -> None:
    house = await make_house(limit_writes=5, limit_address_factor=2)
    ann = await house.person()
    made = await ann.client.post(
        "/api/v1/tokens", json={"login": ann.email, "password": PASSWORD, "name": "wild"}
    )
    wild = {"Authorization": f"Bearer {made.json()['token']}"}
    program = await house.client(headers=wild)
    answers = [await program.patch("/api/v1/me", json={"theme": "dark"}) for _ in range(7)]
    assert [answer.status_code for answer in answers[-2:]] == [429, 429]
    mine = await ann.client.patch("/api/v1/me", json={"theme": "light"})
    assert mine.status_code < 300, mine.text


async def test_an_address_that_guesses_passwords_is_turned_away_at_the_door(make_house: MakeHouse) -> None:
    house = await make_house(limit_sign_ins=4)
    ann = await house.person()
    stranger = await house.client()
    guesses = [
        await stranger.post("/api/v1/session", json={"login": f"x{n}", "password": "wrong password"})
        for n in range(6)
    ]
    assert {guess.status_code for guess in guesses[:3]} == {401}
    assert guesses[-1].status_code == 429
    assert standing(guesses[-1])["name"] == "sign-ins"
    rubbish = await stranger.post("/api/v1/session", content=b"{" * 100_000)
    assert rubbish.status_code == 429, "nothing of a body is read"
    assert (await stranger.get("/api/v1/me")).status_code == 200
    assert (await ann.client.get("/api/v1/me")).status_code == 200


async def test_segments_and_pages_of_many_behind_one_address_are_counted_apart(
    make_house: MakeHouse,
) -> None:
    house = await make_house(limit_reads=3, limit_address_factor=2, limit_media=5)
    one, other = await house.client(address="203.0.113.7"), await house.client(address="203.0.113.8")
    assert [(await one.get("/api/v1/me")).status_code for _ in range(8)] == [200] * 6 + [429] * 2
    assert (await one.get("/media/none")).status_code == 404
    assert [(await one.get("/media/none")).status_code for _ in range(6)][-1] == 429
    assert (await other.get("/api/v1/me")).status_code == 200
    assert (await one.get("/health/live")).status_code == 200


@pytest.mark.parametrize("programs", [1, 8])
async def test_changes_of_programs_that_come_together_pass_through_few_connections(
    make_house: MakeHouse, programs: int
) -> None:
    house = await make_house(limit_writes=10_000, pool_size=2, pool_overflow=0)
    ann = await house.person()
    clients = [await house.program(ann) for _ in range(programs)]
    answers = await asyncio.gather(
        *(clients[n % programs].patch("/api/v1/me", json={"theme": "dark"}) for n in range(16))
    )
    # Who waits until the pool gives up reads 503.
    assert [answer.status_code for answer in answers] == [200] * 16


async def test_zero_lets_everybody(make_house: MakeHouse) -> None:
    house = await make_house(limit_reads=0)
    one = await house.client(address="203.0.113.7")
    answers = [await one.get("/api/v1/me") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[-1].headers


async def test_of_many_who_sign_in_at_once_some_wait_and_the_rest_is_told_to_come_again(
    make_house: MakeHouse,
) -> None:
    house = await make_house(limit_sign_ins=0, limit_sign_ins_at_once=1)
    ann, guesser = await house.person(handle="ann"), await house.client()

    async def guess(number: int) -> httpx.Response:
        wrong = {"login": f"nobody{number}", "password": "not the one"}
        return await guesser.post("/api/v1/session", json=wrong)

    answers, seen = await asyncio.gather(
        asyncio.gather(*(guess(number) for number in range(80))), ann.client.get("/api/v1/me")
    )
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {401: 51, 503: 29}, "one is worked on, fifty wait"
    (crowded,) = {answer.json()["code"] for answer in answers if answer.status_code == 503}
    assert (crowded, seen.status_code) == ("house.crowded", 200)
    right = {"login": "ann", "password": PASSWORD}
    assert (await guesser.post("/api/v1/session", json=right)).status_code == 200


async def test_a_sign_in_that_arrives_slowly_holds_nobody_up(make_house: MakeHouse) -> None:
    house = await make_house(limit_sign_ins_at_once=1)
    await house.person(handle="ann")
    slow, quick = await house.client(), await house.client()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        begun.set()
        yield b'{"login": "ann", '
        await go_on.wait()
        yield b'"password": "not the one"}'

    crawling = asyncio.create_task(
        slow.post("/api/v1/session", content=body(), headers={"Content-Type": "application/json"})
    )
    await begun.wait()
    right = {"login": "ann", "password": PASSWORD}
    assert (await quick.post("/api/v1/session", json=right)).status_code == 200
    go_on.set()
    assert (await crawling).status_code == 401
