"""Writes the list of all packages that the house is made of, from the locks: CycloneDX 1.6, as JSON.

    python scripts/bill_of_parts.py > parts.cdx.json

Those of Python are in `requirements/run.txt`, those of the web client in its lock; what only builds it is `excluded`
from running. The same locks give the same bytes. Standard library only; asks nobody, and knows nothing of what the
system under the house brings: the images carry a list of that.
"""

import base64
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def of_python(lock: str) -> list[dict[str, Any]]:
    """Components of a lock of requirements. They name no hash: one version has a file for each machine."""
    return [
        _component("pypi", re.sub(r"[-_.]+", "-", name).lower(), version, "required")
        for name, version in _PINNED.findall(lock)
    ]


def of_web(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """Components of npm's lock, version 3, each once; what runs anywhere counts as running."""
    found: dict[str, dict[str, Any]] = {}
    for place, package in lock["packages"].items():
        if not place or package.get("link"):
            continue
        name = package.get("name") or place.rpartition("node_modules/")[2]
        built_with = package.get("dev") or package.get("devOptional")
        one = _component("npm", name, package["version"], "excluded" if built_with else "required")
        if isinstance(license_ := package.get("license"), str):
            one["licenses"] = [{"expression" if " " in license_ else "license": _license(license_)}]
        algorithm, dash, digest = package.get("integrity", "").partition("-")
        if dash and algorithm == "sha512":
            one["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        if one["bom-ref"] not in found or one["scope"] == "required":
            found[one["bom-ref"]] = one
    return list(found.values())


def bill(root: Path = ROOT) -> dict[str, Any]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = of_python((root / "requirements" / "run.txt").read_text(encoding="utf-8"))
    web = of_web(json.loads((root / "web" / "package-lock.json").read_text(encoding="utf-8")))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "matinee",
                "name": project["name"],
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": sorted([*python, *web], key=lambda one: str(one["bom-ref"])),
    }


def _component(kind: str, name: str, version: str, scope: str) -> dict[str, Any]:
    purl = f"pkg:{kind}/{quote(name, safe='/')}@{quote(version, safe='')}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "scope": scope,
        "purl": purl,
    }


def _license(words: str) -> str | dict[str, str]:
    return words if " " in words else {"name": words}


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
