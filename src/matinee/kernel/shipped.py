"""Files that come with the code and are not code: beside `src` in a checkout, inside the package where a wheel was
installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def shipped(name: str) -> Path:
    """Of `alembic.ini`, `migrations` and `web/dist`. A wheel has no web client: then the path leads nowhere."""
    root = _CHECKOUT if (_CHECKOUT / "alembic.ini").is_file() else _PACKAGE / "shipped"
    return root / name
