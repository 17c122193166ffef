"""Why a step failed, in one sentence that owner and operator understand. Never shows a path, a query or a trace."""

import contextlib
import errno
from collections.abc import Iterator

from psycopg import Error as DatabaseError
from sqlalchemy.exc import SQLAlchemyError

from matinee.engines.media import EncodeFailed
from matinee.infra.db import is_full
from matinee.kernel.errors import MatineeError, NotNow, Unavailable

DISK_FULL = "The disk of the house's working folder is full."
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DISKS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "File too large")


class StepFailed(Exception):
    """A try of a step failed. Its text is a sentence for people."""


class DiskFailed(StepFailed):
    """A disk that the step needs is full or broken: no fault of its film."""


class StoreFailed(StepFailed):
    """The store that the step needs does not answer, or not well: no fault of its film, and often over soon."""


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """Whatever fails inside the block is raised as `StepFailed`."""
    try:
        yield
    except StepFailed:
        raise
    except Exception as error:
        raise _kind_of(error)(sentence_of(error)) from error


def _kind_of(error: Exception) -> type[StepFailed]:
    if _blames_a_disk(error):
        return DiskFailed
    return StoreFailed if _blames_the_store(error) else StepFailed


def _blames_a_disk(error: BaseException | None) -> bool:
    """What ffmpeg calls an input or output error is not believed: broken films make it say so, too."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _DISKS:
            return True
        if isinstance(error, EncodeFailed) and sentence_of(error) == DISK_FULL:
            return True
        error = error.__cause__
    return False


def _blames_the_store(error: BaseException) -> bool:
    """Nothing else that a step needs is `Unavailable` by itself: a database that is away is so for another reason."""
    of_itself = error.__cause__ is None or isinstance(error.__cause__, OSError)
    return isinstance(error, Unavailable) and not isinstance(error, NotNow) and of_itself


def waits_for(error: BaseException) -> str | None:
    """What a step is put off for without fault of its film; None where it has simply failed."""
    if isinstance(error, NotNow):
        return error.detail
    if _blames_a_disk(error) or _blames_the_store(error):
        return f"{sentence_of(error)} It goes on by itself once that is mended."
    return None


def sentence_of(error: BaseException) -> str:
    if isinstance(error, EncodeFailed):
        return DISK_FULL if any(words in error.tail for words in _FULL_WORDS) else error.sentence
    if isinstance(error, MatineeError):
        return error.detail
    if isinstance(error, (SQLAlchemyError, DatabaseError)):
        full = is_full(error)
        return "The disk of the house's database is full." if full else "The house's database did not answer."
    if isinstance(error, OSError):
        return (
            DISK_FULL
            if error.errno in _FULL
            else f"This machine failed: {error.strerror or 'unknown error'}."
        )
    return "Something unforeseen happened; the operator sees it in the log."
