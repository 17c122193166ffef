"""What the room may be told. Never read outside `Work.settings`."""

from pydantic import Field

from matinee.kernel.settings import Concern


class FilesSettings(Concern):
    """Uploads and storage."""

    max_upload_bytes: int = Field(
        20_000_000_000, ge=1, le=1 << 50, description="Largest file that may be uploaded, in bytes."
    )
    quota_bytes: int = Field(
        100_000_000_000, ge=0, le=1 << 50, description="Bytes of uploaded files that an account may keep."
    )
    max_duration_s: float = Field(
        43_200, gt=0, le=604_800, description="Longest video that is taken, in seconds."
    )
    upload_expires_h: float = Field(
        48, gt=0, le=8760, description="Hours after which an upload without new bytes is dropped."
    )
    upload_lease_s: float = Field(
        4,
        ge=1,
        le=60,
        description="Seconds of silence after which another connection may go on with an upload.",
    )
    disk_reserve_bytes: int = Field(
        1_000_000_000, ge=0, le=1 << 50, description="Free disk space that uploads never use up, in bytes."
    )
