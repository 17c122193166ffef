"""What dead processes leave is swept, and nothing that lives is touched."""

import signal
import subprocess
import sys
from pathlib import Path

from matinee.infra import scratch

WORK = """
import sys, time
from pathlib import Path
from matinee.infra import scratch
with scratch.workplace(Path(sys.argv[1])) as folder:
    (folder / "half").write_bytes(b"half")
    print(folder, flush=True)
    time.sleep(60)
"""


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
