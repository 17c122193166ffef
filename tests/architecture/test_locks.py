"""Locks pin every package by hash and name no address, so that they work from any mirror."""

import json
import re

import pytest

from tests.architecture.sources import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_python_lock_names_no_address(path) -> None:  # type: ignore[no-untyped-def]
    assert "://" not in path.read_text()


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_python_lock_has_a_hash_for_every_package(path) -> None:  # type: ignore[no-untyped-def]
    entries = re.split(r"\n(?=[a-zA-Z0-9])", path.read_text().strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\[\],-]+==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_the_locks_for_people_who_test_hold_all_that_run_holds() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
        )

    assert pins("run.txt") <= pins("dev.txt")


def test_every_direct_dependency_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    for lock, wanted in (
        ("run.txt", project["project"]["dependencies"]),
        ("dev.txt", groups["dev"]),
        ("build.txt", groups["build"]),
    ):
        text = (ROOT / "requirements" / lock).read_text()
        locked = {
            name.lower().replace("_", "-")
            for name in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)
        }
        asked = {re.match(r"[\w.-]+", word)[0].lower().replace("_", "-") for word in wanted}  # type: ignore[index]
        assert asked <= locked, f"{lock} is older than pyproject.toml: run `sh scripts/task.sh lock`"


def test_the_npm_lock_names_no_address() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    outer = {name: entry for name, entry in lock["packages"].items() if name and "inBundle" not in entry}
    assert [name for name, entry in outer.items() if "integrity" not in entry] == []
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "web" / ".npmrc").read_text().split()


def test_there_is_no_lock_of_a_kind_that_holds_addresses() -> None:
    assert [
        name for name in ("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock") if (ROOT / name).exists()
    ] == []
