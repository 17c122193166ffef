"""Settings of the box and its workers: where the house keeps its data, where it answers, how much it does at once."""

import ipaddress
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from matinee.kernel import secret_files
from matinee.kernel.settings.concern import Concern

_USUAL_PORTS = (80, 443, 8000)


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


class HouseSettings(Concern):
    """The box: where it keeps its data and where it answers."""

    data_dir: Path = Field(Path(".data"), description="Folder for database, blobs, keys and logs.")
    secrets_dir: Path | None = Field(
        None,
        description="Folder of files that hold secrets, each named like its setting, such as MATINEE_SECRET or"
        " matinee_secret: what systemd, Docker, Kubernetes or a vault's agent lays there. Environment and .env win.",
    )
    host: str = Field("127.0.0.1", description="Address to bind. Loopback unless you put a proxy in front.")
    port: int = Field(8000, ge=1, le=65535, description="Port to bind.")
    public_url: str | None = Field(
        None, description="Address people use, such as https://films.example. Default: http://localhost:PORT."
    )
    allowed_hosts: str = Field(
        "", description="More host names, comma separated, that requests may name beside those of PUBLIC_URL."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of proxies, comma separated, whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed. Default: nobody's.",
    )
    web_dir: Path | None = Field(None, description="Folder of the built web client. Default: web/dist.")
    log_format: Literal["json", "console"] = Field("json", description="Form of the log lines on stderr.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    shutdown_s: float = Field(10, gt=0, le=600, description="Seconds given to running work at shutdown.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("secrets_dir")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is None or value == Path():  # set and empty
            return None
        folder = value.expanduser().absolute()
        try:
            found = secret_files.secret_files(folder)
        except OSError:
            raise ValueError(f"{folder} is no folder that can be read") from None
        for file in found.values():
            secret_files.read(file)
        return folder

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+/?", value):
            raise ValueError("name it as https://films.example, without a path")
        return value or None

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for word in _words(value):
            try:
                ipaddress.ip_network(word)
            except ValueError as error:
                raise ValueError(
                    f"{error}; name addresses or networks such as 10.0.0.2 or 10.0.0.0/24"
                ) from None
        return value

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies, one by one."""
        return _words(self.trusted_proxies)

    def cookie(self, name: str) -> str:
        """`name`, told apart from that of a house at another port: browsers send cookies to every port of a host."""
        port = urlsplit(self.address).port
        return name if port in (None, *_USUAL_PORTS) else f"{name}_{port}"

    @property
    def address(self) -> str:
        """The public address without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")


class WorkerSettings(Concern):
    """How many jobs of each lane one worker runs side by side."""

    worker_io: int = Field(8, ge=1, le=200, description="Jobs of lane `io` side by side in one worker.")
    worker_cpu: int = Field(2, ge=1, le=64, description="Jobs of lane `cpu` side by side in one worker.")
    worker_gpu: int = Field(1, ge=1, le=16, description="Jobs of lane `gpu` side by side in one worker.")
    stalled_after_s: float = Field(
        30,
        ge=2,
        le=3600,
        description="Seconds without a heartbeat after which a worker's jobs are taken over.",
    )
