"""A child that somebody else killed says nothing of the film: the work is tried again, and nobody's file is refused."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.engines import clips

from matinee.engines.media import (
    Chunk,
    EncodeFailed,
    Rejected,
    Tools,
    encode_chunk,
    normalise_picture,
    plan_ladder,
    probe,
)


@dataclass(frozen=True)
class Killed:
    """How a child ended; `returncode` is negative for a signal."""

    returncode: int
    stdout: bytes = b""
    tail: str = ""
    hung: bool = False
    timed_out: bool = False
    ok: bool = False


def tools_that_end(returncode: int, *, hung: bool = False) -> Tools:
    async def run(*_: Any, **__: Any) -> Killed:
        return Killed(returncode, hung=hung)

    return Tools(ffmpeg=Path("ffmpeg"), run=run)


async def test_a_reader_that_was_killed_refuses_no_file(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypisom" + bytes(1000))
    with pytest.raises(EncodeFailed, match="reader of the file was killed"):
        await probe(tools_that_end(-9), film)
    with pytest.raises(EncodeFailed, match="machine or its disk is busy"):
        await probe(tools_that_end(-9, hung=True), film)
    with pytest.raises(EncodeFailed, match="reader of the picture was killed"):
        await normalise_picture(tools_that_end(-9), film, tmp_path / "out")
    for crashed in (-11, 1):
        with pytest.raises(Rejected):
            await probe(tools_that_end(crashed), film)
    with pytest.raises(Rejected, match="takes too long"):
        await probe(tools_that_end(-24), film)  # its processor time is over


async def test_an_encoder_that_was_killed_is_said_to_have_been(plain: Path, tmp_path: Path) -> None:
    facts = await probe(clips.tools(), plain)
    ladder = plan_ladder(facts)
    with pytest.raises(EncodeFailed) as failed:
        await encode_chunk(tools_that_end(-9), plain, facts, ladder, ladder.rungs, Chunk(0, 0, 1), tmp_path)
    assert failed.value.sentence == "Encoding was killed (signal 9)."
