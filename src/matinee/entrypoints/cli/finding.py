"""What a check of `matinee doctor` found. Never longer than one line each for what is so and how to mend it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`warn`: the house works and something deserves a look. `fail`: it does not work, or not safely."""

    name: str
    state: State
    said: str
    mend: str = ""

    @classmethod
    def ok(cls, name: str, said: str) -> "Finding":
        return cls(name, "ok", said)

    @classmethod
    def warn(cls, name: str, said: str, mend: str) -> "Finding":
        return cls(name, "warn", said, mend)

    @classmethod
    def fail(cls, name: str, said: str, mend: str) -> "Finding":
        return cls(name, "fail", said, mend)
