"""The page about OWASP ASVS names tests that there are, each requirement once, and counts right."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "asvs.md"
REQUIREMENTS = 259
"""Of levels 1 and 2 in 4.0.3."""
_TEST = r"`(?:[\w/]+\.py::test_\w+|web/src/[\w/]+\.test\.ts::[^`]+)`"
COLUMNS = ("met, with a test", "met, no test", "open", "does not apply")


@cache
def _chapters() -> dict[str, list[list[str]]]:
    """Number, level, what is asked for, how, proof: of each row, by chapter."""
    found = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("| ")]
        found[title] = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]
    return found


def _rows() -> list[list[str]]:
    return [row for rows in _chapters().values() for row in rows]


def _kind(proof: str) -> str:
    if re.fullmatch(rf"{_TEST}( {_TEST})*", proof):
        return "met, with a test"
    if proof == "no test":
        return "met, no test"
    kind, colon, words = proof.partition(": ")
    assert kind in COLUMNS[2:], proof
    assert colon, proof
    assert words, proof
    return kind


def test_every_requirement_stands_once_in_its_chapter_and_whole() -> None:
    numbers = [row[0] for row in _rows()]
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    assert len(numbers) == REQUIREMENTS
    for title, rows in _chapters().items():
        chapter = title.split()[0].removeprefix("V")
        for row in rows:
            assert len(row) == 5, row
            assert all(row), row
            assert re.fullmatch(rf"{chapter}\.\d+\.\d+", row[0]), row
            assert row[1] in ("1", "2"), row
        order = [tuple(map(int, row[0].split("."))) for row in rows]
        assert order == sorted(order), title


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for number, *_, proof in _rows():
        for path, name in re.findall(r"`([^`]+)::([^`]+)`", proof):
            file = ROOT / path
            source = file.read_text(encoding="utf-8") if file.is_file() else ""
            begins = rf"^(async )?def {name}\(" if file.suffix == ".py" else rf'^it\("{re.escape(name)}"'
            if not re.search(begins, source, re.MULTILINE):
                missing.append(f"{number}: {path}::{name}")
    assert missing == []


def test_the_counts_on_top_are_those_of_the_rows() -> None:
    top = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    counted = {title: Counter(_kind(row[4]) for row in rows) for title, rows in _chapters().items()}
    counted[f"**all {REQUIREMENTS}**"] = sum(counted.values(), Counter())
    lines = [
        f"| {title} | {' | '.join(str(kinds[one]) for one in COLUMNS)} |" for title, kinds in counted.items()
    ]
    assert [line for line in lines if line not in top] == []
    assert len(lines) == top.count("\n| ") - 1
