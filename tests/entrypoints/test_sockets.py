"""How much a socket may ask, and how many may be open: over real lines."""

import asyncio
import contextlib
import json
import re

import pytest
from sqlalchemy import text
from tests.conftest import MakeHouse
from tests.features.files.tickets import served
from tests.support.house import House
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from matinee.features.accounts import service as accounts
from matinee.features.roles import service as roles
from matinee.features.roles.schemas import NewRole, RoleChange
from matinee.infra.gateway.socket import MAX_TOPICS, MESSAGES, RESOLVED_AT_ONCE, Gateway
from matinee.infra.room import Topic
from matinee.infra.work import Work
from matinee.kernel.actor import Actor

PATIENCE_S = 20


def _socket(address: str, **headers: str) -> connect:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return connect(re.sub("^http", "ws", address) + "/api/v1/socket", additional_headers=named, proxy=None)


async def _ask(socket: ClientConnection, op: str, topic: str = "") -> str:
    await socket.send(json.dumps({"op": op, "topic": topic}))
    return str(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))["op"])


async def test_a_socket_that_sends_without_pause_is_closed_and_others_are_not(house: House) -> None:
    async with served(house.app) as address, _socket(address) as flood, _socket(address) as calm:
        answers = 0
        with contextlib.suppress(ConnectionClosed):
            while answers < 2 * MESSAGES.most:
                assert await _ask(flood, "subscribe", "no-such-topic") == "refused"
                answers += 1
        assert flood.close_code == 1008
        assert answers >= MESSAGES.most
        assert await _ask(calm, "ping") == "pong"


async def test_a_page_may_change_all_of_its_topics_at_once(house: House) -> None:
    async with served(house.app) as address, _socket(address) as page:
        for op in ("subscribe", "unsubscribe", "subscribe"):
            for n in range(MAX_TOPICS):
                await page.send(json.dumps({"op": op, "topic": f"no-such-topic:{n}"}))
        for _ in range(2 * MAX_TOPICS):
            assert json.loads(await asyncio.wait_for(page.recv(), PATIENCE_S))["op"] == "refused"


async def test_an_address_holds_so_many_sockets_and_gets_another_for_each_that_it_closes(
    make_house: MakeHouse,
) -> None:
    house = await make_house(limit_sockets=2, limit_address_factor=2, trusted_proxies="127.0.0.1")
    async with served(house.app) as address:
        held = [await _socket(address, X_Forwarded_For="203.0.113.7") for _ in range(4)]
        with pytest.raises(InvalidStatus):
            await _socket(address, X_Forwarded_For="203.0.113.7")
        async with _socket(address, X_Forwarded_For="203.0.113.8") as other:
            assert await _ask(other, "ping") == "pong"
        await held.pop().close()
        async with asyncio.timeout(PATIENCE_S):
            while len(house.app.state.gateway.sockets) > 3:
                await asyncio.sleep(0.01)
        held.append(await _socket(address, X_Forwarded_For="203.0.113.7"))
        assert [await _ask(socket, "ping") for socket in held] == ["pong"] * 4
        for socket in held:
            await socket.close()


async def test_an_account_holds_so_many_sockets_wherever_it_is(make_house: MakeHouse) -> None:
    house = await make_house(limit_sockets=1, limit_address_factor=5, trusted_proxies="127.0.0.1")
    ann, ben = [await house.program(await house.person()) for _ in range(2)]
    hers, his = ann.headers["Authorization"], ben.headers["Authorization"]
    async with (
        served(house.app) as address,
        _socket(address, X_Forwarded_For="203.0.113.7", Authorization=hers) as first,
        _socket(address, X_Forwarded_For="203.0.113.8", Authorization=hers) as second,
        _socket(address, X_Forwarded_For="203.0.113.8", Authorization=his) as other,
    ):
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(second.recv(), PATIENCE_S)
        assert second.close_code == 1013
        assert await _ask(first, "subscribe", "my-videos") == "subscribed"
        assert await _ask(other, "subscribe", "my-videos") == "subscribed"


async def test_the_socket_of_an_operator_who_is_limited_hears_the_house_no_more(house: House) -> None:
    boss = await house.person("admin")
    await house.person("admin")
    program = await house.program(boss)
    async with (
        served(house.app) as address,
        _socket(address, Authorization=program.headers["Authorization"]) as socket,
    ):
        assert await _ask(socket, "subscribe", "jobs") == "subscribed"
        async with house.works.open() as work:
            await accounts.restrict(work, boss.account_id, "limited", "Spam.")
        assert json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S)) == {
            "op": "refused",
            "topic": "jobs",
        }
        assert await _ask(socket, "ping") == "pong"


async def test_a_page_hears_what_was_signalled_between_its_fetch_and_its_following(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await house.person()
    program = await house.program(person)
    fetched = program.headers["Authorization"]
    async with served(house.app) as address:
        async with house.works.open() as work:
            await accounts.restrict(work, person.account_id, "limited", "Spam.")
        async with _socket(address, Authorization=fetched) as page:
            assert await _ask(page, "subscribe", "me") == "subscribed"
            assert json.loads(await asyncio.wait_for(page.recv(), PATIENCE_S)) == {
                "op": "signal",
                "topic": "me",
            }
        monkeypatch.setattr("matinee.infra.gateway.socket.LATELY_S", 0.0)
        async with _socket(address, Authorization=fetched) as late:
            assert await _ask(late, "subscribe", "me") == "subscribed"
            assert await _ask(late, "ping") == "pong", "nothing of long ago"


async def test_pages_look_once_when_their_process_hears_signals_again(make_house: MakeHouse) -> None:
    house = await make_house(bus="postgres")
    program = await house.program(await house.person())
    async with (
        served(house.app) as address,
        _socket(address, Authorization=program.headers["Authorization"]) as page,
        _socket(address) as idle,
    ):
        for topic in ("me", "my-videos"):
            assert await _ask(page, "subscribe", topic) == "subscribed"
        async with house.works.open() as work:
            await work.session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'LISTEN %'"
                )
            )
        heard = [json.loads(await asyncio.wait_for(page.recv(), PATIENCE_S)) for _ in range(2)]
        assert heard == [{"op": "signal", "topic": topic} for topic in ("me", "my-videos")]
        assert [await _ask(socket, "ping") for socket in (page, idle)] == ["pong", "pong"]


async def test_this_machine_is_counted_by_account_alone_and_zero_lets_everybody(
    make_house: MakeHouse,
) -> None:
    for limit in (1, 0):
        house = await make_house(limit_sockets=limit, limit_address_factor=1, trusted_proxies="127.0.0.1")
        async with served(house.app) as address:
            named = {} if limit else {"X_Forwarded_For": "203.0.113.7"}
            async with _socket(address, **named) as one, _socket(address, **named) as two:
                assert [await _ask(one, "ping"), await _ask(two, "ping")] == ["pong", "pong"]


async def test_a_socket_loses_what_its_role_opened_when_the_role_changes(house: House) -> None:
    async with house.works.open() as work:
        await roles.make(work, NewRole(name="looker", title="Looker", permissions=["admin.operate"]))
    looker = await house.program(await house.person("looker"))
    named = {"Authorization": looker.headers["Authorization"]}
    async with served(house.app) as address, _socket(address, **named) as page:
        assert await _ask(page, "subscribe", "jobs") == "subscribed"
        async with house.works.open() as work:
            await roles.change(work, "looker", RoleChange(permissions=[]))
        heard = json.loads(await asyncio.wait_for(page.recv(), PATIENCE_S))
        assert heard == {"op": "refused", "topic": "jobs"}


async def test_a_few_topics_are_looked_up_at_a_time_however_many_are_asked_for(house: House) -> None:
    asking = most = 0

    async def resolve(work: Work, key: str | None) -> str | None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0)
        asking -= 1
        return key

    gateway = Gateway(house.parts.bus, [Topic(name="topic", resolve=resolve)])
    found = await asyncio.gather(*(gateway.resolve(house.works, Actor(), f"topic:{n}") for n in range(40)))
    gateway.close()
    assert found == [str(n) for n in range(40)]
    assert most == RESOLVED_AT_ONCE
