"""Settings: one class per concern, loaded once by the entrypoint. Nothing reads the environment at import."""

import contextlib
import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from matinee.kernel import secret_files

C = TypeVar("C", bound="Concern")


class _SecretFiles(PydanticBaseSettingsSource):
    """Secrets alone, from files of `MATINEE_SECRETS_DIR`. What is wrong with the folder, `HouseSettings` says."""

    def __init__(self, settings_class: type[BaseSettings], folder: str | None) -> None:
        super().__init__(settings_class)
        self._files = {}
        if folder:
            with contextlib.suppress(OSError):
                self._files = secret_files.secret_files(Path(folder).expanduser())

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        file = self._files.get(f"matinee_{field_name}")
        if file is None or not is_secret(field):
            return None, field_name, False
        try:
            return secret_files.read(file), field_name, False
        except ValueError:
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self._fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def _fields(self) -> dict[str, FieldInfo]:
        return self.settings_cls.model_fields


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is never shown, and may come from a file."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


class Concern(BaseSettings):
    """Base of every settings class: fields come from `MATINEE_<FIELD>` in the environment, then `.env`; secrets also
    from files."""

    model_config = SettingsConfigDict(
        env_prefix="MATINEE_",
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        named = [
            source.env_vars.get("matinee_secrets_dir")
            for source in (env_settings, dotenv_settings)
            if isinstance(source, EnvSettingsSource)
        ]
        folder = next((one for one in named if one), None)
        return init_settings, env_settings, dotenv_settings, _SecretFiles(settings_cls, folder)


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
    return not host or host.startswith(("/", "@")) or _is_loopback(host)


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
    if parts.scheme == "redis" and not (allow_plain or _is_loopback(host)):
        raise ValueError(
            "MATINEE_REDIS_URL names another machine without TLS: write rediss://, or set"
            " MATINEE_REDIS_ALLOW_PLAIN=true where the network between is your own"
        )


class StorageSettings(Concern):
    """Where bytes are kept: in the data folder, or in a bucket of a store that speaks S3."""

    storage: Literal["local", "s3"] = Field(
        "local",
        description="`local`: below DATA_DIR. `s3`: in the bucket that the next settings name. Or all of them in one "
        "line: s3+https://KEY:SECRET@store.example/bucket/prefix?region=NAME, at Amazon s3://KEY:SECRET@bucket/prefix.",
    )
    s3_bucket: str = Field("", description="Name of the bucket. It must exist.")
    s3_prefix: str = Field(
        "", description="Everything is kept below this prefix, such as `films`. Default: the bucket's root."
    )
    s3_endpoint: str | None = Field(
        None, description="Address of the store, such as https://s3.films.example. Default: Amazon S3."
    )
    s3_region: str = Field("us-east-1", description="Region that requests are signed for.")
    s3_access_key: SecretStr | None = Field(
        None,
        description="Name of the access key. Default: AWS_ACCESS_KEY_ID, or the role of container or machine.",
    )
    s3_secret_key: SecretStr | None = Field(None, description="Secret of the access key.")
    s3_path_style: bool | None = Field(
        None,
        description="Name the bucket in the path instead of the host. Default: yes with S3_ENDPOINT, no at Amazon.",
    )
    s3_allow_http: bool = Field(
        False, description="Talk to a store on another machine without TLS. Loopback needs no permission."
    )
    s3_direct_uploads: bool = Field(
        False,
        description="Browsers send uploads straight to the bucket, which needs a CORS rule: `matinee storage cors`.",
    )
    s3_public_endpoint: str | None = Field(
        None, description="Address that browsers reach the store by, where it is not S3_ENDPOINT."
    )

    @model_validator(mode="before")
    @classmethod
    def _in_one_line(cls, values: Any) -> Any:
        line = values.get("storage") if isinstance(values, dict) else None
        return (
            values
            if not isinstance(line, str) or "://" not in line
            else _bucket(line) | values | {"storage": "s3"}
        )

    @model_validator(mode="after")
    def _whole(self) -> "StorageSettings":
        if self.storage == "local":
            return self
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", self.s3_bucket):
            raise ValueError("MATINEE_STORAGE=s3 needs MATINEE_S3_BUCKET, the name of a bucket")
        if bool(self.s3_access_key) != bool(self.s3_secret_key):
            raise ValueError("Set MATINEE_S3_ACCESS_KEY and MATINEE_S3_SECRET_KEY together, or neither")
        if not re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,127}(/(?!$)|$)){0,8}", self.s3_prefix):
            raise ValueError("MATINEE_S3_PREFIX is made of plain segments with / between, none at its ends")
        if not re.fullmatch(r"[a-z0-9-]{1,64}", self.s3_region):
            raise ValueError("MATINEE_S3_REGION must be a name such as eu-central-1")
        self._refuse("MATINEE_S3_ENDPOINT", self.s3_endpoint)
        self._refuse("MATINEE_S3_PUBLIC_ENDPOINT", self.s3_public_endpoint)
        return self

    def _refuse(self, name: str, endpoint: str | None) -> None:
        if endpoint is None:
            return
        try:
            parts = urlsplit(endpoint)
            port = parts.port
        except ValueError:
            raise ValueError(f"{name} cannot be read as an address") from None
        plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not plain:
            raise ValueError(f"{name} must be https://host or https://host:port, without a path")
        if parts.scheme == "http" and not (self.s3_allow_http or _is_loopback(parts.hostname)):
            raise ValueError(
                f"{name} is plain http to another machine: use https, or set MATINEE_S3_ALLOW_HTTP=true"
                " where the network between is your own"
            )


def _bucket(line: str) -> dict[str, Any]:
    """The settings that one line stands for. Never repeats the line in an error: it holds a secret."""
    try:
        parts = urlsplit(line)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        raise ValueError("MATINEE_STORAGE cannot be read as an address") from None
    if parts.scheme not in ("s3", "s3+http", "s3+https") or not host or parts.fragment:
        raise ValueError("MATINEE_STORAGE is local, s3, or s3+https://KEY:SECRET@store.example/bucket/prefix")
    path = parts.path.strip("/")
    if parts.scheme == "s3":  # Amazon's: the host is the bucket
        found: dict[str, Any] = {"s3_bucket": host, "s3_prefix": path}
    else:
        bucket, _, prefix = path.partition("/")
        endpoint = f"{parts.scheme.removeprefix('s3+')}://{host}{port}"
        found = {"s3_bucket": bucket, "s3_prefix": prefix, "s3_endpoint": endpoint}
    if parts.username or parts.password:
        found |= {
            "s3_access_key": unquote(parts.username or ""),
            "s3_secret_key": unquote(parts.password or ""),
        }
    if region := parse_qs(parts.query).get("region"):
        found["s3_region"] = region[-1]
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


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


class MailSettings(Concern):
    """How letters leave the house. Without mail the operator hands out links: `matinee account link`."""

    mail: SecretStr | None = Field(
        None,
        description="`none`, `console` (letters are shown on stderr), smtps://USER:PASSWORD@mail.example, "
        "smtp://USER:PASSWORD@mail.example (STARTTLS), or ses://KEY:SECRET@REGION (ses://REGION: the machine's role).",
    )
    mail_from: str = Field(
        "", description="Sender, such as Matinee <post@films.example>. SMTP and SES need one."
    )
    mail_allow_plain: bool = Field(
        False, description="Hand letters to another machine without TLS. Loopback needs no permission."
    )

    @property
    def carrier(self) -> "MailCarrier":
        line = "none" if self.mail is None else self.mail.get_secret_value()
        return _carrier(line, allow_plain=self.mail_allow_plain)

    @model_validator(mode="after")
    def _whole(self) -> "MailSettings":
        kind = self.carrier.kind
        if kind in ("smtp", "ses") and not re.fullmatch(
            r"([^<>\r\n]{0,100}<)?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?", self.mail_from
        ):
            raise ValueError("MATINEE_MAIL needs MATINEE_MAIL_FROM, such as Matinee <post@films.example>")
        return self


@dataclass(frozen=True, slots=True)
class MailCarrier:
    """`tls`: from the first byte, after STARTTLS, or not at all. `host` of SES is its region."""

    kind: Literal["none", "console", "smtp", "ses"]
    host: str = ""
    port: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["always", "starttls", "never"] = "always"


def _carrier(line: str, *, allow_plain: bool) -> MailCarrier:
    """Never repeats the line in an error: it holds a secret."""
    if line == "none":
        return MailCarrier("none")
    if line == "console":
        return MailCarrier("console")
    try:
        parts = urlsplit(line)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("MATINEE_MAIL cannot be read as an address") from None
    user, password = (unquote(word) if word else None for word in (parts.username, parts.password))
    if parts.scheme not in ("smtp", "smtps", "ses") or not host or parts.path.strip("/") or parts.fragment:
        raise ValueError("MATINEE_MAIL is none, console, smtps://USER:PASSWORD@host, smtp://… or ses://…")
    if bool(user) != bool(password):
        raise ValueError("MATINEE_MAIL names a user without a password, or the other way round")
    if parts.scheme == "ses":
        if not re.fullmatch(r"[a-z0-9-]{1,64}", host):
            raise ValueError("MATINEE_MAIL=ses://… names a region such as eu-central-1")
        return MailCarrier("ses", host, 443, user, password)
    if parts.scheme == "smtps":
        return MailCarrier("smtp", host, port or 465, user, password)
    plain = _is_loopback(host) or (allow_plain and parse_qs(parts.query).get("tls") == ["never"])
    return MailCarrier(
        "smtp", host, port or (25 if plain else 587), user, password, "never" if plain else "starttls"
    )


HOUSE_CONCERNS: tuple[type[Concern], ...] = (
    HouseSettings,
    DatabaseSettings,
    StorageSettings,
    BusSettings,
    WorkerSettings,
    MailSettings,
)


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

    def replaced(self, concern: Concern) -> "Settings":
        """The same with other values of one concern."""
        return Settings(self._concerns | {type(concern): concern})

    @property
    def house(self) -> HouseSettings:
        return self.of(HouseSettings)

    @property
    def all(self) -> list[Concern]:
        return list(self._concerns.values())
