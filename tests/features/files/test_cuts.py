"""A thousand cuts: connections that break at random places, one file alone or in pieces, and the same bytes arrive."""

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

import pytest
from tests.features.files.tickets import TUS, Ticket, served, ticket
from tests.features.files.wires import Wire, token_of, until
from tests.support.house import House

from matinee.features.files import service
from matinee.kernel.ids import UploadId

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
CUTS = 1000
SEED = 1895_12_28
DATA = random.Random(SEED).randbytes(6_000_000)


async def cut_often(
    mine: Ticket, base: str, token: str, path: str, data: bytes, cuts: Sequence[int], chance: random.Random
) -> None:
    """Bring `data`, and break the connection at each of `cuts`; then what is missing."""
    for cut in cuts:
        offset = await mine.offset(path)
        assert offset <= cut, "the server holds bytes that nobody sent"
        wire = await Wire.open(base + path, token, offset, len(data) - offset)
        await wire.send(data[offset:cut])
        if chance.random() < 0.2:  # sometimes once the server has it, mostly in mid-flight
            answer = asyncio.create_task(wire.status())
            await until(lambda: mine.offset(path), lambda held, cut=cut, a=answer: held >= cut or a.done())
            answer.cancel()
        await wire.close(hard=chance.random() < 0.5)

    async def rest() -> int:
        offset = await mine.offset(path)
        return (await mine.bring(path, offset, data[offset:])).status_code

    await until(rest, lambda status: status == 204)


async def test_a_thousand_cuts_leave_identical_bytes(house: House) -> None:
    mine = await ticket(house)
    chance = random.Random(SEED)
    cuts = sorted(chance.sample(range(1, len(DATA)), CUTS))
    async with served(house.app) as base:
        path = await mine.address(len(DATA))
        await cut_often(mine, base, await token_of(mine), path, DATA, cuts, chance)
    assert await mine.kept(path) == DATA


async def test_a_thousand_cuts_of_four_pieces_at_once_leave_identical_bytes(house: House) -> None:
    mine = await ticket(house)
    chance = random.Random(SEED + 1)
    edges = [0, *sorted(chance.sample(range(1, len(DATA)), 3)), len(DATA)]
    pieces = [DATA[start:end] for start, end in pairwise(edges)]
    async with served(house.app) as base:
        token = await token_of(mine)
        paths = [
            (await mine.begin(len(piece), **{"Upload-Concat": "partial"})).headers["location"]
            for piece in pieces
        ]
        words = TUS | {"Upload-Concat": "final;" + " ".join(paths), "Upload-Metadata": mine.about()}
        whole = (await mine.client.post("/api/v1/uploads", headers=words)).headers["location"]
        await asyncio.gather(
            *(
                cut_often(
                    mine, base, token, path, piece,
                    sorted(chance.sample(range(1, len(piece)), min(CUTS // 4, len(piece) - 1))),
                    random.Random(chance.random()),
                )
                for path, piece in zip(paths, pieces, strict=True)
            )
        )  # fmt: skip
    async with house.works.open() as work:
        await service.join_parts(work, UploadId(UUID(whole.rsplit("/", 1)[-1])))
    assert await mine.kept(whole) == DATA
    assert [part async for part in house.parts.storage.parts()] == []
