"""Settings of the room."""

from pydantic import Field

from matinee.kernel.settings import Concern


class PeopleSettings(Concern):
    """Handles: how often they change, and how long an old one leads on."""

    handle_kept_days: int = Field(
        90,
        ge=0,
        le=3650,
        description="Days for which a handle that somebody gave up leads to their new one and is nobody else's.",
    )
    handle_changes: int = Field(
        3, ge=0, le=1000, description="How often one may change one's handle in 30 days; 0 for never."
    )
