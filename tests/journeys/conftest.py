"""Real clips for every journey."""

from pathlib import Path

import pytest

from tests.journeys import clips


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def big_clip(clip_folder: Path) -> Path:
    """Big Buck Bunny as it was published, in H.264 of 720p, 90 s: three parts of an upload."""
    return clips.bunny_h264(clip_folder, seconds=90)


@pytest.fixture(scope="session")
def fast_clip(clip_folder: Path) -> Path:
    """Big Buck Bunny as browsers play it, 90 s of 360p."""
    return clips.small_bunny_h264(clip_folder, seconds=90)


@pytest.fixture(scope="session")
def slow_clip(clip_folder: Path) -> Path:
    """Big Buck Bunny as no browser plays it, 90 s of 360p."""
    return clips.small_bunny_mpeg4(clip_folder, seconds=90)
