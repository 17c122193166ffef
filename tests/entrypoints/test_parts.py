"""What setting up a clone asks of the person who does it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
_ASK = "import parts; print(parts.environment().get('npm_config_cache', ''))"


@pytest.mark.parametrize(("home", "kept_here"), [("there", False), ("there/not", True)])
def test_a_user_without_a_home_sets_up_a_clone(tmp_path: Path, home: str, kept_here: bool) -> None:
    (tmp_path / "there").mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "npm_config_cache"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=SCRIPTS, env=environment | {"HOME": str(tmp_path / home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    cache = done.stdout.strip()
    assert cache == (str(SCRIPTS.parent / ".build" / "npm") if kept_here else "")
