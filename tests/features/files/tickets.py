"""What the tests of uploads share: somebody who is expected to upload, and the words of tus."""

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from tests.support.house import House, Person

from matinee.features.files import service
from matinee.features.files.schemas import Blob
from matinee.infra.storage.local import LocalStorage
from matinee.infra.storage.port import Storage
from matinee.kernel.ids import BlobId
from matinee.kernel.time import utc_now

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def metadata(**facts: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in facts.items())


@dataclass(frozen=True, slots=True)
class Ticket:
    """A person who may upload for `subject`."""

    house: House
    person: Person
    subject: str
    purpose: str = "video"

    @property
    def client(self) -> httpx.AsyncClient:
        return self.person.client

    def about(self, filename: str = "film.mp4") -> str:
        return metadata(filename=filename, filetype="video/mp4", purpose=self.purpose, subject=self.subject)

    async def begin(self, size_bytes: int, **headers: str) -> httpx.Response:
        words = TUS | {"Upload-Length": str(size_bytes), "Upload-Metadata": self.about()} | headers
        return await self.client.post("/api/v1/uploads", headers=words)

    async def address(self, size_bytes: int) -> str:
        answer = await self.begin(size_bytes)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def bring(self, address: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
        words = TUS | {"Upload-Offset": str(offset), "Content-Type": BYTES} | headers
        return await self.client.patch(address, headers=words, content=data)

    async def offset(self, address: str) -> int:
        answer = await self.client.head(address, headers=TUS)
        assert answer.status_code == 200, answer.headers
        return int(answer.headers["upload-offset"])

    async def blob(self, address: str) -> Blob:
        async with self.house.works.open() as work:
            return await service.blob(work, blob_id(address))

    async def kept(self, address: str) -> bytes:
        blob = await self.blob(address)
        return b"".join([chunk async for chunk in self.house.parts.storage.read(blob.key)])


def blob_id(address: str) -> BlobId:
    return BlobId(UUID(address.rsplit("/", 1)[-1]))


def age_value(storage: Storage, key: str, *, hours: float) -> None:
    """As if it had been written so long ago."""
    _age(storage, "blobs", key, hours)


async def age_parts(storage: Storage, *, hours: float) -> None:
    """All growing parts, as if their last byte had come so long ago."""
    for part in [part async for part in storage.parts()]:
        _age(storage, "parts", part.key, hours)


def _age(storage: Storage, folder: str, key: str, hours: float) -> None:
    assert isinstance(storage, LocalStorage)
    at = utc_now().timestamp() - hours * 3600
    os.utime(storage.root / folder / key, (at, at))


async def ticket(house: House, person: Person | None = None, *, max_bytes: int = 1 << 40) -> Ticket:
    person = person or await house.person()
    subject = f"video:{uuid4()}"
    async with house.works.open() as work:
        await service.expect(work, person.account_id, "video", subject, max_bytes)
    return Ticket(house, person, subject)


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application behind a real server on loopback. Gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, timeout_graceful_shutdown=2, ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not (server.started or running.done()):
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()
