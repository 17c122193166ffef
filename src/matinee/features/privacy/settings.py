"""Settings of the room."""

from pydantic import Field

from matinee.kernel.settings import Concern


class PrivacySettings(Concern):
    """Copies that people take of all about them."""

    copy_days: int = Field(7, ge=1, le=90, description="Days for which a copy can be fetched.")
    copies_per_day: int = Field(3, ge=1, le=100, description="Copies that one may ask for in 24 hours.")
    copy_most_bytes: int = Field(
        100_000_000_000,
        ge=1_000_000,
        description="Bytes of films in one copy; those that fit no more are named in it and left out.",
    )
