"""`/api/v1/socket`: subscribe to topics and hear, by id only, that something changed.

Never carries state: a client fetches again through HTTP, where it is checked again.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from matinee.infra import telemetry
from matinee.infra.bus.port import Bus
from matinee.infra.http import address_of
from matinee.infra.limits import LimitSettings
from matinee.infra.limits.buckets import Limit, Memory
from matinee.infra.room import Topic
from matinee.infra.work import Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import MatineeError
from matinee.kernel.network import is_this_machine, network_of

log = structlog.get_logger(__name__)
MAX_TOPICS = 100
MAX_MESSAGE_CHARACTERS = 1_000
SILENCE_S = 90
LATELY_S = 30.0
"""A page fetches first and follows then: what was signalled in between, it hears when it begins to follow."""
ASK_AGAIN_S = 15.0
MESSAGES = Limit("socket", 3 * MAX_TOPICS)
"""A page that gives up all of its topics for as many others sends two thirds of it at once."""
RESOLVED_AT_ONCE = 4
LOOKS_PER_S = 100
GOING_AWAY, NOT_ALLOWED, TRY_LATER = 1001, 1008, 1013


class Gateway:
    """All sockets of one process. Signals to one socket are merged while it is busy."""

    def __init__(self, bus: Bus, topics: list[Topic]) -> None:
        self._topics = {topic.name: topic for topic in topics}
        self._followers: dict[str, set[_Socket]] = defaultdict(set)
        self._lately: dict[str, float] = {}
        self._missed_at = float("-inf")
        self._stop_hearing = bus.hear(self._on_signal, self._on_missed)
        self._resolving = asyncio.Semaphore(RESOLVED_AT_ONCE)
        self.sockets: set[_Socket] = set()

    def _on_signal(self, channel: str) -> None:
        now = time.monotonic()
        self._lately.pop(channel, None)
        self._lately[channel] = now  # the newest last: those of long ago stand in front
        while (oldest := next(iter(self._lately))) and now - self._lately[oldest] > LATELY_S:
            del self._lately[oldest]
        for socket in tuple(self._followers.get(channel, ())):
            socket.wake(channel)

    def _on_missed(self) -> None:
        """Nobody knows what was signalled: every page looks once at all that it follows, a few after each other."""
        self._missed_at = time.monotonic()
        loop = asyncio.get_running_loop()
        for number, socket in enumerate(tuple(self.sockets)):
            loop.call_later(number / LOOKS_PER_S, socket.wake_all)

    def close(self) -> None:
        """Stop hearing and end every socket; clients come back by themselves."""
        self._stop_hearing()
        for socket in tuple(self.sockets):
            socket.end()

    def look_again(self, session_key: str) -> None:
        """See at once who the sockets of a session or token act for: it ended, or may do something else now."""
        for socket in tuple(self.sockets):
            if socket.actor.session_key == session_key:
                socket.look_again()

    def look_again_at_roles(self, roles: frozenset[str]) -> None:
        """The same for all who hold one of these: it allows something else now."""
        for socket in tuple(self.sockets):
            if not roles.isdisjoint(socket.actor.roles):
                socket.look_again()

    def crowds_its_address(self, socket: "_Socket") -> bool:
        """Whether there are too many of its address with this one. This machine is not counted, as at the door."""
        knobs = socket.works.settings.of(LimitSettings)
        most = 0 if is_this_machine(socket.network) else knobs.limit_sockets * knobs.limit_address_factor
        return self._too_many(most, (other.network == socket.network for other in self.sockets))

    def crowds_its_account(self, socket: "_Socket") -> bool:
        """Whether there are too many of its account with this one."""
        account_id = socket.actor.counted_as
        most = 0 if account_id is None else socket.works.settings.of(LimitSettings).limit_sockets
        return self._too_many(most, (other.actor.counted_as == account_id for other in self.sockets))

    @staticmethod
    def _too_many(most: int, alike: Iterable[bool]) -> bool:
        refused = 0 < most < sum(alike)
        if refused:
            telemetry.LIMITED.labels("sockets").inc()
        return refused

    async def resolve(self, works: Works, actor: Actor, topic: str) -> str | None:
        """The bus channel behind `topic`, or None when there is none or the actor may not follow it."""
        name, _, key = topic.partition(":")
        declared = self._topics.get(name)
        if declared is None:
            return None
        try:
            # Sockets take a few connections at a time, however many there are and whatever they ask.
            async with self._resolving, works.open(actor, reading=True) as work:
                return await declared.resolve(work, key or None)
        except MatineeError:
            return None

    def follow(self, channel: str, socket: "_Socket") -> None:
        self._followers[channel].add(socket)

    def signalled_lately(self, channel: str) -> bool:
        last = max(self._lately.get(channel, self._missed_at), self._missed_at)
        return time.monotonic() - last <= LATELY_S

    def leave(self, channel: str, socket: "_Socket") -> None:
        followers = self._followers.get(channel)
        if followers is not None:
            followers.discard(socket)
            if not followers:
                del self._followers[channel]


class _Socket:
    def __init__(self, gateway: Gateway, websocket: WebSocket, works: Works) -> None:
        self.gateway = gateway
        self.websocket = websocket
        self.works = works
        self.actor = Actor()
        self.network = network_of(address_of(websocket))
        self.topics: dict[str, str] = {}
        self.close_code = GOING_AWAY
        self._messages = Memory(time.monotonic)
        self._pending: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._ended = False
        self._asked_at = time.monotonic()

    def wake(self, channel: str) -> None:
        self._pending[channel] = None
        self._wake.set()

    def wake_all(self) -> None:
        for channel in self.topics.values():
            self._pending[channel] = None
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    def look_again(self) -> None:
        self._asked_at = float("-inf")
        self._wake.set()

    async def run(self) -> None:
        sender = asyncio.create_task(self._send_signals())
        reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait({sender, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, reader):
                task.cancel()
            await asyncio.gather(sender, reader, return_exceptions=True)
            for channel in set(self.topics.values()):
                self.gateway.leave(channel, self)

    async def _send_signals(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, {}
            if not await self._still_may():
                return
            for topic, channel in tuple(self.topics.items()):
                if channel in pending:
                    await self._send({"op": "signal", "topic": topic})
            if self._ended:
                return

    async def _still_may(self) -> bool:
        """Now and then, before a signal is sent: the session may have ended, and what was public may be private. False
        when the socket should end; the client comes back as whoever it is now."""
        if time.monotonic() - self._asked_at < ASK_AGAIN_S:
            return True
        self._asked_at = time.monotonic()
        try:
            async with self.works.open(reading=True) as work:
                actor: Actor = await self.websocket.app.state.again(work, self.actor)
        except MatineeError:
            return False
        if actor.account_id != self.actor.account_id:
            return False
        self.actor = actor
        for topic, channel in tuple(self.topics.items()):
            if await self.gateway.resolve(self.works, actor, topic) != channel:
                del self.topics[topic]
                if channel not in self.topics.values():
                    self.gateway.leave(channel, self)
                await self._send({"op": "refused", "topic": topic})
        return True

    async def _send(self, message: dict[str, Any]) -> None:
        await self.websocket.send_text(json.dumps(message))

    async def _read(self) -> None:
        while True:
            raw = await asyncio.wait_for(self.websocket.receive_text(), SILENCE_S)
            if len(raw) > MAX_MESSAGE_CHARACTERS:
                return
            if self._messages.take(MESSAGES, "").refused:
                telemetry.LIMITED.labels(MESSAGES.name).inc()
                self.close_code = NOT_ALLOWED
                return
            try:
                message = json.loads(raw)
                op, topic = message.get("op"), message.get("topic", "")
            except (ValueError, AttributeError):
                await self._send({"op": "invalid"})
                continue
            if op == "ping":
                await self._send({"op": "pong"})
            elif op == "subscribe" and isinstance(topic, str) and len(topic) <= 200:
                await self._subscribe(topic)
            elif op == "unsubscribe" and isinstance(topic, str):
                channel = self.topics.pop(topic, None)
                if channel is not None and channel not in self.topics.values():
                    self.gateway.leave(channel, self)
            else:
                await self._send({"op": "invalid"})

    async def _subscribe(self, topic: str) -> None:
        if len(self.topics) >= MAX_TOPICS:
            await self._send({"op": "refused", "topic": topic})
            return
        channel = await self.gateway.resolve(self.works, self.actor, topic)
        if channel is None:
            await self._send({"op": "refused", "topic": topic})
            return
        self.topics[topic] = channel
        self.gateway.follow(channel, self)
        await self._send({"op": "subscribed", "topic": topic})
        if self.gateway.signalled_lately(channel):
            self.wake(channel)


router = APIRouter()


@router.websocket("/api/v1/socket")
async def open_socket(websocket: WebSocket) -> None:
    """A socket of the signed-in actor, or of a guest. Only our own pages may open one with a cookie."""
    state = websocket.app.state
    origin = websocket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != websocket.headers.get("host", "").lower():
        await websocket.close(NOT_ALLOWED)
        return
    works: Works = state.works
    gateway: Gateway = state.gateway
    socket = _Socket(gateway, websocket, works)
    gateway.sockets.add(
        socket
    )  # before anything is waited for, so that those who come together are all counted
    telemetry.SOCKETS.inc()
    try:
        if gateway.crowds_its_address(socket):
            await websocket.close(TRY_LATER)
            return
        async with works.open(Actor(), reading=True) as work:
            socket.actor = await state.authenticate(work, websocket)
        full = gateway.crowds_its_account(socket)
        await websocket.accept()  # to hang up, too: it brings fresh cookies where an access token had ended
        if full:
            socket.close_code = TRY_LATER
        else:
            with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
                await socket.run()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(socket.close_code)
    finally:
        gateway.sockets.discard(socket)
        telemetry.SOCKETS.dec()
