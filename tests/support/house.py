"""The whole product inside the test's own process: application, queue, units of work, and people with roles."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from matinee.entrypoints import product
from matinee.entrypoints.api.app import build
from matinee.entrypoints.parts import Parts, assemble
from matinee.features.accounts import service as accounts
from matinee.features.people import service as people
from matinee.features.roles import service as roles
from matinee.infra import cookies
from matinee.infra.limits import LimitSettings
from matinee.infra.room import Lane
from matinee.infra.work import Work, Works
from matinee.kernel.actor import Actor
from matinee.kernel.ids import AccountId
from matinee.kernel.settings import HOUSE_CONCERNS, Concern, Settings

PASSWORD = "a long enough test password"
ADDRESS = "http://localhost:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account, a profile and a browser session. `client` is that browser."""

    account_id: AccountId
    handle: str
    email: str
    password: str
    actor: Actor
    client: httpx.AsyncClient


@dataclass(slots=True)
class House:
    """One running product over a database and a data folder of its own."""

    parts: Parts
    app: FastAPI
    _stack: contextlib.AsyncExitStack = field(repr=False)
    _count: int = 0

    @property
    def works(self) -> Works:
        return self.parts.works

    @property
    def settings(self) -> Settings:
        return self.parts.settings

    async def client(self, *, address: str = "127.0.0.1", **options: Any) -> httpx.AsyncClient:
        """A browser or program that nobody is signed in at, and the address that it comes from."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=(address, 1234))
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, **options)
        as_browsers_do(client)
        return await self._stack.enter_async_context(client)

    async def browser(self, signed_in: accounts.SignedIn, **options: Any) -> httpx.AsyncClient:
        """A browser with the cookies of a session."""
        client = await self.client(headers={"X-CSRF-Token": signed_in.identity.csrf}, **options)
        for cookie in signed_in.cookies():
            client.cookies.set(
                cookies.name_of(cookie.name, self.settings.house), cookie.value, domain="localhost.local"
            )
        return client

    async def person(self, *held: str, handle: str | None = None) -> Person:
        """A new person; without `held` a creator, as sign-up makes them."""
        self._count += 1
        handle = handle or f"person{self._count}"
        email = f"{handle}@example.org"
        async with self.works.open() as work:
            account = await accounts.create(work, email, PASSWORD, roles=held or ("creator",))
            account_id = AccountId(account.id)
            await people.create(work, account_id, handle, handle.title())
            signed_in = await accounts.open_session(work, account_id)
        client = await self.browser(signed_in)
        return Person(
            account_id=account_id,
            handle=handle,
            email=email,
            password=PASSWORD,
            actor=roles.actor_of(self.works, signed_in.identity),
            client=client,
        )

    async def program(self, person: Person) -> httpx.AsyncClient:
        """A program that acts for `person` with a bearer token."""
        async with self.works.open() as work:
            token = await accounts.issue_token(work, person.account_id, "a program in a test")
        return await self.client(headers={"Authorization": f"Bearer {token}"})

    def acting(self, person: Person | None = None) -> contextlib.AbstractAsyncContextManager[Work]:
        """A unit of work of `person`, or of the house itself."""
        return self.works.open(person.actor) if person else self.works.open()

    async def pump(self) -> int:
        """Hand the waiting tallies to their listeners, as a worker does. Returns how many there were."""
        self.parts.queue.works = self.works
        await settled(self.works)
        return await self.parts.queue.pump()

    async def run_jobs(self, *lanes: Lane) -> None:
        """Run everything that is due, and what follows from it, until the queue is empty."""
        await settled(self.works)
        await self.parts.queue.drain(self.works, lanes or ("io", "cpu", "gpu"))

    async def waiting(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The arguments of the jobs that wait, oldest first."""
        async with self.works.open() as work:
            rows = await work.session.execute(
                text(
                    "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
                    " AND (CAST(:kind AS text) IS NULL OR task_name = :kind) ORDER BY id"
                ),
                {"kind": kind},
            )
            return [{"kind": row.task_name, **row.args} for row in rows]


class _Trusting(httpx.Cookies):
    """Sends `Secure` cookies to this machine on plain http, as browsers do."""

    def extract_cookies(self, response: httpx.Response) -> None:
        super().extract_cookies(response)
        for cookie in self.jar:
            cookie.secure = False


def as_browsers_do(client: httpx.AsyncClient | httpx.Client) -> None:
    """Trust this machine without TLS."""
    client._cookies = _Trusting(client.cookies)


async def settled(works: Works) -> None:
    """Until every tally may be read: a transaction of another test, in another database of the same server, makes
    readers wait until it ends."""
    async with asyncio.timeout(100):
        while True:
            async with works.open() as work:
                newest = text(
                    "SELECT coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) FROM infra_tally"
                )
                if (await work.session.execute(newest)).scalar_one():
                    return
            await asyncio.sleep(0.01)


async def somebody_waits_for(work: Work) -> None:
    """Until another transaction waits for what this one has locked."""
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    async with asyncio.timeout(30):
        while not await work.session.scalar(waiting):
            await asyncio.sleep(0.01)


_routes: list[Any] = []
_document: dict[str, Any] = {}
_concerns: dict[tuple[type[Concern], str], Concern] = {}


def _settings(values: dict[str, Any]) -> Settings:
    """As `load_settings`, but a concern that another house of this process has like this is not read again."""
    given = sorted((name, value) for name, value in os.environ.items() if name.startswith("MATINEE_"))

    def concern(which: type[Concern]) -> Concern:
        own = {name: value for name, value in values.items() if name in which.model_fields}
        key = which, repr((given, sorted(own.items())))
        if key not in _concerns:
            _concerns[key] = which(**own)
        return _concerns[key]

    wanted: list[type[Concern]] = [*HOUSE_CONCERNS, LimitSettings, *product.concerns()]
    return Settings({which: concern(which) for which in wanted})


def _compiled(app: FastAPI) -> list[Any]:
    """The routes of this process's first house: every house has the same, and FastAPI takes long to compile them."""
    assert not any(vars(route).get("_effective_candidates") for route in app.router.routes), (
        "compiled already"
    )
    if not _routes:
        _routes.extend(app.router.routes)
    assert [vars(route).get("original_router") for route in app.router.routes] == [
        vars(route).get("original_router") for route in _routes
    ]
    return _routes


@contextlib.asynccontextmanager
async def open_house(database_url: str, data_dir: Path, **overrides: Any) -> AsyncIterator[House]:
    """The product over `database_url`, with cheap password hashes and signals in memory unless overridden."""
    values: dict[str, Any] = {
        "data_dir": data_dir,
        "database_url": database_url,
        "bus": "memory",
        "argon2_time_cost": 1,
        "argon2_memory_kib": 8,
        "signups_per_hour": 10_000,
        "limit_sign_ins": 0,
        "limit_uploads": 0,
        "limit_writes": 0,
        "limit_reads": 0,
        "leaving_days": 0,
        "encoder_gives_way": False,  # other tests keep the processors busy all the time
        "pool_size": 4,
    }
    parts = assemble(_settings(values | overrides))
    app = build(parts)
    app.router.routes = _compiled(app)
    app.openapi_schema = _document or None  # of the same routes, and it takes seconds to write
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        await parts.works.held(accounts.Gate).read()  # the first keys are made now, at no chance moment
        yield House(parts, app, stack)
    _document.update(app.openapi_schema or {})


def ids(rows: Sequence[dict[str, Any]]) -> list[UUID]:
    """The ids of JSON items, in their order."""
    return [UUID(row["id"]) for row in rows]
