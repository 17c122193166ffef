"""What the tests of uploads straight to the store share: a house over a bucket, and a browser that sends parts."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from tests.conftest import MakeHouse
from tests.features.files.tickets import Ticket, ticket
from tests.support.house import House
from tests.support.stores import Store

from matinee.features.files import service
from matinee.infra.storage.s3 import S3Storage
from matinee.kernel.ids import BlobId

MIB = 1 << 20
PART = 8 * MIB
FILM = bytes(range(256)) * (2 * PART // 256) + b"the end"
"""Two whole parts and a short one."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who may upload for a subject, and the bucket."""

    ticket: Ticket
    browser: httpx.AsyncClient

    @property
    def house(self) -> House:
        return self.ticket.house

    @property
    def client(self) -> httpx.AsyncClient:
        return self.ticket.client

    @property
    def storage(self) -> S3Storage:
        storage = self.house.parts.storage
        assert isinstance(storage, S3Storage)
        return storage

    async def begin(self, size_bytes: int = len(FILM), **facts: Any) -> httpx.Response:
        told = {
            "purpose": self.ticket.purpose,
            "subject": self.ticket.subject,
            "filename": "film.mp4",
            "filetype": "video/mp4",
            "size_bytes": size_bytes,
        }
        return await self.client.post("/api/v1/direct-uploads", json=told | facts)

    async def begun(self, size_bytes: int = len(FILM)) -> str:
        answer = await self.begin(size_bytes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def addresses(self, id: str, *numbers: int) -> dict[int, str]:
        answer = await self.ask(id, "addresses", parts=list(numbers))
        assert answer.status_code == 200, answer.text
        return {item["number"]: item["url"] for item in answer.json()["items"]}

    async def send(self, id: str, *numbers: int, data: bytes = FILM) -> None:
        for number, url in (await self.addresses(id, *numbers)).items():
            answer = await self.browser.put(url, content=data[(number - 1) * PART : number * PART])
            assert answer.status_code == 200, answer.text

    async def ask(self, id: str, verb: str = "", **body: Any) -> httpx.Response:
        address = f"/api/v1/direct-uploads/{id}"
        if verb:
            return await self.client.post(f"{address}/{verb}", json=body or None)
        return await self.client.get(address)

    async def state(self, id: str) -> dict[str, Any]:
        answer = await self.ask(id)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def cancel(self, id: str) -> httpx.Response:
        return await self.client.delete(f"/api/v1/direct-uploads/{id}")

    async def kept(self, id: str) -> bytes:
        async with self.house.works.open() as work:
            blob = await service.blob(work, BlobId(UUID(id)))
        return b"".join([chunk async for chunk in self.storage.read(blob.key)])

    async def pending(self) -> list[str]:
        """Keys that the bucket holds parts for, without the prefix."""
        async with self.storage.multipart() as multipart:
            return [
                u.key.removeprefix(self.storage.prefix) async for u in multipart.pending(self.storage.prefix)
            ]

    async def keys(self) -> list[str]:
        return [stored.key async for stored in self.storage.list()]


@contextlib.asynccontextmanager
async def sender(make_house: MakeHouse, store: Store, **overrides: Any) -> AsyncIterator[Sender]:
    """A house of its own over a fresh place in `store`."""
    house = await make_house(**store.settings(**({"s3_direct_uploads": True} | overrides)))
    async with httpx.AsyncClient() as browser:
        yield Sender(await ticket(house), browser)
