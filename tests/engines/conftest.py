"""One folder of small sources a session: each is made once, when the first test asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines import clips


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> clips.Make:
    folder = tmp_path_factory.mktemp("clips")

    def make_clip(name: str, *arguments: str | Path) -> Path:
        path = folder / name
        if not path.exists():
            clips.ffmpeg(*arguments, path)
        return path

    return make_clip


@pytest.fixture(scope="session")
def plain(make: clips.Make) -> Path:
    """Ten seconds of picture and sound, key frames each second."""
    sound = ("-f", "lavfi", "-i", "sine=f=440:d=10")
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=10")
    return make(
        "plain.mp4", *picture, *sound, *clips.H264, *clips.keys(30), "-c:a", "aac", "-movflags", "+faststart"
    )
