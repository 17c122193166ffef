"""Settings of the room."""

from pydantic import Field, SecretStr

from matinee.kernel.settings import Concern


class VideosSettings(Concern):
    """Who may fetch media, and for how long; how many videos one account may hold."""

    media_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that signs addresses of private media, the same on every machine of the house. Default:"
        " made once, in DATA_DIR/media-key (0600).",
    )
    media_key_former: SecretStr | None = Field(
        None,
        min_length=32,
        description="The media key that was replaced: addresses that it signed go on until they end.",
    )
    media_grant_s: int = Field(
        21_600, ge=60, le=604_800, description="Seconds that a signed address of private media stays valid."
    )
    videos_most: int = Field(
        10_000, ge=0, description="Videos that one account may hold; 0 for no bound but the quota of bytes."
    )
    resume_days: int = Field(
        730,
        ge=0,
        le=36_500,
        description="Days for which is kept where somebody stopped in a video; 0 for ever.",
    )
    withdrawn_s: int = Field(
        3_600,
        ge=0,
        le=86_400,
        description="Seconds that a rendition outlives its place in the master, so that running players end in peace.",
    )
