"""`/api/v1/socket`: subscribe to topics and hear, by id only, that something changed.

Never carries state: a client fetches again through HTTP, where it is checked again.
"""

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from matinee.infra import telemetry
from matinee.infra.bus.port import Bus
from matinee.infra.room import Topic
from matinee.infra.work import Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import MatineeError

log = structlog.get_logger(__name__)
MAX_TOPICS = 100
MAX_MESSAGE_CHARACTERS = 1_000
SILENCE_S = 90
ASK_AGAIN_S = 15.0


class Gateway:
    """All sockets of one process. Signals to one socket are merged while it is busy."""

    def __init__(self, bus: Bus, topics: list[Topic]) -> None:
        self._topics = {topic.name: topic for topic in topics}
        self._followers: dict[str, set[_Socket]] = defaultdict(set)
        self._stop_hearing = bus.hear(self._on_signal)
        self.sockets: set[_Socket] = set()

    def _on_signal(self, channel: str) -> None:
        for socket in tuple(self._followers.get(channel, ())):
            socket.wake(channel)

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

    async def resolve(self, works: Works, actor: Actor, topic: str) -> str | None:
        """The bus channel behind `topic`, or None when there is none or the actor may not follow it."""
        name, _, key = topic.partition(":")
        declared = self._topics.get(name)
        if declared is None:
            return None
        try:
            async with works.open(actor) as work:
                return await declared.resolve(work, key or None)
        except MatineeError:
            return None

    def follow(self, channel: str, socket: "_Socket") -> None:
        self._followers[channel].add(socket)

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
        self.topics: dict[str, str] = {}
        self._pending: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._ended = False
        self._asked_at = time.monotonic()

    def wake(self, channel: str) -> None:
        self._pending[channel] = None
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    def look_again(self) -> None:
        self._asked_at = float("-inf")
        self._wake.set()

    async def run(self, actor: Actor) -> None:
        self.actor = actor
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


router = APIRouter()


@router.websocket("/api/v1/socket")
async def open_socket(websocket: WebSocket) -> None:
    """A socket of the signed-in actor, or of a guest. Only our own pages may open one with a cookie."""
    state = websocket.app.state
    origin = websocket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != websocket.headers.get("host", "").lower():
        await websocket.close(1008)
        return
    works: Works = state.works
    async with works.open() as work:
        actor: Actor = await state.authenticate(work, websocket)
    await websocket.accept()
    socket = _Socket(state.gateway, websocket, works)
    state.gateway.sockets.add(socket)
    telemetry.SOCKETS.inc()
    try:
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            await socket.run(actor)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(1001)
    finally:
        state.gateway.sockets.discard(socket)
        telemetry.SOCKETS.dec()
