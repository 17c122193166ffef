"""Fixtures of all tests: a database each, the product in this process, a real server, a real browser."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.support import database

if TYPE_CHECKING:
    from tests.support.house import House

# A busy machine is no fault of the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

pytest_plugins = [
    "tests.support.order",
    "tests.support.seconds",
    "tests.support.browser",
    "tests.support.stores",
]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        database.open_home()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and database.HOME_VARIABLE in os.environ:
        database.close_home()


@pytest.fixture(scope="session", autouse=True)
def _nothing_from_outside() -> None:
    """No setting of the machine or of a `.env` may change what a test sees."""
    for name in [n for n in os.environ if n.startswith("MATINEE_") and n != database.HOME_VARIABLE]:
        del os.environ[name]
    os.chdir(database.home())


@pytest.fixture
def database_url() -> Iterator[str]:
    """A migrated database of this test's own."""
    with database.fresh() as url:
        yield url


@pytest.fixture
def empty_database_url() -> Iterator[str]:
    """A database without any table."""
    with database.fresh(migrated=False) as url:
        yield url


MakeHouse = Callable[..., Awaitable["House"]]


@pytest_asyncio.fixture
async def make_house(database_url: str, tmp_path: Path) -> AsyncIterator[MakeHouse]:
    """Opens the product with settings of the test's choice: `await make_house(signup="closed")`."""
    from tests.support.house import open_house

    async with contextlib.AsyncExitStack() as stack:

        async def make(**overrides: Any) -> "House":
            return await stack.enter_async_context(open_house(database_url, tmp_path / "data", **overrides))

        yield make


@pytest_asyncio.fixture
async def house(make_house: MakeHouse) -> "House":
    """The product in this process, with nobody in it."""
    return await make_house()
