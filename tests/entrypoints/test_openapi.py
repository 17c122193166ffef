"""The OpenAPI document is complete, and no input that it allows, or forbids, makes the house fail."""

import asyncio
import contextlib
import json
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
from tests.support.house import PASSWORD, House, open_house
from tests.support.ports import free_port

from matinee.entrypoints.parts import ROOMS
from matinee.features.accounts import service as accounts
from matinee.features.accounts.schemas import CSRF_COOKIE
from matinee.kernel.actor import GUEST_ROLE, ROLES

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Live:
    """A house that answers on loopback from a thread of its own, with one person of each role, named after it.

    `reader` is the token of a person who has that name; it may read alone.
    """

    address: str
    reader: str = ""

    def headers_of(self, actor: str) -> dict[str, str]:
        """What the browser of that person says once it has signed in, or the program that may read."""
        if actor == GUEST_ROLE:
            return {}
        if actor == "reader":
            return {"Authorization": f"Bearer {self.reader}"}
        answer = httpx.post(f"{self.address}/api/v1/session", json={"login": actor, "password": PASSWORD})
        given = {cookie.name: str(cookie.value) for cookie in answer.cookies.jar}
        (csrf,) = [value for name, value in given.items() if name.endswith(CSRF_COOKIE)]
        return {
            "Cookie": "; ".join(f"{name}={value}" for name, value in given.items()),
            "X-CSRF-Token": csrf,
        }

    def who(self, headers: dict[str, str]) -> str:
        """Whom the house sees behind these."""
        profile = httpx.get(f"{self.address}/api/v1/me", headers=headers).json()["profile"]
        return str(profile["handle"]) if profile else GUEST_ROLE


@contextlib.asynccontextmanager
async def _peopled(url: str, folder: Path, live: Live) -> AsyncIterator[House]:
    async with open_house(url, folder, max_upload_bytes=1_000_000) as house:
        people = {role: await house.person(role, handle=role) for role in ROLES if role != GUEST_ROLE}
        for role in ("creator", "admin"):
            for visibility in ("public", "private"):
                film = {"title": f"{role} {visibility}", "visibility": visibility}
                assert (await people[role].client.post("/api/v1/videos", json=film)).status_code == 201
        reader = await house.person("creator", handle="reader")
        async with house.works.open() as work:
            live.reader = await accounts.issue_token(work, reader.account_id, "A reader", scopes=["read"])
        yield house


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    port = free_port()
    found = Live(f"http://localhost:{port}")
    up, stop = threading.Event(), threading.Event()

    async def serve(url: str) -> None:
        async with _peopled(url, tmp_path_factory.mktemp("live"), found) as house:
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
            yield found
        finally:
            stop.set()
            thread.join(30)


@pytest.fixture(scope="module")
def document(live: Live) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{live.address}/api/v1/openapi.json")


# What would end the account, or the session, that the test acts as.
_LAST_ACTS = {("DELETE", "/api/v1/me"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/me/password")}
_ACTORS = [*ROLES, "reader"]


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
    ("actor", "examples"),
    [
        *((actor, 1) for actor in _ACTORS),
        *(pytest.param(actor, 6, marks=pytest.mark.slow) for actor in _ACTORS),
    ],
)
def test_no_input_makes_the_house_fail(
    document: schemathesis.BaseSchema, live: Live, actor: str, examples: int
) -> None:
    headers = live.headers_of(actor)
    assert live.who(headers) == actor
    tried = 0
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        last = (operation.method.upper(), operation.path) in _LAST_ACTS
        knock(operation, {} if last else headers, examples)
        tried += 1
    assert tried > 30
    assert live.who(headers) == actor, "signed out on the way"


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
