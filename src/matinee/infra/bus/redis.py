"""Signals between processes over the publish and subscribe of Redis or Valkey. Never carries more than a channel
name, and never stores anything there.
"""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from matinee.infra.bus.ears import Ears
from matinee.infra.bus.port import Hearer, Missed

NAME = "matinee_signal"
_PATIENCE_S = 2.0
_SILENCE_S = 10.0
log = structlog.get_logger(__name__)


class RedisBus:
    """One listening connection a process; a lost one is opened again with back-off, and one that is silent is
    asked whether it still stands."""

    def __init__(self, url: str, *, silence_s: float = _SILENCE_S) -> None:
        self._silence_s = silence_s
        self._ears = Ears()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        # One try more: a pooled connection may be one to a server that was started again since.
        self._speaker = self._client(url, tries=1)
        self._ear = self._client(url, tries=0)
        # Publish and subscribe knows no database numbers: the name tells houses of one server apart.
        self._name = f"{NAME}:{urlsplit(url).path.strip('/') or 0}"

    @staticmethod
    def _client(url: str, *, tries: int) -> "Redis":
        client: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=_PATIENCE_S,
            socket_timeout=_PATIENCE_S,
            retry=Retry(NoBackoff(), tries),
        )
        return client

    async def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="bus-listen")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), 5)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._ears.clear()
        for client in (self._speaker, self._ear):
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()

    async def publish(self, channel: str) -> None:
        try:
            await self._speaker.publish(self._name, channel[:7000])
        except Exception as error:  # a signal may be lost; the change itself is committed already
            log.warning("bus.signal_lost", error=type(error).__name__)

    def hear(self, hearer: Hearer, missed: Missed | None = None) -> Callable[[], None]:
        return self._ears.add(hearer, missed)

    async def _listen(self) -> None:
        delay_s, lost = 0.1, False
        while True:
            try:
                async with self._ear.pubsub() as pubsub:
                    await pubsub.subscribe(self._name)
                    asked = False
                    while True:
                        message = await pubsub.get_message(timeout=self._silence_s)
                        if message is None:
                            if asked:
                                raise TimeoutError
                            await pubsub.ping()
                            asked = True
                            continue
                        asked = False
                        if message["type"] == "subscribe":
                            self._listening.set()
                            if lost:
                                self._ears.say_missed()
                            delay_s, lost = 0.1, False
                        elif message["type"] == "message":
                            self._ears.tell(message["data"])
            except (RedisError, OSError) as error:  # a time-out is one of the second
                log.warning("bus.connection_lost", error=type(error).__name__, again_in_s=delay_s)
            self._listening.clear()
            lost = True
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, 5)
