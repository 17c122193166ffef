"""What every request meets first: one host, a body of bounded size and time, limits, a request id; and what every
answer carries.

Never knows who asks.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.infra import cookies, telemetry
from matinee.infra.limits import Limits
from matinee.infra.limits.door import headers_of, is_sign_in, sentence_of, wait_of
from matinee.infra.limits.narrow import Crowded
from matinee.infra.problems import problem
from matinee.kernel.actor import Actor
from matinee.kernel.errors import TooLarge, TooMany
from matinee.kernel.ids import AccountId
from matinee.kernel.network import is_this_machine, network_of

log = structlog.get_logger(__name__)
MAX_BODY_BYTES = 1_000_000
MAX_BODY_S = 30.0
_ANY_SIZE = "/api/v1/uploads"
"""Takes bodies of any size and length in time: it counts for itself."""
_OF_REACT_ARIA = (
    "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='",
    "'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='",
)
"""The two styles that React Aria writes into a page: how buttons are touched, and what lies below a dialog on iOS."""
_HOST = re.compile(r"(\[[^]]*\]|[^:]*)(?::[0-9]{0,5})?")
_OF_PROXIES = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"})
_BEGUN = "answer_begun"
_REFUSED = (401, 403, 404)
Alias = Callable[[AccountId], str]
"""What lines of the log call an account; an application has it as `state.alias`."""
_TOO_LARGE = f"This is too large: at most {MAX_BODY_BYTES:,} bytes are taken here."


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """All routes of `app`, those of included routers too: `app.routes` itself holds each router as one.

    As they were declared: the framework's own walk compiles each of them, which takes longer than all else of a start.
    """
    return list(_declared_in(app.routes))


def _declared_in(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _declared_in(included.routes)


def methods_at(app: FastAPI, path: str) -> set[str]:
    """As the routes declare them: of operations, else of pages."""
    found = [route for route in routes_of(app) if isinstance(route, Route) and route.path_regex.match(path)]
    operations = {route.path for route in found if route.include_in_schema}
    at = [route for route in found if route.path in operations] or found
    return {method for route in at for method in route.methods or ()}


def and_head(methods: set[str]) -> set[str]:
    """Whoever answers GET answers HEAD (RFC 9110, 9.3.2)."""
    return methods | {"HEAD"} if "GET" in methods else methods


def is_from_here(scope: Scope) -> bool:
    """Whether a program of this very machine asks, and for itself: no proxy says that it asks for another."""
    client, server = scope.get("client"), scope.get("server")
    if client is None or any(name in _OF_PROXIES for name, _ in scope["headers"]):
        return False
    return is_this_machine(network_of(client[0])) or (server is not None and client[0] == server[0])


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
            raise HTTPException(413, _TOO_LARGE, headers={"Connection": "close"})
        return message

    return bounded


async def _at_hand(receive: Receive) -> Receive:
    """The same body, once all of it is here. What reading it raises is raised to whoever reads it then."""
    kept: list[Message | HTTPException] = []
    try:
        kept.append(await receive())
        while kept[-1].get("more_body", False):  # type: ignore[union-attr]
            kept.append(await receive())
    except HTTPException as error:
        kept.append(error)

    async def again() -> Message:
        if not kept:
            return await receive()
        first = kept.pop(0)
        if isinstance(first, HTTPException):
            raise first
        return first

    return again


def _with_cookies(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What carries somebody's cookies is kept by no cache on the way."""
    handed = cookies.handed(scope)
    if not handed:
        return list(headers)
    kept = [header for header in headers if header[0].lower() != b"cache-control"]
    return [*kept, (b"cache-control", b"no-store"), *handed]


def _of_the_api(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Kept by no cache unless the route says so, and saved, not shown, by a browser that is led to one."""
    given = {name.lower() for name, _ in headers}
    more = [(b"cache-control", b"no-store")]
    if b"content-type" in given:
        more.append((b"content-disposition", b'attachment; filename="api.json"'))
    return [*headers, *(header for header in more if header[0] not in given)]


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


class Front:
    """Outermost layer: request id, host check, figures and headers, for streaming answers too."""

    CSP = (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:;"
        f" style-src 'self' {' '.join(_OF_REACT_ARIA)}; connect-src {{}}; object-src 'none'; base-uri 'none';"
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
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        self._hear_proxy(scope, headers)
        refusal = self._refusal(scope, headers) or await self._full(scope)
        answer_on = self._answering(scope, send, request_id, counted=refusal is None)
        if refusal is not None:
            await refusal(scope, receive, answer_on)
            return
        if scope["type"] == "http":
            if not scope["path"].startswith(_ANY_SIZE):
                receive = _bounded(receive)
            if scope["method"] == "HEAD":
                methods = methods_at(scope["app"], scope["path"])
                if "HEAD" not in methods and "GET" in methods:
                    scope, answer_on = {**scope, "method": "GET"}, _without_body(answer_on)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if scope["type"] == "http" and is_sign_in(scope):
                    receive = await _at_hand(receive)  # who sends slowly holds nobody up
                    async with scope["app"].state.works.held(Limits).sign_ins.through():
                        await self.app(scope, receive, answer_on)
                else:
                    await self.app(scope, receive, answer_on)
            except ConnectionResetError:
                return  # whoever asked is gone
            except Crowded as error:
                telemetry.LIMITED.labels("crowded").inc()
                answer = problem(Request(scope), 503, error.code, error.detail, headers={"Retry-After": "3"})
                await answer(scope, receive, answer_on)
            except Exception as error:
                # Here, not in the framework: its own handler stands outside of headers, figures and the request's id.
                if scope["type"] != "http" or scope["state"].get(_BEGUN):
                    raise
                await failed(Request(scope), error)(scope, receive, answer_on)

    def _hear_proxy(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        if not self.heard_proxy and b"x-forwarded-for" in headers:
            self.heard_proxy = True
            client = scope.get("client") or ("unknown", 0)
            log.warning("proxy.not_trusted", address=client[0], setting="MATINEE_TRUSTED_PROXIES")

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> ASGIApp | None:
        """What is said to a request that nobody need look into; None for any other."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        named = _HOST.fullmatch(host)
        name = named[1] if named else ""
        if scope["type"] == "websocket":
            return None if name in self.allowed_hosts else _closed(1008)
        request = Request(scope)
        if sum(header == b"host" for header, _ in scope["headers"]) != 1:
            return problem(request, 400, "house.unknown_host", "A request names one host.")
        if name not in self.allowed_hosts:
            sentence = "This house does not answer under that host name (MATINEE_ALLOWED_HOSTS)."
            return problem(request, 400, "house.unknown_host", sentence)
        announced = headers.get(b"content-length", b"0")
        if (
            announced.isdigit()
            and int(announced) > MAX_BODY_BYTES
            and not scope["path"].startswith(_ANY_SIZE)
        ):
            return problem(request, 413, TooLarge.code, _TOO_LARGE, headers={"Connection": "close"})
        return None

    async def _full(self, scope: Scope) -> ASGIApp | None:
        """What is said to whoever asks more often than the house lets them; None for any other."""
        standing = await scope["app"].state.works.held(Limits).at_the_door(scope)
        if standing is None or not standing.refused:
            return None
        if scope["type"] == "websocket":
            return _closed(1013)
        answer = problem(
            Request(scope),
            429,
            TooMany.code,
            sentence_of(standing),
            headers={"Retry-After": str(wait_of(standing))},
        )
        telemetry.REQUESTS.labels(scope["method"], "limited", 429).inc()
        return answer

    def _answering(self, scope: Scope, send: Send, request_id: str, *, counted: bool) -> Send:
        """Sends on with the headers that every answer has, and counts."""
        started = time.monotonic()

        async def send_on(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = _with_cookies(scope, message.get("headers") or ())
            if message["type"] == "http.response.start" and not scope["state"].get(_BEGUN):
                scope["state"][_BEGUN] = True
                message["headers"] = [*message["headers"], *self._headers(scope, request_id)]
                if scope["path"].startswith("/api/"):
                    message["headers"] = _of_the_api(message["headers"])
                if counted:
                    _count(scope, message["status"], time.monotonic() - started)
            await send(message)

        return send_on

    def _headers(self, scope: Scope, request_id: str) -> list[tuple[bytes, bytes]]:
        frames = "*" if scope["path"].startswith("/embed/") else "'none'"
        headers = [
            (b"x-request-id", request_id.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"content-security-policy", (self.csp + frames).encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
            *headers_of(scope),
        ]
        if self.hsts:
            headers.append((b"strict-transport-security", b"max-age=31536000"))
        return headers


def failed(request: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw: noted under the id that the answer holds, and nothing of it is told."""
    log.error("request.failed", exc_info=error)
    return problem(request, 500, "house.internal", "Something failed on our side; it has been noted.")


def _closed(code: int) -> ASGIApp:
    """A socket that is not taken."""

    async def close(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": code})

    return close


def _count(scope: Scope, status: int, seconds: float) -> None:
    route, method = getattr(scope.get("route"), "path", "none"), scope.get("method", "")
    telemetry.REQUESTS.labels(method, route, status).inc()
    telemetry.REQUEST_SECONDS.labels(method, route).observe(seconds)
    if not route.startswith("/media") and scope["path"] not in ("/metrics", "/health/live"):
        facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.info("request", **facts, **({"who": _who(scope)} if status in _REFUSED else {}))


def _who(scope: Scope) -> str:
    actor: Actor | None = scope["state"].get("actor")
    alias: Alias = scope["app"].state.alias
    return "guest" if actor is None or actor.counted_as is None else alias(actor.counted_as)
