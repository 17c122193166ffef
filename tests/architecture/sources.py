"""Reads the sources as syntax trees, for tests about how the house is built. Never imports what it reads."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
FEATURES = SRC / "matinee" / "features"


def modules(*folders: Path) -> list[Path]:
    """Every Python file below the folders, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported, also late and for types only. `from a import b` gives `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def rooms() -> list[str]:
    """The names of the rooms that are built."""
    return sorted(path.name for path in FEATURES.iterdir() if (path / "wiring.py").exists())
