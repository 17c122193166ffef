"""What dead processes leave is swept, and nothing that lives is touched."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from matinee.infra import scratch


def test_folders_of_dead_processes_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = socket.gethostname()
    root = tmp_path / "scratch"
    names = [
        f"{host}-{dead.pid}",
        f"{host}-{os.getppid()}",
        "elsewhere-1",
        "elsewhere-2",
        scratch.process_name(),
    ]
    for name in names:
        (root / name / "video" / "step").mkdir(parents=True)
    old = time.time() - 3 * 86_400
    os.utime(root / "elsewhere-2", (old, old))
    assert scratch.sweep(tmp_path) == 3
    assert sorted(path.name for path in root.iterdir()) == sorted([f"{host}-{os.getppid()}", "elsewhere-1"])
    assert scratch.sweep(tmp_path / "nowhere") == 0
