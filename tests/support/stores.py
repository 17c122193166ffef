"""Stores that speak S3, as child processes on loopback, and a proxy that spoils what they answer.

`moto` accepts any signature and copies parts; `nanio` rejects wrong signatures and copies none. Never leaves this
machine, and ends with the test session.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from matinee.kernel.settings import StorageSettings
from tests.support.ports import free_port

if TYPE_CHECKING:
    from matinee.infra.storage.s3 import S3Storage
    from matinee.infra.storage.s3_access import Patience

ACCESS_KEY = "a-key-of-tests"
SECRET_KEY = "the-secret-of-tests"
BUCKET = "films"
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Store:
    """One running store. Every test works below a prefix of its own."""

    address: str
    folder: Path
    """Of its bucket, where the store keeps objects as files."""

    def settings(self, **overrides: object) -> dict[str, object]:
        """Field values of `StorageSettings` for a fresh place in it."""
        return {
            "storage": "s3",
            "s3_bucket": BUCKET,
            "s3_prefix": f"t/{uuid4().hex}",
            "s3_endpoint": self.address,
            "s3_access_key": ACCESS_KEY,
            "s3_secret_key": SECRET_KEY,
        } | overrides

    def open(self, patience: "Patience | None" = None, **overrides: object) -> "S3Storage":
        from matinee.infra.storage.s3 import S3Storage

        return S3Storage(StorageSettings(**self.settings(**overrides)), patience)  # type: ignore[arg-type]


@contextlib.contextmanager
def _running(folder: Path, arguments: Callable[[str], list[str]], **environment: str) -> Iterator[str]:
    """A child that answers HTTP. Gives its address."""
    port = str(free_port())
    address = f"http://127.0.0.1:{port}"
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("COV", "AWS_", "PYTHONWARNINGS"))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments(port)],
            cwd=folder,
            env=clean | environment,
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + _START_S
            while True:
                with contextlib.suppress(httpx.TransportError):
                    httpx.get(address, timeout=5)
                    break
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("moto")
    with _running(folder, lambda port: ["moto.server", "-H", "127.0.0.1", "-p", port]) as address:
        assert httpx.put(f"{address}/{BUCKET}").is_success
        yield Store(address, folder)


@pytest.fixture(scope="session")
def strict_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A moto that pages may send to only by a rule of the bucket; the other one lets all pages."""
    folder = tmp_path_factory.mktemp("strict-moto")
    started = ["moto.server", "-H", "127.0.0.1", "-p"]
    with _running(folder, lambda port: [*started, port], MOTO_DISABLE_GLOBAL_CORS="true") as address:
        assert httpx.put(f"{address}/{BUCKET}").is_success
        yield Store(address, folder)


@pytest.fixture(scope="session")
def nanio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("nanio")
    (folder / "data" / BUCKET).mkdir(parents=True)
    keys = {"NANIO_ACCESS_KEY": ACCESS_KEY, "NANIO_SECRET_KEY": SECRET_KEY}
    started = ["nanio", "serve", "--data-dir", "data", "--host", "127.0.0.1", "--no-access-log", "--port"]
    with _running(folder, lambda port: [*started, port], **keys) as address:
        yield Store(address, folder / "data" / BUCKET)


@dataclass(slots=True)
class Faulty:
    """A proxy in front of a store. `plan` says what happens to each further request, and its last word goes on:
    `fine`, `500`, `403`, `hang` (no answer), `lost` (200, and nothing is done), `half` (half of a body, then the
    connection ends), `empty` (the connection ends at once). `only` names the methods that it spoils; with
    `each_once` every different request meets the first word once and is fine from then on."""

    target: str
    plan: list[str] = field(default_factory=lambda: ["fine"])
    only: str = "GET PUT POST DELETE HEAD"
    seen: list[str] = field(default_factory=list)
    met: set[tuple[str, str]] | None = None
    stored: Counter[str] = field(default_factory=Counter)
    """How often each key was put with success."""
    address: str = ""

    def spoil(self, *plan: str, only: str = "GET PUT POST DELETE HEAD", each_once: bool = False) -> None:
        self.plan, self.only, self.seen, self.met = list(plan), only, [], set() if each_once else None

    def _next(self, method: str, path: str) -> str:
        if method not in self.only.split():
            return "fine"
        if self.met is not None:
            # Beginning an upload is no call that anybody repeats blindly.
            fresh = (method, path) not in self.met and not path.endswith(("?uploads=", "?uploads"))
            self.met.add((method, path))
            return self.plan[0] if fresh else "fine"
        return self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._one(reader, writer)
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = [(n, v.strip()) for n, _, v in (line.partition(":") for line in head[1:] if line)]
        length = next((int(v) for n, v in headers if n.lower() == "content-length"), 0)
        body = await reader.readexactly(length)
        fault = self._next(method, path)
        self.seen.append(f"{method} {fault}")
        if fault == "hang":
            await reader.read()  # until the other side gives up
            return
        if fault == "empty":
            return
        if fault == "lost":
            await self._write(writer, 200, [("etag", '"0"')], b"", 0)
            return
        if fault in ("500", "403"):
            code = {"500": "InternalError", "403": "SignatureDoesNotMatch"}[fault]
            text = f"<Error><Code>{code}</Code><AWSAccessKeyId>{ACCESS_KEY}</AWSAccessKeyId></Error>".encode()
            await self._write(writer, int(fault), [("content-type", "application/xml")], text, len(text))
            return
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.request(
                method, self.target + path, headers=[(n, v) for n, v in headers if n.lower() != "connection"],
                content=body,
            )  # fmt: skip
        if method == "PUT" and answer.is_success:
            self.stored[path.partition("?")[0]] += 1
        data = b"" if method == "HEAD" else answer.content
        size = int(answer.headers.get("content-length", len(data)))
        kept = [
            (n, v)
            for n, v in answer.headers.items()
            if n not in ("content-length", "connection", "transfer-encoding")
        ]
        half = fault == "half" and len(data) > 1
        await self._write(writer, answer.status_code, kept, data[: len(data) // 2] if half else data, size)

    async def _write(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        headers: list[tuple[str, str]],
        data: bytes,
        size: int,
    ) -> None:
        lines = [f"HTTP/1.1 {status} Said", *(f"{n}: {v}" for n, v in headers)]
        lines += [f"Content-Length: {size}", "Connection: close"]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + data)
        await writer.drain()


@pytest.fixture
async def faulty(moto: Store) -> AsyncIterator[Faulty]:
    """A proxy in front of moto that spoils nothing until it is told to."""
    proxy = Faulty(moto.address)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield proxy
