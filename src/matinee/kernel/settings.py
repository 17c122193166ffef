"""Settings: one class per concern, loaded once by the entrypoint. Nothing reads the environment at import."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

C = TypeVar("C", bound="Concern")


class Concern(BaseSettings):
    """Base of every settings class: fields come from `MATINEE_<FIELD>` in the environment or `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="MATINEE_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


class HouseSettings(Concern):
    """The box: where it keeps its data and where it answers."""

    data_dir: Path = Field(Path(".data"), description="Folder for database, blobs, keys and logs.")
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

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for word in _words(value):
            try:
                ip_network(word)
            except ValueError as error:
                raise ValueError(
                    f"{error}; name addresses or networks such as 10.0.0.2 or 10.0.0.0/24"
                ) from None
        return value

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies, one by one."""
        return _words(self.trusted_proxies)

    @property
    def address(self) -> str:
        """The public address without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")


class DatabaseSettings(Concern):
    """PostgreSQL. Without an address the embedded server of this data folder is used."""

    database_url: SecretStr | None = Field(
        None, description="postgresql://… of a server ≥ 15. Default: the embedded server under DATA_DIR."
    )
    pg_bin: Path | None = Field(
        None, description="Folder of other PostgreSQL binaries for the embedded server."
    )
    pool_size: int = Field(10, ge=1, le=200, description="Connections that one process keeps open.")
    pool_overflow: int = Field(20, ge=0, le=500, description="More connections that one process may open.")


class BusSettings(Concern):
    """Signals between processes, lost without harm."""

    bus: Literal["memory", "postgres"] = Field(
        "postgres", description="Carrier of live signals. `memory` only where one process does everything."
    )


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


HOUSE_CONCERNS: tuple[type[Concern], ...] = (HouseSettings, DatabaseSettings, BusSettings, WorkerSettings)


class Settings:
    """All concerns of one process, each loaded once."""

    def __init__(self, concerns: dict[type[Concern], Concern]) -> None:
        self._concerns = concerns

    @classmethod
    def load(cls, *classes: type[Concern], **overrides: Any) -> "Settings":
        """From environment and `.env`; `overrides` are field values that win over both.

        Raises pydantic's `ValidationError`, which names each wrong variable.
        """
        wanted = dict.fromkeys((*HOUSE_CONCERNS, *classes))
        return cls({c: c(**{k: v for k, v in overrides.items() if k in c.model_fields}) for c in wanted})

    def of(self, concern: type[C]) -> C:
        """The loaded values of one concern."""
        return self._concerns[concern]  # type: ignore[return-value]

    @property
    def house(self) -> HouseSettings:
        return self.of(HouseSettings)

    @property
    def all(self) -> list[Concern]:
        return list(self._concerns.values())
