"""What setting up a clone asks of the person who does it."""

import os
import shutil
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


def test_a_clone_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    clone = tmp_path / "a clone"
    shutil.copytree(SCRIPTS, clone / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (clone / ".build").write_text("no folder, so that root cannot write into it either")
    done = subprocess.run(
        [sys.executable, clone / "scripts" / "setup.py", "run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"This clone cannot be set up (File exists: {clone / '.build'})."
        " Let all of it belong to you, or use a clone of your own."
    ]
