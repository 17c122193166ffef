"""Failures with stable codes."""

from matinee.kernel.errors import Conflict, NotFound


class EncodeNotFound(NotFound):
    code = "encoding.not_found"
    sentence = "This video has no encode."


class StepNotFound(NotFound):
    code = "encoding.step_not_found"
    sentence = "This encode has no such step."


class StepBusy(Conflict):
    code = "encoding.step_busy"
    sentence = "The encode is under way: wait for its end, or cancel it first."


class NothingToRetry(Conflict):
    code = "encoding.nothing_to_retry"
    sentence = "Only an encode that failed or was cancelled can be tried again."
