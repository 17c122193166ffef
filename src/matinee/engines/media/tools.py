"""What the caller hands to the media engine: where ffmpeg is, and how to run a child process under limits.

Never starts a process by itself and never looks for programs.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

GIB = 1024**3
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
"""What a disk answers that is full or broken: no fault of the file on it."""


class Ended(Protocol):
    """How a child ended. A child stopped for `hung` or `timed_out` did not end by itself."""

    @property
    def returncode(self) -> int: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def tail(self) -> str: ...
    @property
    def hung(self) -> bool: ...
    @property
    def timed_out(self) -> bool: ...
    @property
    def ok(self) -> bool: ...


class Run(Protocol):
    """Runs one child to its end; kills its group when it is cancelled. `on_output` gets pieces of stdout and
    says whether they show progress; without progress for `quiet_s` the child is hung."""

    async def __call__(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        memory_bytes: int | None = None,
        cpu_s: int | None = None,
        file_size_bytes: int | None = None,
        open_files: int | None = None,
        wall_s: float | None = None,
        quiet_s: float | None = None,
        on_output: Callable[[bytes], bool] | None = None,
    ) -> Ended: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """`quiet_s`: a child without progress for so long is hung. `threads`: per encoder, 0 lets it choose."""

    ffmpeg: Path
    run: Run
    quiet_s: float = 60.0
    threads: int = 0
    memory_bytes: int = 12 * GIB


class Rejected(Exception):
    """The input is refused. `sentence` is for the person who sent it, `detail` for the one who runs the
    site."""

    def __init__(self, code: str, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.detail = detail


class EncodeFailed(Exception):
    """ffmpeg died or hung. `tail` holds its last lines."""

    def __init__(self, sentence: str, tail: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.tail = tail


class NotCopyable(Exception):
    """This source cannot be played as it is: it has to be encoded."""


# The package's own __init__ brings in everything, event loop included; a reader needs a fifth of it and is started
# for every upload. So the package is known to it as a bare folder.
_START = """
import runpy, sys, types
sys.argv = sys.argv[1:]
package = types.ModuleType("matinee.engines.media")
package.__path__ = [sys.argv.pop(1)]
sys.modules["matinee.engines.media"] = package
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def answer_of(ended: Ended, *, thing: str) -> dict[str, Any]:
    """What one of our own reading modules said of `thing`. Raises `Rejected`; OSError where a disk failed it; and
    `EncodeFailed` where it was stopped without having used up its processor time, which says nothing of `thing`."""
    if ended.hung or ended.timed_out:
        raise EncodeFailed(
            f"The reader of the {thing} stood still: this machine or its disk is busy.", ended.tail
        )
    if ended.returncode == -signal.SIGKILL:
        raise EncodeFailed(f"The reader of the {thing} was killed.", ended.tail)
    if ended.returncode == -signal.SIGXCPU:
        raise Rejected("unsupported", f"Reading this {thing} takes too long: it may be damaged.", ended.tail)
    try:
        answer: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        detail = f"reader ended with {ended.returncode}: {ended.tail[-1000:]}"
        raise Rejected("unsupported", f"This {thing} cannot be read: it may be damaged.", detail) from None
    if "disk" in answer:
        raise OSError(answer["disk"], os.strerror(answer["disk"]))
    if "rejected" in answer:
        raise Rejected(answer["rejected"], answer["sentence"], answer["detail"])
    return answer


def python_child(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command line and environment that run one of this package's modules in a fresh interpreter, wherever we are
    installed.

    `-P -s` keep the working folder (which holds a stranger's file) and the user's packages off the import path.
    """
    here = Path(__file__).parent
    return (
        [sys.executable, "-P", "-s", "-c", _START, module, str(here), *arguments],
        {"PYTHONPATH": str(here.parents[2])},
    )
