"""Failures with stable codes."""

from matinee.kernel.errors import Conflict, NotFound


class EncodeNotFound(NotFound):
    code = "encoding.not_found"
    sentence = "This video has no encode."


class NothingToRetry(Conflict):
    code = "encoding.nothing_to_retry"
    sentence = "Only an encode that failed or was cancelled can be tried again."
