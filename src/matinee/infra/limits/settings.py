"""Settings of the limits."""

from pydantic import Field

from matinee.kernel.settings import Concern

_MOST = 10_000_000


class LimitSettings(Concern):
    """How often one may ask in a minute; 0 lets everybody. Who was away may use a whole minute's worth at once."""

    limit_reads: int = Field(1200, ge=0, le=_MOST, description="Reads a minute of one account or program.")
    limit_writes: int = Field(
        240, ge=0, le=_MOST, description="Changes a minute of one account or program, over all processes."
    )
    limit_uploads: int = Field(
        120,
        ge=0,
        le=_MOST,
        description="Uploads and imports that one account or program may begin in a minute, over all processes.",
    )
    limit_sign_ins: int = Field(
        30,
        ge=0,
        le=_MOST,
        description="Sign-ins, sign-ups and letters that one address may ask for in a minute, over all processes.",
    )
    limit_sign_ins_at_once: int = Field(
        4,
        ge=0,
        le=1000,
        description="Such requests that one process works on side by side; fifty more wait, and who comes then is told"
        " to come again.",
    )
    limit_media: int = Field(
        6000, ge=0, le=_MOST, description="Segments, pictures and pieces of uploads a minute of one address."
    )
    limit_sockets: int = Field(
        50, ge=0, le=_MOST, description="Sockets that one account may hold open at a time, in each process."
    )
    limit_address_factor: int = Field(
        10,
        ge=1,
        le=1000,
        description="How many accounts' worth of reads, changes and sockets one address may have.",
    )
