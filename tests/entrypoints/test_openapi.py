"""The OpenAPI document is complete, and no input that it allows, or forbids, makes the house fail."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from tests.support import database
from tests.support.house import House, open_house

from matinee.entrypoints.parts import ROOMS
from matinee.kernel.actor import Role

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Live:
    """A house that answers on loopback from a thread of its own; `tokens` by role."""

    address: str
    tokens: dict[Role, str]


@contextlib.asynccontextmanager
async def _peopled(url: str, folder: Path, tokens: dict[Role, str]) -> AsyncIterator[House]:
    async with open_house(url, folder, max_upload_bytes=1_000_000) as house:
        for role in ("creator", "admin"):
            person = await house.person(role)
            program = await house.program(person)
            tokens[role] = program.headers["authorization"].removeprefix("Bearer ")
            for visibility in ("public", "private"):
                await program.post(
                    "/api/v1/videos", json={"title": f"{role} {visibility}", "visibility": visibility}
                )
        yield house


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tokens: dict[Role, str] = {}
    up, stop = threading.Event(), threading.Event()

    async def serve(url: str) -> None:
        async with _peopled(url, tmp_path_factory.mktemp("live"), tokens) as house:
            server = uvicorn.Server(
                uvicorn.Config(house.app, port=port, lifespan="off", log_config=None, access_log=False)
            )
            task = asyncio.create_task(server._serve())
            while not server.started:
                await asyncio.sleep(0.01)
            up.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await task

    with database.fresh() as url:
        thread = threading.Thread(target=lambda: asyncio.run(serve(url)))
        thread.start()
        try:
            assert up.wait(60)
            yield Live(f"http://localhost:{port}", tokens)
        finally:
            stop.set()
            thread.join(30)


@pytest.fixture(scope="module")
def document(live: Live) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{live.address}/api/v1/openapi.json")


# What would end the account that the test acts as.
_LAST_ACTS = {("DELETE", "/api/v1/me"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/me/password")}


def knock(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], headers: dict[str, str], examples: int
) -> None:
    """A few inputs, good and bad."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy())
    def one(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    one()


@pytest.mark.parametrize(
    ("role", "examples"),
    [
        ("guest", 1),
        ("creator", 2),
        ("admin", 1),
        *(pytest.param(role, 10, marks=pytest.mark.slow) for role in ("guest", "creator", "admin")),
    ],
)
def test_no_input_makes_the_house_fail(
    document: schemathesis.BaseSchema, live: Live, role: Role, examples: int
) -> None:
    tried = 0
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        last = (operation.method.upper(), operation.path) in _LAST_ACTS
        headers = {} if last or role not in live.tokens else {"Authorization": f"Bearer {live.tokens[role]}"}

        knock(operation, headers, examples)
        tried += 1
    assert tried > 30


def test_every_operation_says_what_it_does_and_which_permission_it_needs(live: Live) -> None:
    document = httpx.get(f"{live.address}/api/v1/openapi.json").json()
    operations = [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 30
    declared = {permission.name for room in ROOMS for permission in room.permissions}
    for method, path, operation in operations:
        assert operation.get("x-permission") in declared, (method, path)
        assert operation.get("description"), (method, path)
        problem = operation["responses"]["4XX"]["content"]
        assert list(problem) == ["application/problem+json"], (method, path)


def test_the_web_client_was_made_for_this_very_api(live: Live) -> None:
    document = httpx.get(f"{live.address}/api/v1/openapi.json").json()
    kept = json.loads((ROOT / "web" / "openapi.json").read_text(encoding="utf-8"))
    assert kept == document, "run: .venv/bin/python scripts/openapi.py && npm --prefix web run api"
