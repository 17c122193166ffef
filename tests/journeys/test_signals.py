"""Signals over the socket: they reach who may hear them, from the worker's process through the API's."""

import json
import re
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.journeys import clips, programs
from tests.support.server import Server


def _socket(server: Server, token: str | None = None, origin: str | None = None) -> ClientConnection:
    address = re.sub("^http", "ws", server.address) + "/api/v1/socket"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(address, additional_headers=headers, origin=origin, proxy=None)  # type: ignore[arg-type]


def _ask(socket: ClientConnection, topic: str) -> str:
    socket.send(json.dumps({"op": "subscribe", "topic": topic}))
    answer = json.loads(socket.recv(timeout=10))
    assert answer["topic"] == topic
    return str(answer["op"])


@pytest.mark.slow
def test_progress_of_the_worker_reaches_an_open_socket(server: Server, clip_folder: Path) -> None:
    person = server.person()
    with person.client() as client, _socket(server, person.token()) as socket:
        assert _ask(socket, "my-videos") == "subscribed"
        id = programs.upload(client, clips.small_bunny_h264(clip_folder, seconds=5), visibility="private")
        assert _ask_through(socket, f"video:{id}") == "subscribed"
        programs.reaches(client, id, "ready")
        heard: set[str] = set()
        while heard != {"my-videos", f"video:{id}"}:
            message = json.loads(socket.recv(timeout=10))
            assert set(message) == {"op", "topic"}, "ids only"
            heard.add(message["topic"])
        with _socket(server) as stranger, _socket(server, server.person().token()) as other:
            assert _ask(stranger, f"video:{id}") == "refused"
            assert _ask(other, f"video:{id}") == "refused"
            assert _ask(stranger, "my-videos") == "refused"
            assert _ask(other, "jobs") == "refused"
            assert _ask(stranger, "no-such-topic:1") == "refused"
        with _socket(server, server.cli_token) as operator:
            assert _ask(operator, "jobs") == "subscribed"


def _ask_through(socket: ClientConnection, topic: str) -> str:
    """As `_ask`, while signals of other topics come in between."""
    socket.send(json.dumps({"op": "subscribe", "topic": topic}))
    while True:
        answer = json.loads(socket.recv(timeout=10))
        if answer["topic"] == topic and answer["op"] != "signal":
            return str(answer["op"])


def test_a_page_of_another_site_opens_no_socket(server: Server) -> None:
    with pytest.raises(InvalidStatus):
        _socket(server, origin="https://elsewhere.example")
