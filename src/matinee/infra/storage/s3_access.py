"""Which bucket, with whose key, how patiently, and what a store's failures mean. Never moves a byte of a file."""

import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from matinee.infra.aws import Keys
from matinee.kernel.errors import Unavailable
from matinee.kernel.settings import StorageSettings
from matinee.kernel.time import utc_now

if TYPE_CHECKING:
    from obstore.store import S3Credential

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,64})</Code>|\(code: ([A-Za-z0-9.]{1,64})\)")


@dataclass(frozen=True, slots=True)
class Bucket:
    """`endpoint` is the address that requests go to, with the bucket in its host unless `path_style`."""

    name: str
    region: str
    endpoint: str
    path_style: bool

    @classmethod
    def of(cls, knobs: StorageSettings) -> "Bucket":
        return cls._at(knobs, knobs.s3_endpoint)

    @classmethod
    def for_browsers(cls, knobs: StorageSettings) -> "Bucket":
        """The same bucket at the address that browsers reach it by."""
        return cls._at(knobs, knobs.s3_public_endpoint or knobs.s3_endpoint)

    @classmethod
    def _at(cls, knobs: StorageSettings, endpoint: str | None) -> "Bucket":
        path_style = knobs.s3_path_style
        if path_style is None:
            # A dot in the name would not match the certificate of *.s3.REGION.amazonaws.com.
            path_style = knobs.s3_endpoint is not None or "." in knobs.s3_bucket
        base = urlsplit(endpoint or f"https://s3.{knobs.s3_region}.amazonaws.com")
        host = base.netloc if path_style else f"{knobs.s3_bucket}.{base.netloc}"
        return cls(knobs.s3_bucket, knobs.s3_region, f"{base.scheme}://{host}", path_style)

    def url(self, key: str = "", **query: str) -> str:
        """The address of `key`, or of the bucket itself."""
        path = "/".join(([self.name] if self.path_style else []) + ([key] if key else []))
        words = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
        return f"{self.endpoint}/{quote(path)}" + (f"?{words}" if words else "")


@dataclass(frozen=True, slots=True)
class Patience:
    """`silent_s` is how long one try may stay without an answer, `total_s` how long a call may take with all
    its tries; sending a file may take as long as a line of `slow_bps` needs on top."""

    silent_s: float = 30.0
    total_s: float = 90.0
    tries: int = 6
    slow_bps: int = 500_000

    def for_bytes(self, size_bytes: int) -> float:
        return self.total_s + size_bytes * 8 / self.slow_bps


class StoreKeys(Keys):
    """That of the store. Not obstore's own chain: that keeps what it finds to itself, and part copies and signed
    addresses need it too."""

    def __init__(self, knobs: StorageSettings) -> None:
        name, secret = knobs.s3_access_key, knobs.s3_secret_key
        super().__init__(
            name.get_secret_value() if name else None,
            secret.get_secret_value() if secret else None,
            of_what="the store",
            lacking="Nobody gave a key for the store: set MATINEE_S3_ACCESS_KEY and MATINEE_S3_SECRET_KEY.",
        )

    async def for_obstore(self) -> "S3Credential":
        found = await self.now()
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            # Asked again soon: when a role's key ends is known here, and renewed here.
            "expires_at": None if self.fixed else utc_now() + timedelta(minutes=10),
        }


def status_of(error: BaseException) -> tuple[int | None, str]:
    """The status and the store's own code, such as (503, "SlowDown"), out of what obstore says."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    return int(status[1]) if status else None, (code[1] or code[2]) if code else ""


def answered(status: int | None, code: str) -> Unavailable:
    """What a person is told about an answer that helps nobody. Never repeats the answer's text: it may name keys."""
    if code == "NoSuchBucket":
        return Unavailable("The store knows no bucket of this name: is MATINEE_S3_BUCKET right?")
    known = {phrase.value: phrase.phrase for phrase in HTTPStatus}
    words = code or known.get(status or 0, "an unknown error")
    said = f"{status} {words}" if status else words
    if status in (401, 403):
        return Unavailable(f"The store refuses its key: {said}.")
    return Unavailable(f"The store answers {said}.")


def failure(error: BaseException) -> Unavailable:
    """The sentence for what obstore raised."""
    if isinstance(error, TimeoutError):
        return Unavailable("The store did not answer in time.")
    status, code = status_of(error)
    if status is not None or code:
        return answered(status, code)
    text = str(error)
    if "kind: Timeout" in text or "TimedOut" in text:
        return Unavailable("The store did not answer in time.")
    if "kind: Connect" in text:
        return Unavailable("The store cannot be reached: no connection.")
    if "kind: Request" in text or "kind: Interrupted" in text or "kind: Decode" in text:
        return Unavailable("The store broke off its answer.")
    return Unavailable(f"The store failed: {type(error).__name__}.")
