"""Settings of PostgreSQL, and which lines to it are safe enough."""

import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from matinee.kernel.settings.concern import Concern
from matinee.kernel.settings.loopback import is_loopback


class DatabaseSettings(Concern):
    """PostgreSQL. Without an address the embedded server of this data folder is used."""

    database_url: SecretStr | None = Field(
        None,
        description="postgresql://… of a server ≥ 15; one on another machine with ?sslmode=verify-full. Default: the"
        " embedded server under DATA_DIR.",
    )
    database_allow_plain: bool = Field(
        False,
        description="Talk to a server on another machine without TLS that is checked. Loopback needs no permission.",
    )
    pg_bin: Path | None = Field(
        None, description="Folder of other PostgreSQL binaries for the embedded server."
    )
    pool_size: int = Field(10, ge=1, le=200, description="Connections that one process keeps open.")
    pool_overflow: int = Field(20, ge=0, le=500, description="More connections that one process may open.")
    database_answer_s: float = Field(
        30,
        gt=0,
        le=3600,
        description="Seconds that the server may take over one statement before its connection counts as lost.",
    )

    @model_validator(mode="after")
    def _checked_tls(self) -> "DatabaseSettings":
        """Weaker modes of TLS believe whoever answers, and would give a stranger the password."""
        if self.database_url is None or self.database_allow_plain:
            return self
        host, mode = _host_and_mode(self.database_url.get_secret_value())
        if host is not None and mode != "verify-full":
            raise ValueError(
                f"MATINEE_DATABASE_URL names another machine without sslmode=verify-full: add ?sslmode=verify-full"
                f"{'' if mode is None else f' instead of {mode}'}, with sslrootcert=FILE or system, or set"
                " MATINEE_DATABASE_ALLOW_PLAIN=true where the network between is your own"
            )
        return self


def _host_and_mode(url: str) -> tuple[str | None, str | None]:
    """A host that is not this machine, else None, and the TLS mode that a PostgreSQL address asks for. Several hosts,
    and those that the query names, count one by one."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise ValueError("MATINEE_DATABASE_URL cannot be read as an address") from None
    if parts.scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ValueError("MATINEE_DATABASE_URL must start with postgresql://")
    named = parts.netloc.rpartition("@")[2].split(",")
    hosts = [re.sub(r":\d*$", "", host).strip("[]") for host in named]
    # With `hostaddr` the host is but a name to check: where bytes go is the address.
    hosts += [
        host
        for word in ("host", "hostaddr", "service")
        for value in query.get(word, [])
        for host in value.split(",")
    ]
    elsewhere = [unquote(host) for host in hosts if not _is_here(unquote(host))]
    modes = query.get("sslmode", [])
    return (elsewhere[0] if elsewhere else None), (modes[-1] if modes else None)


def _is_here(host: str) -> bool:
    """Whether a host of libpq's is this machine: none at all, the folder of a socket, or loopback."""
    return not host or host.startswith(("/", "@")) or is_loopback(host)
