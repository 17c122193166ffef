"""Films and a house for the tests of encoding."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for films that several tests use."""
    return tmp_path_factory.mktemp("films")
