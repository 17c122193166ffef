"""The list of all parts that goes with a release holds every package of both locks, in a form that others read."""

import json
import re
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import bill_of_parts

ROOT = Path(__file__).resolve().parents[2]


def _by_kind(kind: str) -> dict[str, dict[str, Any]]:
    found = bill_of_parts.bill()["components"]
    return {one["purl"]: one for one in found if one["purl"].startswith(f"pkg:{kind}/")}


def test_every_pinned_package_of_python_is_in_it() -> None:
    lock = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    pinned = [line for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert len(_by_kind("pypi")) == len(pinned) > 40
    assert any(purl.startswith("pkg:pypi/fastapi@") for purl in _by_kind("pypi"))


def test_every_package_of_the_web_client_is_in_it_with_its_digest() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    found = _by_kind("npm")
    versions = {(one["name"], one["version"]): one["scope"] for one in found.values()}
    for place, package in lock["packages"].items():
        if place:
            name = package.get("name") or place.rpartition("node_modules/")[2]
            assert (name, package["version"]) in versions, place
    runs = {name for (name, _), scope in versions.items() if scope == "required"}
    assert set(lock["packages"][""]["dependencies"]) <= runs
    assert not runs & set(lock["packages"][""]["devDependencies"])
    assert all("hashes" in one for one in found.values() if one["scope"] == "required")
    assert "pkg:npm/%40tanstack/react-query@" in "".join(found)


def test_it_is_of_the_form_that_it_names() -> None:
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill_of_parts.bill()))
    assert fault is None, fault


def test_the_release_carries_it() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "python3 scripts/bill_of_parts.py > parts.cdx.json" in workflow
    assert "--notes-file notes.md parts.cdx.json" in workflow
