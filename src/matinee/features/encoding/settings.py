"""Settings of the room."""

from pathlib import Path

from pydantic import Field, model_validator

from matinee.infra.clamd import Place
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


class ScanSettings(Concern):
    """A virus scanner that files of people go past before they are decoded: clamd of ClamAV."""

    clamd_url: str = Field(
        "",
        description="Where it listens: tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl. Default: none.",
    )
    clamd_allow_plain: bool = Field(
        False,
        description="Hand files to a scanner on another machine; it speaks no TLS. Loopback needs no permission.",
    )
    clamd_bytes: int = Field(
        100_000_000,
        ge=1,
        le=4_000_000_000,
        description="Bytes of each file, from its beginning, that it looks through: at most the StreamMaxLength of its"
        " own settings.",
    )

    @property
    def place(self) -> Place | None:
        return Place.parse(self.clamd_url, allow_plain=self.clamd_allow_plain) if self.clamd_url else None

    @model_validator(mode="after")
    def _whole(self) -> "ScanSettings":
        _ = self.place
        return self
