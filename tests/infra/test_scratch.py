"""What dead processes leave is swept, and nothing that lives is touched."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from matinee.infra import scratch
from matinee.kernel.errors import Unavailable

WORK = """
import sys, time
from pathlib import Path
from matinee.infra import scratch
place = scratch.temporary() if sys.argv[2:] else scratch.workplace(Path(sys.argv[1]))
with place as folder:
    (folder / "half").write_bytes(b"half")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, of this test's own."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_folders_of_dead_processes_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WORK, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with scratch.workplace(tmp_path) as ours:
            assert scratch.sweep(tmp_path) == 0
            other.send_signal(signal.SIGKILL)
            other.wait()
            assert (theirs / "half").exists()
            assert scratch.sweep(tmp_path) == 1
            assert list((tmp_path / "scratch").iterdir()) == [ours]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert scratch.sweep(tmp_path / "nowhere") == 0


def test_temporary_folders_of_dead_processes_go_and_lie_outside_of_the_data(
    tmp_path: Path, system: Path
) -> None:
    data_dir = tmp_path / "data"
    command = [sys.executable, "-c", WORK, str(data_dir), "temporary"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        assert theirs.is_relative_to(system)
        assert scratch.sweep(data_dir) == 0
        other.kill()
        other.wait()
    assert (theirs / "half").exists()
    assert scratch.sweep(data_dir) == 1
    assert not theirs.exists()


def test_a_temporary_folder_that_somebody_else_laid_out_is_not_used(tmp_path: Path, system: Path) -> None:
    (system / f"matinee-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(Unavailable):
        scratch.temporary()
    assert scratch.sweep(tmp_path / "data") == 0
