"""One house without mail and one with it, one browser and real clips for every journey.

The driver of the browser keeps an event loop running in its thread as long as the browser lives: journeys are no
asynchronous tests.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys import clips
from tests.support.browser import open_browser
from tests.support.server import Server, open_server


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """The house of all journeys that ask for no settings of their own; each brings its own people and films."""
    with open_server() as running:
        yield running


@pytest.fixture(scope="package")
def house() -> Iterator[Server]:
    """The same with mail: who joins proves an address, and letters stand in its log."""
    with open_server(mail="console") as running:
        yield running


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The Chromium of all journeys, each of which has contexts of its own."""
    with open_browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


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
