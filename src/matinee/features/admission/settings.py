"""Settings of the room. What is not set here, operators choose on their page."""

from pydantic import Field

from matinee.features.admission.schemas import Mode
from matinee.kernel.settings import Concern


class AdmissionSettings(Concern):
    """Sign-up: who may make an account."""

    signup: Mode | None = Field(
        None,
        description="Who may make accounts: `open` everybody, `invitation` who was invited, `approval` whom an operator"
        " lets in, `closed` nobody. Default: what operators chose with `matinee signup set` or at /run/sign-ups;"
        " `open` at first.",
    )
    signup_work: bool | None = Field(
        None,
        description="Whether the computer of who signs up has to work for a second, against robots. Default: as"
        " operators chose; no at first. Machines that answer requests then need the same MATINEE_SECRET.",
    )
    signup_calm: int = Field(
        30,
        ge=1,
        le=1_000_000,
        description="Sign-ups in an hour that are nothing unusual; beyond them that work grows, up to ten times.",
    )
    signup_waiting_most: int = Field(
        500, ge=1, le=100_000, description="People who may wait to be let in at a time."
    )
