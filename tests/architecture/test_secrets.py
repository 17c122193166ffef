"""No password comes with the house: whoever deploys it makes each, and no file of the repository holds one."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from matinee.features.accounts.rules import TOKEN_PREFIX
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
# Each with a text that it must find, in halves, so that it does not find it here.
SHAPES = {
    r"-----BEGIN [A-Z ]*PRIVATE KEY": "-----BEGIN EC " + "PRIVATE KEY-----",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b": "AKIA" + "IOSFODNN7" + "EXAMPLE",
    r"\bgh[oprsu]_\w{36}|\bgithub_pat_\w{22}": "ghp_" + "a1" * 18,
    r"\bglpat-[\w-]{20}": "glpat-" + "a1" * 10,
    r"\bxox[abeprs]-[\w-]{10}": "xoxb-" + "1234567890",
    r"\b[rs]k_live_\w{16}|\bwhsec_\w{24}": "sk_live_" + "a1" * 8,
    r"\bAIza[\w-]{35}": "AIza" + "a1" * 17 + "a",
    r"\bpypi-AgE\w{20}": "pypi-AgE" + "a1" * 10,
    r"\bnpm_\w{36}": "npm_" + "a1" * 18,
    r"\bhf_[A-Za-z]{34}": "hf_" + "ab" * 17,
    r"\bSG\.[\w-]{22}\.[\w-]{43}": "SG." + "a1" * 11 + "." + "a1" * 21 + "a",
    r"\beyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16}": "eyJ" + "a1" * 8 + ".eyJ" + "a1" * 8 + "." + "a1" * 8,
    rf"\b{TOKEN_PREFIX}[\w-]{{32}}": TOKEN_PREFIX + "a1" * 16,
    r"\w://[^\s:/@{}<>$\"']+:(?!//)[^\s:/@{}<>$\"']{16,}@": "smtps://house:" + "correct.battery.staple@mail",
}
_SECRET = r"\w*(?:PASSWORD|SECRET|MEDIA_KEY)\w*(?<!_DAYS)"


def test_compose_starts_with_no_password_of_its_own() -> None:
    used: set[str] = set()
    for path in sorted(DEPLOY.glob("compose*.yaml")):
        found = re.findall(rf"\$\{{({_SECRET})(?::?([-?+])[^}}]*)?\}}", path.read_text(encoding="utf-8"))
        assert {sign for _, sign in found} <= {"?", ""}, f"{path.name} has a default for a secret"
        assert {name for name, _ in found} == {name for name, sign in found if sign == "?"}, path.name
        used |= {name for name, _ in found}
    assert {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "MATINEE_S3_SECRET_KEY"} <= used


def test_the_example_holds_no_secret() -> None:
    text = (DEPLOY / "env.production.example").read_text(encoding="utf-8")
    lines = re.findall(rf"^(?:# )?({_SECRET})=(.*)$", text, re.MULTILINE)
    assert {"POSTGRES_PASSWORD", "MATINEE_SECRET", "MATINEE_MEDIA_KEY"} <= {name for name, _ in lines}
    assert [name for name, value in lines if value] == []


def _files() -> Iterator[Path]:
    """What git holds, or would on `git add .`; in a copy without git, every file that is no part made here."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        yield from (ROOT / name for name in listed if name and (ROOT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        made = {".venv", ".build", ".data", "node_modules", "dist"}
        yield from (one for one in ROOT.rglob("*") if one.is_file() and not made & set(one.parts))


def test_no_file_holds_what_looks_like_a_secret() -> None:
    shapes = re.compile("|".join(f"(?:{shape})" for shape in SHAPES))
    found, looked_at = [], 0
    for path in _files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        looked_at += 1
        found += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, hit.start()) + 1}"
            for hit in shapes.finditer(text)
        ]
    assert found == [], "take it out, and make another: whoever has the history has it"
    assert looked_at > 500


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_of_each_shape_would_be_found(shape: str) -> None:
    assert re.search(shape, f"password = {SHAPES[shape]}")
