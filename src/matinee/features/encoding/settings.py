"""Settings of the room."""

from pathlib import Path

from pydantic import Field

from matinee.kernel.settings import Concern


class EncodingSettings(Concern):
    """How sources are checked and encoded."""

    ffmpeg: Path | None = Field(
        None, description="Another ffmpeg. Default: the one that came with the install."
    )
    encoder_threads: int = Field(0, ge=0, le=64, description="Threads of one encoder; 0 lets it choose.")
    encoder_gives_way: bool = Field(
        True,
        description="Encoding that nobody waits for yet takes only what everything else on the machine leaves of its"
        " processors. `false` where something else keeps them busy all the time.",
    )
    encode_quiet_s: float = Field(
        60,
        ge=1,
        le=3600,
        description="Seconds without progress after which an ffmpeg counts as hung and is killed.",
    )
    source_cache_gb: float = Field(
        50,
        ge=0,
        le=1_000_000,
        description="GB of sources from a bucket that a machine keeps at hand, in DATA_DIR/cache. What is in use stays"
        " beyond that.",
    )
    hold_dir: Path | None = Field(
        None, description="For tests: a step waits as long as a file of its name lies in this folder."
    )
