"""Writes the API's description to web/openapi.json, from which the web client's types are made.

    .venv/bin/python scripts/openapi.py && npm --prefix web run api

`make test` fails when either is older than the code.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from matinee.entrypoints.api.app import build
from matinee.entrypoints.parts import assemble, load_settings

FILE = Path(__file__).resolve().parents[1] / "web" / "openapi.json"


def document() -> dict[str, Any]:
    """The OpenAPI document of the code; no database is asked."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), database_url="postgresql://nobody@localhost/none")
        return build(assemble(settings)).openapi()


def text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
