"""What the room may be told. Never read outside `Work.settings`."""

from pydantic import Field, field_validator

from matinee.infra.reach import Hosts, Ports, parse_networks
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
    imports_at_once: int = Field(
        3,
        ge=0,
        le=64,
        description="Files fetched from addresses side by side in the whole house; 0 for none ever.",
    )
    imports_each: int = Field(
        2, ge=1, le=64, description="Files fetched from addresses side by side for one account."
    )
    import_ports: str = Field(
        "80,443", description="Ports that an address to fetch from may name, such as 80,443,8000-8100."
    )
    import_hosts: str = Field(
        "",
        description="Hosts, comma separated, that files may be fetched from, such as films.example or *.films.example,"
        " which is every name below it; they are looked at at each redirect, too. Default: any.",
    )
    import_networks: str = Field(
        "",
        description="Private networks, comma separated, that everybody who may import may fetch files from, such"
        " as 192.168.1.20/32 for a NAS. Default: none, only the open internet.",
    )
    import_max_h: float = Field(24, gt=0, le=720, description="Hours after which a fetch is given up.")
    import_least_bytes_per_s: float = Field(
        1_000, ge=0, description="A server that sends less over a minute is left, and asked again later."
    )

    @field_validator("import_ports")
    @classmethod
    def _ports(cls, value: str) -> str:
        Ports.parse(value)
        return value

    @field_validator("import_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        Hosts.parse(value)
        return value

    @field_validator("import_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        parse_networks(value)
        return value
