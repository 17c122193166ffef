"""What is costly to start comes first: in a parallel run the first process then has all of it, and starts it once.

Others take over what stands last. The order of chance stays within each share.
"""

import pytest

_STORES = {"moto", "strict_moto", "nanio", "faulty"}


def _share(item: pytest.Item) -> int:
    if item.nodeid.startswith("tests/journeys/"):
        return 0  # a house and a browser
    return 2 if _STORES.isdisjoint(getattr(item, "fixturenames", ())) else 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_share)
