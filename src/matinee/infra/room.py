"""What a room hands to the entrypoints: its mouths, ears, permissions and duties. One `Room` per room.

Never runs anything by itself.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import typer

from matinee.infra.tally import Tally
from matinee.kernel.actor import OWNER_ROLE, BuiltInRole
from matinee.kernel.ids import AccountId
from matinee.kernel.message import Message, Order
from matinee.kernel.settings import Concern

if TYPE_CHECKING:
    from fastapi import APIRouter

    from matinee.infra.work import Work, Works

Lane = Literal["io", "cpu", "gpu"]
Scope = Literal["upload", "manage", "account", "operate"]


@dataclass(frozen=True, slots=True)
class Permission:
    """A named right and the built-in roles that hold it: owners hold each, advertisers what viewers do. Written
    `room.verb`. `scope` is what a program's token must hold besides; what guests may needs none. `public`: its changes
    are seen by others, so that a limited account may not use it, whatever its scope."""

    name: str
    description: str
    roles: frozenset[BuiltInRole]
    scope: Scope | None
    public: bool

    def __init__(
        self,
        name: str,
        description: str,
        *roles: BuiltInRole,
        scope: Scope | None = None,
        public: bool = False,
    ) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "description", description)
        implied: set[BuiltInRole] = {OWNER_ROLE}
        if "viewer" in roles:
            implied.add("advertiser")
        object.__setattr__(self, "roles", implied.union(roles))
        object.__setattr__(self, "scope", scope)
        object.__setattr__(self, "public", public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One ear: each (message, handler) pair becomes one durable job in `lane`.

    `run` receives a `Work` of the system actor that commits when it returns. `lock` names the subject whose
    jobs must not run side by side. `retries` are further tries after a failure, with exponential back-off from
    `backoff_s`; after the last the job waits among the dead letters. `priority` is higher-first.
    """

    message: type[Message]
    run: Callable[["Work", Any], Awaitable[None]]
    lane: Lane = "io"
    lock: Callable[[Any], str] | None = None
    priority: Callable[[Any], int] | int = 0
    retries: int = 5
    backoff_s: int = 2
    subject: Callable[[Any], str] | None = None
    on_dead: Callable[["Work", Any, str], Awaitable[None]] | None = None

    def name(self, room: str) -> str:
        return f"{room}.{self.run.__name__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Reads the rows of one tally in batches, by its own cursor, each row once per commit."""

    kind: str
    run: Callable[["Work", Sequence[Tally]], Awaitable[None]]
    batch: int = 1000

    def name(self, room: str) -> str:
        return f"{room}.{self.run.__name__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """An order given by the clock. `cron` has five fields, or six with seconds last."""

    cron: str
    order: Callable[[], Order]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Signals that an open socket may ask for: `name`, or `name:<key>`; the room authorises each subscription.

    `resolve` returns the bus channel to follow, or None when the actor may not.
    """

    name: str
    resolve: Callable[["Work", str | None], Awaitable[str | None]]


SeenBy = Literal["operators", "chosen", "everybody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A file of the copy that people may have of all about them: lines of JSON, each with `fields`, from `tables`. One
    that ends in `.json` has a single line. `seen_by`: its person and who runs the house, also whom the person chose,
    or everybody."""

    file: str
    about: str
    fields: Mapping[str, str]
    tables: Sequence[str]
    seen_by: SeenBy = "operators"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """Stored bytes that belong into a copy, where films are asked for."""

    name: str
    key: str
    size_bytes: int


Export = Callable[["Work", AccountId], AsyncIterator[tuple[str, Mapping[str, object] | Attached]]]
Erase = Callable[["Work", AccountId], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything that the entrypoints need to know of one room.

    `export` yields all that the room holds about an account, as (file of `told`, line), all lines of a file together.
    `untold` names the tables that are in no file, and why. `erase` removes a batch of
    all that and returns True once nothing is left; it is called again until then. `metrics` refreshes the room's
    gauges at scrape time. `upkeep` tidies the machine that a worker runs on: at its start and every ten minutes.
    `router` names the module whose `router` the API includes; no other process loads it.
    `retention` says in words how long the room keeps what.
    """

    name: str
    router: str | None = None
    handlers: Sequence[Handler] = ()
    listeners: Sequence[Listener] = ()
    periodic: Sequence[Periodic] = ()
    commands: typer.Typer | None = None
    permissions: Sequence[Permission] = ()
    topics: Sequence[Topic] = ()
    settings: Sequence[type[Concern]] = ()
    metrics: Callable[["Work"], Awaitable[None]] | None = None
    upkeep: Callable[["Works"], Awaitable[None]] | None = None
    retention: str = ""
    told: Sequence[Told] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    export: Export | None = None
    erase: Erase | None = None

    def routes(self) -> "APIRouter | None":
        """Loads the module of its router."""
        if self.router is None:
            return None
        router: APIRouter = import_module(self.router).router
        return router
