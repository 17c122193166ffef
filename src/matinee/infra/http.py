"""The HTTP door: units of work per request, declared permissions, problem details. The one place with status codes.

Never holds a rule of a room.
"""

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.infra import cookies, telemetry
from matinee.infra.db import is_away, unavailable
from matinee.infra.limits import Limits
from matinee.infra.limits.door import Class, headers_of, sentence_of, wait_of
from matinee.infra.work import Work, Works
from matinee.kernel.actor import Actor
from matinee.kernel.errors import (
    Conflict,
    Invalid,
    MatineeError,
    NotFound,
    NotSignedIn,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
)

log = structlog.get_logger(__name__)
PROBLEM = "application/problem+json"
MAX_BODY_BYTES = 1_000_000
MAX_BODY_S = 30.0
_ANY_SIZE = "/api/v1/uploads"
"""Takes bodies of any size and length in time: it counts for itself."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATUS: tuple[tuple[type[MatineeError], int], ...] = (
    (NotSignedIn, 401),
    (TooMany, 429),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Invalid, 422),
    (Unavailable, 503),
)
_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Refused", 404: "Not found", 405: "Method not allowed",
    408: "Request timeout", 409: "Conflict", 412: "Precondition failed", 413: "Too large",
    415: "Unsupported media type", 416: "Range not satisfiable", 422: "Invalid", 423: "Locked",
    429: "Too many requests", 460: "Checksum mismatch", 500: "Internal error", 503: "Unavailable",
}  # fmt: skip

# What the framework says, as the house says it.
_PLAIN = {
    "Not Found": "There is nothing here.",
    "Method Not Allowed": "This address does not take {method}.",
    "There was an error parsing the body": "The body cannot be read: send JSON in UTF-8.",
}

Authenticate = Callable[[Work, Request], Awaitable[Actor]]


class Problem(BaseModel):
    """Problem details of RFC 9457 with our stable `code`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[dict[str, str]] | None = None


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
        authenticate: Authenticate = request.app.state.authenticate
        async with works.open(reading=request.method in SAFE_METHODS) as work:
            work.actor = Actor()
            if not self.by_address:
                work.actor = await authenticate(work, request)
                request.state.actor = work.actor
                await works.held(Limits).of(request.scope, work.actor)
                work.actor.require(self.permission)
            yield work


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """All routes of `app`, those of included routers too: `app.routes` itself holds each router as one."""
    return [context.original_route for context in iter_route_contexts(app.routes)]


def _methods_at(app: FastAPI, path: str) -> set[str]:
    """As the routes declare them: of operations, else of pages."""
    found = [route for route in routes_of(app) if isinstance(route, Route) and route.path_regex.match(path)]
    operations = [route for route in found if route.include_in_schema]
    return {method for route in operations or found for method in route.methods or ()}


def _and_head(methods: set[str]) -> set[str]:
    """Whoever answers GET answers HEAD (RFC 9110, 9.3.2)."""
    return methods | {"HEAD"} if "GET" in methods else methods


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


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """An answer that explains itself. `code` is stable, `detail` is for people."""
    body: dict[str, Any] = {
        "type": f"/docs/errors#{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM)


def address_of(connection: HTTPConnection) -> str:
    """The network address of who asks, as trusted proxies name it."""
    return connection.client.host if connection.client is not None else "unknown"


def status_of(error: MatineeError) -> int:
    return next((status for family, status in _STATUS if isinstance(error, family)), 500)


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
        return problem(request, status, error.code, error.detail, errors=errors, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
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
        title = _TITLES.get(error.status_code, "Error")
        code = "house." + re.sub(r"\W+", "_", title.lower())
        headers = dict(error.headers) if error.headers else None
        if error.status_code == 405:  # the framework names those of one route alone
            headers = {"Allow": ", ".join(sorted(_and_head(_methods_at(app, request.url.path))))}
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
        return _unexpected(request, error)

    @app.exception_handler(UnicodeEncodeError)
    async def _half_character(request: Request, error: UnicodeEncodeError) -> JSONResponse:
        return problem(
            request, 422, Invalid.code, "The input holds half a character, which cannot be stored."
        )

    @app.exception_handler(PoolTimeout)
    async def _busy(request: Request, error: PoolTimeout) -> JSONResponse:
        sentence = "The house is full at the moment. Try again shortly."
        return problem(request, 503, Unavailable.code, sentence, headers={"Retry-After": "2"})

    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request.failed", exc_info=error)
        return problem(request, 500, "house.internal", "Something failed on our side; it has been noted.")

    app.exception_handler(Exception)(_unexpected)
    app.add_middleware(
        _Front,
        allowed_hosts=frozenset(allowed_hosts),
        hsts=hsts,
        proxied=proxied,
        reachable=tuple(reachable),
    )


def _bounded(receive: Receive) -> Receive:
    """A body as forms have it: soon here, and not too large. Raises HTTPException 408 or 413 to whoever reads it."""
    total = 0
    over = False
    deadline = time.monotonic() + MAX_BODY_S

    async def bounded() -> Message:
        nonlocal total, over
        if over:
            return await receive()
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                message = await receive()
        except TimeoutError:
            over = True
            raise HTTPException(
                408, "The request took too long to arrive.", headers={"Connection": "close"}
            ) from None
        total += len(message.get("body", b""))
        over = not message.get("more_body", False)
        if total > MAX_BODY_BYTES:
            over = True
            sentence = f"This is too large: at most {MAX_BODY_BYTES:,} bytes are taken here."
            raise HTTPException(413, sentence, headers={"Connection": "close"})
        return message

    return bounded


def _with_cookies(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What carries somebody's cookies is kept by no cache on the way."""
    handed = cookies.handed(scope)
    if not handed:
        return list(headers)
    kept = [header for header in headers if header[0].lower() != b"cache-control"]
    return [*kept, (b"cache-control", b"no-store"), *handed]


def _without_body(send: Send) -> Send:
    """The answer to GET as HEAD has it: all of its headers and nothing else."""

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {
                "type": "http.response.body",
                "body": b"",
                "more_body": message.get("more_body", False),
            }
        await send(message)

    return send_on


class _Front:
    """Outermost layer: request id, host check, figures and headers, for streaming answers too."""

    CSP = (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:;"
        " style-src 'self' 'unsafe-inline'; connect-src {}; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors "
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        allowed_hosts: frozenset[str],
        hsts: bool,
        proxied: bool,
        reachable: tuple[str, ...] = (),
    ) -> None:
        self.app = app
        self.allowed_hosts = allowed_hosts
        self.hsts = hsts
        self.heard_proxy = proxied
        self.csp = self.CSP.format(" ".join(("'self' ws: wss:", *reachable)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request = Request(scope) if scope["type"] == "http" else None
        headers = dict(scope["headers"])
        if request is not None and sum(name == b"host" for name, _ in scope["headers"]) != 1:
            sentence = "A request names one host."
            await problem(request, 400, "house.unknown_host", sentence)(scope, receive, send)
            return
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if request is not None and name not in self.allowed_hosts:
            sentence = "This house does not answer under that host name (MATINEE_ALLOWED_HOSTS)."
            await problem(request, 400, "house.unknown_host", sentence)(scope, receive, send)
            return
        if request is None and name not in self.allowed_hosts:
            await send({"type": "websocket.close", "code": 1008})
            return
        if request is not None and not scope["path"].startswith(_ANY_SIZE):
            announced = headers.get(b"content-length", b"0")
            if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
                sentence = f"This is too large: at most {MAX_BODY_BYTES:,} bytes are taken here."
                answer = problem(request, 413, TooLarge.code, sentence, headers={"Connection": "close"})
                await answer(scope, receive, send)
                return
            receive = _bounded(receive)
        if not self.heard_proxy and b"x-forwarded-for" in headers:
            self.heard_proxy = True
            client = scope.get("client") or ("unknown", 0)
            log.warning("proxy.not_trusted", address=client[0], setting="MATINEE_TRUSTED_PROXIES")
        standing = await scope["app"].state.works.held(Limits).at_the_door(scope)
        if standing is not None and standing.refused:
            if request is None:
                await send({"type": "websocket.close", "code": 1013})
                return
            answer = problem(
                request,
                429,
                TooMany.code,
                sentence_of(standing),
                headers={"Retry-After": str(wait_of(standing)), "X-Request-Id": request_id},
            )
            answer.raw_headers += headers_of(scope)
            telemetry.REQUESTS.labels(scope["method"], "limited", 429).inc()
            await answer(scope, receive, send)
            return
        started = time.monotonic()
        first = True
        frames = "*" if scope["path"].startswith("/embed/") else "'none'"

        async def send_on(message: Message) -> None:
            nonlocal first
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = _with_cookies(scope, message.get("headers") or ())
            if message["type"] == "http.response.start" and first:
                first = False
                extra = [
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                    (b"content-security-policy", (self.csp + frames).encode()),
                    (b"cross-origin-opener-policy", b"same-origin"),
                    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
                ]
                extra += headers_of(scope)
                if self.hsts:
                    extra.append((b"strict-transport-security", b"max-age=31536000"))
                message["headers"] = [*message["headers"], *extra]
                route = getattr(scope.get("route"), "path", "none")
                method = scope.get("method", "")
                telemetry.REQUESTS.labels(method, route, message["status"]).inc()
                telemetry.REQUEST_SECONDS.labels(method, route).observe(time.monotonic() - started)
                if not route.startswith("/media") and scope["path"] not in ("/metrics", "/health/live"):
                    log.info(
                        "request",
                        method=method,
                        route=route,
                        status=message["status"],
                        ms=round((time.monotonic() - started) * 1000, 1),
                    )
            await send(message)

        answer_on: Send = send_on
        if request is not None and scope["method"] == "HEAD":
            methods = _methods_at(scope["app"], scope["path"])
            if "HEAD" not in methods and "GET" in methods:
                scope, answer_on = {**scope, "method": "GET"}, _without_body(send_on)
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            contextlib.suppress(ConnectionResetError),
        ):
            await self.app(scope, receive, answer_on)
