"""Folders that a process claims: the kernel's lock on the folder itself, which ends with its process however that ends.

So a folder that nobody claims is left over, and whoever finds it may remove it. Never waits.
"""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from matinee.kernel.errors import Unavailable
from matinee.kernel.ids import new_id


class Claim:
    """A lock on `folder`, alone or shared with others of this machine."""

    def __init__(self, folder: Path, handle: int) -> None:
        self.folder = folder
        self._handle = handle

    @classmethod
    def of(cls, folder: Path, *, alone: bool) -> "Claim | None":
        """None while somebody else's claim stands against it, or when the folder is gone."""
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            # Removed, and perhaps made anew, between the two calls: then the lock is on what nobody sees.
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return cls(folder, handle)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        return None

    def share(self) -> bool:
        """Let others share it from now on. False when it was lost on the way, which the kernel allows."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def remove(self) -> None:
        """The folder with all that is in it. The claim stays until `end`."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self) -> None:
        os.close(self._handle)


@contextlib.contextmanager
def workplace(base: Path) -> Iterator[Path]:
    """A new folder below `base`, for as long as the block runs. One that a dead process left goes with `tidy`."""
    while True:
        folder = base / str(new_id())
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Unavailable(f"The disk of the folder `{base.name}` is full.") from error
            raise Unavailable(f"The folder `{base.name}` cannot be used: {error.strerror}.") from error
        if (claim := Claim.of(folder, alone=True)) is not None:
            break
    try:
        yield folder
    finally:
        claim.remove()
        claim.end()


def tidy(base: Path) -> int:
    """Remove the folders below `base` that no living process claims. Returns how many."""
    count = 0
    for folder in [path for path in base.iterdir() if path.is_dir()] if base.is_dir() else []:
        if (claim := Claim.of(folder, alone=True)) is not None:
            claim.remove()
            claim.end()
            count += 1
    return count
