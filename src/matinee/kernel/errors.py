"""The five families of failure. Rooms subclass them with a stable `code`; only `infra.http` knows status codes."""

from typing import Any, ClassVar


class MatineeError(Exception):
    """A failure with a stable code and a sentence that a person understands. `told` names the facts that go out with
    them."""

    code: ClassVar[str] = "house.error"
    sentence: ClassVar[str] = "Something went wrong."
    told: ClassVar[tuple[str, ...]] = ()

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.sentence
        self.facts = facts
        super().__init__(self.detail)


class NotFound(MatineeError):
    """It does not exist, or the actor may not know that it does."""

    code = "house.not_found"
    sentence = "There is nothing here."


class Refused(MatineeError):
    """The actor may not do this."""

    code = "house.refused"
    sentence = "You may not do this."
    told: ClassVar[tuple[str, ...]] = ("permission",)

    def about(self, permission: str) -> "Refused":
        """The same refusal of another thing."""
        return type(self)(self.detail, **{**self.facts, "permission": permission})


class NotSignedIn(Refused):
    """Nobody is signed in, and the operation needs somebody."""

    code = "house.not_signed_in"
    sentence = "Sign in first."


class TooMany(Refused):
    """Tried too often for now. The fact `retry_after_s` says when another try is worth it."""

    code = "house.too_many"
    sentence = "That was too often. Wait a little and try again."


class Conflict(MatineeError):
    """The present state does not allow this; another try later may succeed."""

    code = "house.conflict"
    sentence = "This does not fit the present state."


class Invalid(MatineeError):
    """The input cannot be used as it is."""

    code = "house.invalid"
    sentence = "This input cannot be used."


class TooLarge(Invalid):
    """The input is larger than a limit; refused before its bytes are taken."""

    code = "house.too_large"
    sentence = "This is larger than allowed."


class Unavailable(MatineeError):
    """A part that is needed does not answer now."""

    code = "house.unavailable"
    sentence = "A part of the house does not answer. Try again in a moment."


class NotNow(Unavailable):
    """A job needs something that is away: no failure of the job, which is tried until it is back."""

    code = "house.not_now"
