"""Builds the ASGI application from the rooms. Never holds a rule of a room."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from matinee.entrypoints.api import docs, health, keeping, pages, wellknown
from matinee.entrypoints.api.identity import again, authenticate
from matinee.entrypoints.parts import Parts, opened
from matinee.features.accounts import service as accounts
from matinee.features.roles import service as roles
from matinee.features.videos import service as videos
from matinee.infra import front, http, problems
from matinee.infra.gateway.socket import Gateway
from matinee.infra.gateway.socket import router as socket_router
from matinee.infra.limits import Limits
from matinee.infra.room import Room
from matinee.infra.storage.opening import origin_for_browsers
from matinee.kernel.settings import Settings


def build(parts: Parts) -> FastAPI:
    """The whole product as one ASGI application over `parts`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(parts):
            gateway = Gateway(parts.bus, [topic for room in parts.rooms for topic in room.topics])
            app.state.gateway = gateway
            gate = parts.works.held(accounts.Gate)
            gate.hear(gateway.look_again)
            book = parts.works.held(roles.Book)
            book.hear(gateway.look_again_at_roles)
            try:
                async with gate.following(), book.following():
                    yield
            finally:
                gateway.close()

    app = FastAPI(
        title="Matinee",
        version="1",  # of the interface, as its paths say: the house's own is nothing for strangers
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        responses={
            "4XX": {"model": problems.Problem, "description": "Refused, with a reason (RFC 9457)."},
            "5XX": {"model": problems.Problem, "description": "Failed on our side (RFC 9457)."},
        },
    )
    app.state.works = parts.works
    app.state.parts = parts
    app.state.authenticate = authenticate
    app.state.again = again
    app.state.alias = partial(accounts.alias, parts.settings)
    house = parts.settings.house
    hosts = {"localhost", "127.0.0.1", "[::1]", house.host.lower()}
    hosts.add((urlsplit(house.address).hostname or "localhost").lower())
    hosts |= {name.strip().lower() for name in house.allowed_hosts.split(",") if name.strip()}
    store = origin_for_browsers(parts.settings)
    http.install(
        app,
        allowed_hosts=sorted(hosts),
        hsts=house.address.startswith("https://"),
        proxied=bool(house.proxies),
        reachable=() if store is None else (store,),
    )
    if house.proxies:  # outermost: everything inside sees the client as these proxies name it
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=house.proxies)
    for room in parts.rooms:
        if (router := room.routes()) is not None:
            app.include_router(router)
    app.include_router(socket_router)
    app.include_router(health.router)
    app.include_router(keeping.router)
    app.include_router(docs.router)
    app.include_router(wellknown.router)
    app.include_router(pages.router)
    parts.works.held(Limits).declare(http.limits_of(app), partial(_shared_secret, parts.settings))
    app.openapi = lambda: _openapi(app, parts.rooms)  # type: ignore[method-assign]
    return app


def _shared_secret(settings: Settings) -> bytes:
    """The one that all processes of a house agree on before they serve."""
    key = videos.media_key_of(settings)
    assert key is not None
    return key


def _openapi(app: FastAPI, rooms: Sequence[Room]) -> dict[str, Any]:
    """The OpenAPI document, with the permission that each operation needs as `x-permission`."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description="Upload, adaptive streaming and everything around it. Errors are RFC 9457 problem details.",
        routes=app.routes,
    )
    schema.setdefault("components", {})["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-matinee_access"},
    }
    for route in front.routes_of(app):
        methods = getattr(route, "methods", None)
        if not methods or not getattr(route, "include_in_schema", False):
            continue
        permission = http.permission_of(route)
        for method in methods:
            operation = schema["paths"].get(route.path_format, {}).get(method.lower())  # type: ignore[attr-defined]
            if operation is not None and permission is not None:
                operation["x-permission"] = permission
                operation["security"] = [{"bearer": []}, {"cookie": []}, {}]
    for path in schema["paths"].values():
        for operation in path.values():
            for status in ("4XX", "5XX"):
                answer = operation.get("responses", {}).get(status)
                if answer and "application/json" in answer.get("content", {}):
                    answer["content"] = {problems.PROBLEM: answer["content"]["application/json"]}
            operation.get("responses", {}).pop("422", None)
    app.openapi_schema = schema
    return schema
