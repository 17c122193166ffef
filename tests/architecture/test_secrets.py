"""No password comes with the house: whoever deploys it makes each."""

import re

from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"
_SECRET = r"\w*(?:PASSWORD|SECRET|MEDIA_KEY)\w*"


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
