"""The HTTP door: units of work per request, declared permissions, and errors as answers.

Never holds a rule of a room.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Route

from matinee.infra.db import is_away, unavailable
from matinee.infra.front import Front, and_head, failed, methods_at, routes_of
from matinee.infra.limits import Limits
from matinee.infra.limits.door import Class
from matinee.infra.problems import TITLES, problem, status_of
from matinee.infra.work import Work, Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import (
    Conflict,
    Invalid,
    MatineeError,
    Unavailable,
)

log = structlog.get_logger(__name__)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What the framework says, as the house says it.
_PLAIN = {
    "Not Found": "There is nothing here.",
    "Method Not Allowed": "This address does not take {method}.",
    "There was an error parsing the body": "The body cannot be read: send JSON in UTF-8.",
}

Authenticate = Callable[[Work, Request], Awaitable[Actor]]


class needs:  # noqa: N801 - reads as a word in a signature: `work: Work = needs("videos.watch")`
    """Dependency: a unit of work of the signed-in actor, who must hold `permission`.

    `by_address`: for what its address alone opens. A guest acts, and no session is looked up. `limit`: the class in
    which its requests are counted, where the method alone does not say it.
    """

    def __new__(cls, permission: str, *, by_address: bool = False, limit: Class | None = None) -> Any:
        return Depends(_Needs(permission, by_address, limit), scope="function")


class _Needs:
    def __init__(self, permission: str, by_address: bool, limit: Class | None) -> None:
        self.permission = permission
        self.by_address = by_address
        self.limit = limit

    async def __call__(self, request: Request) -> AsyncIterator[Work]:
        works: Works = request.app.state.works
        actor = Actor() if self.by_address else await self._actor(works, request)
        async with works.open(actor, reading=request.method in SAFE_METHODS) as work:
            yield work

    async def _actor(self, works: Works, request: Request) -> Actor:
        """Who asks, counted and permitted. Lays its connection down before it counts: who holds one while the limits
        ask for another could wait for requests that wait for the same."""
        authenticate: Authenticate = request.app.state.authenticate
        async with works.open(Actor(), reading=True) as work:
            actor = await authenticate(work, request)
        request.state.actor = actor
        await works.held(Limits).of(request.scope, actor)
        actor.require(self.permission)
        return actor


def permission_of(route: Any) -> str | None:
    """The permission that a route declares, or None, which only pages, health and documents may."""
    declared = _declared(route)
    return None if declared is None else declared.permission


def limits_of(app: FastAPI) -> list[tuple[str, str, Class]]:
    """Method, path and class of the routes that name one; none of them has a variable in its path."""
    found = []
    for route in routes_of(app):
        declared = _declared(route)
        if isinstance(route, Route) and declared is not None and declared.limit is not None:
            found += [(method, route.path, declared.limit) for method in route.methods or ()]
    return found


def _declared(route: Any) -> "_Needs | None":
    dependant = getattr(route, "dependant", None)
    pending = [] if dependant is None else [dependant]
    while pending:
        dependant = pending.pop()
        if isinstance(dependant.call, _Needs):
            return dependant.call
        pending += dependant.dependencies
    return None


def address_of(connection: HTTPConnection) -> str:
    """The network address of who asks, as trusted proxies name it."""
    return connection.client.host if connection.client is not None else "unknown"


def install(
    app: FastAPI, *, allowed_hosts: Sequence[str], hsts: bool, proxied: bool, reachable: Sequence[str] = ()
) -> None:
    """Give `app` error answers, request ids, figures, limits, the host check and protective headers. `reachable` are
    origins beside the house that its pages may talk to; `proxied` when the addresses of clients come from proxies."""

    @app.exception_handler(MatineeError)
    async def _known(request: Request, error: MatineeError) -> JSONResponse:
        status = status_of(error)
        headers = {"Retry-After": "5"} if status == 503 else {}
        if status == 429:
            headers["Retry-After"] = str(int(error.facts.get("retry_after_s", 60)))
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        field = error.facts.get("field")
        errors = [{"field": str(field), "message": error.detail}] if field else None
        facts = {name: error.facts[name] for name in error.told if name in error.facts}
        return problem(request, status, error.code, error.detail, errors=errors, headers=headers, facts=facts)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if any(isinstance(e.get("input"), bytes) for e in error.errors()):  # a body that nobody called JSON
            refused = HTTPException(415, "Send JSON, with the header Content-Type: application/json.")
            return await _http(request, refused)
        errors = [
            {"field": "body", "message": f"This is not JSON: {e['ctx']['error']}"}
            if e["type"] == "json_invalid"
            else {
                "field": ".".join(str(p) for p in e["loc"][1:]) or str(e["loc"][0]),
                "message": str(e["msg"]),
            }
            for e in error.errors()[:20]
        ]
        first = f"{errors[0]['field']}: {errors[0]['message']}." if errors else "The input cannot be used."
        return problem(request, 422, Invalid.code, first, errors=errors)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        title = TITLES.get(error.status_code, "Error")
        code = "house." + re.sub(r"\W+", "_", title.lower())
        headers = dict(error.headers) if error.headers else None
        if error.status_code == 405:  # the framework names those of one route alone
            headers = {"Allow": ", ".join(sorted(and_head(methods_at(app, request.url.path))))}
        detail = str(error.detail)
        if detail in _PLAIN:
            detail = _PLAIN[detail].format(method=request.method)
        return problem(request, error.status_code, code, detail, headers=headers)

    @app.exception_handler(DBAPIError)
    async def _database(request: Request, error: DBAPIError) -> JSONResponse:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state.startswith("22") or "NUL" in str(error.orig):
            return problem(request, 422, Invalid.code, "The input holds a value that cannot be stored.")
        if state in ("40001", "40P01", "55P03"):
            return problem(
                request, 409, Conflict.code, "Somebody changed the same thing just now. Try again."
            )
        if is_away(error):
            log.warning("database.away", error=type(error.orig).__name__)
            return await _known(request, unavailable(error))
        return failed(request, error)

    @app.exception_handler(UnicodeEncodeError)
    async def _half_character(request: Request, error: UnicodeEncodeError) -> JSONResponse:
        return problem(
            request, 422, Invalid.code, "The input holds half a character, which cannot be stored."
        )

    @app.exception_handler(PoolTimeout)
    async def _busy(request: Request, error: PoolTimeout) -> JSONResponse:
        sentence = "The house is full at the moment. Try again shortly."
        return problem(request, 503, Unavailable.code, sentence, headers={"Retry-After": "2"})

    app.add_middleware(
        Front,
        allowed_hosts=frozenset(allowed_hosts),
        hsts=hsts,
        proxied=proxied,
        reachable=tuple(reachable),
    )
