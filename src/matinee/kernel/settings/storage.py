"""Settings of the store of bytes."""

import re
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from matinee.kernel.settings.concern import Concern
from matinee.kernel.settings.loopback import is_loopback


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
        if parts.scheme == "http" and not (self.s3_allow_http or is_loopback(parts.hostname)):
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
