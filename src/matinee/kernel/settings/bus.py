"""Settings of what carries signals between processes."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from matinee.kernel.settings.concern import Concern
from matinee.kernel.settings.loopback import is_loopback


class BusSettings(Concern):
    """Signals between processes, lost without harm."""

    bus: Literal["memory", "postgres", "redis"] = Field(
        "postgres", description="Carrier of live signals. `memory` only where one process does everything."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="redis://… or rediss://… of a Redis or Valkey, for the bus `redis`. Houses that share a server"
        " use different database numbers.",
    )
    redis_allow_plain: bool = Field(
        False, description="Talk to a Redis on another machine without TLS. Loopback needs no permission."
    )

    @model_validator(mode="after")
    def _whole(self) -> "BusSettings":
        if self.bus == "redis" and self.redis_url is None:
            raise ValueError("MATINEE_BUS=redis needs MATINEE_REDIS_URL")
        if self.redis_url is not None:
            _check_redis(self.redis_url.get_secret_value(), allow_plain=self.redis_allow_plain)
        return self


def _check_redis(url: str, *, allow_plain: bool) -> None:
    """The password goes to whoever answers, and whoever stands between could tell pages anything."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("redis", "rediss"):
        raise ValueError("MATINEE_REDIS_URL must begin with redis:// or rediss:// and name a host")
    if parts.scheme == "redis" and not (allow_plain or is_loopback(host)):
        raise ValueError(
            "MATINEE_REDIS_URL names another machine without TLS: write rediss://, or set"
            " MATINEE_REDIS_ALLOW_PLAIN=true where the network between is your own"
        )
