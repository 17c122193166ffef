"""Multipart uploads of a store that speaks S3, signed here because obstore neither copies parts nor signs their
addresses: create, presign, put, copy, list, complete, abort. Never decides what is uploaded, and keeps nothing.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from xml.etree import ElementTree as Xml

import httpx
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from matinee.infra.storage.s3_access import Bucket, Patience, StoreKeys, answered
from matinee.kernel.errors import NotFound, Unavailable

MOST_PARTS = 10_000
LISTED_AT_ONCE = 1000
LEAST_PART_BYTES = 5 << 20  # of every part but the last
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_GONE = {"NoSuchUpload", "NoSuchKey", "NoSuchCORSConfiguration"}
_CANNOT = {400, 405, 501}


class CannotCopy(Exception):
    """This store copies no parts on its own side."""


@dataclass(frozen=True, slots=True)
class Part:
    """`number` counts from 1; `etag` as the store wrote it, quotes included."""

    number: int
    etag: str
    size_bytes: int = 0
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An upload that nobody completed yet."""

    key: str
    upload_id: str
    begun_at: datetime


class Multipart:
    """Raises `NotFound` for an upload or a source that is not there, `Unavailable` for all else. Opened by
    `connected`; keys are whole, prefix included."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        bucket: Bucket,
        keys: StoreKeys,
        patience: Patience,
        *,
        listed_at_once: int = LISTED_AT_ONCE,
    ) -> None:
        self._client = client
        self._listed = str(listed_at_once)
        self.bucket = bucket
        self._keys = keys
        self._patience = patience

    @classmethod
    @asynccontextmanager
    async def connected(
        cls, bucket: Bucket, keys: StoreKeys, patience: Patience
    ) -> AsyncIterator["Multipart"]:
        timeout = httpx.Timeout(patience.silent_s, connect=min(5.0, patience.silent_s))
        verify = _trusted() if bucket.endpoint.startswith("https:") else False
        async with httpx.AsyncClient(timeout=timeout, verify=verify, follow_redirects=False) as client:
            yield cls(client, bucket, keys, patience)

    async def create(self, key: str) -> str:
        """Begin an upload to `key`. Returns its id. Only tried again where the store said that it did nothing."""
        answer = await self.send("POST", self.bucket.url(key, uploads=""), repeatable=False)
        return _text(_root(answer), "UploadId")

    async def presign_part(
        self, key: str, upload_id: str, number: int, *, expires_s: int, size_bytes: int | None = None
    ) -> str:
        """An address that takes the bytes of one part by PUT, from whoever has it, for `expires_s` seconds; with
        `size_bytes` exactly so many."""
        url = self.bucket.url(key, partNumber=str(number), uploadId=upload_id)
        headers = {} if size_bytes is None else {"content-length": str(size_bytes)}
        request = AWSRequest("PUT", url, headers=headers)
        S3SigV4QueryAuth(await self._keys.now(), "s3", self.bucket.region, expires=expires_s).add_auth(
            request
        )
        return str(request.url)

    async def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> Part:
        """Send the bytes of one part. Idempotent."""
        url = self.bucket.url(key, partNumber=str(number), uploadId=upload_id)
        answer = await self.send("PUT", url, data)
        return Part(number, answer.headers.get("etag", ""), len(data))

    async def copy_part(self, key: str, upload_id: str, number: int, source: str) -> Part:
        """Make the whole of `source`, a key of the same bucket, a part, on the store's side. Idempotent. Raises
        `CannotCopy`."""
        url = self.bucket.url(key, partNumber=str(number), uploadId=upload_id)
        words = {"x-amz-copy-source": f"/{self.bucket.name}/{source}"}
        answer = await self.send("PUT", url, headers=words, may_refuse=True)
        # A store that does not know the header takes an empty part, and says nothing of a copy.
        root = _root(answer) if answer.content else None
        if answer.status_code in _CANNOT or root is None or _name(root) != "CopyPartResult":
            raise CannotCopy
        return Part(number, _text(root, "ETag"))

    async def parts(self, key: str, upload_id: str) -> list[Part]:
        """All parts that the store holds, by number."""
        found: list[Part] = []
        marker = "0"
        while True:
            url = self.bucket.url(
                key, uploadId=upload_id, **{"part-number-marker": marker, "max-parts": self._listed}
            )
            root = _root(await self.send("GET", url))
            found += [
                Part(
                    int(_text(part, "PartNumber")),
                    _text(part, "ETag"),
                    int(_text(part, "Size")),
                    _moment(_text(part, "LastModified")),
                )
                for part in _all(root, "Part")
            ]
            further = _text(root, "NextPartNumberMarker", "")
            if _text(root, "IsTruncated", "false") != "true" or further in ("", marker):
                return found
            marker = further

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the parts, in their order, the value of `key`. A second time it is `NotFound`: look at the key."""
        listed = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{part.etag}</ETag></Part>" for part in parts
        )
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        words = {"content-type": "application/xml"}
        await self.send("POST", self.bucket.url(key, uploadId=upload_id), body, headers=words)

    async def abort(self, key: str, upload_id: str) -> None:
        """Drop an upload and its parts. Idempotent."""
        try:
            await self.send("DELETE", self.bucket.url(key, uploadId=upload_id))
        except NotFound:
            return

    async def pending(self, prefix: str) -> AsyncIterator[Pending]:
        """All uploads below `prefix` that were neither completed nor aborted."""
        marker = {"max-uploads": self._listed}
        while True:
            root = _root(await self.send("GET", self.bucket.url("", uploads="", prefix=prefix, **marker)))
            for upload in _all(root, "Upload"):
                key = _text(upload, "Key")
                if key.startswith(prefix):  # not every store knows the prefix here
                    yield Pending(key, _text(upload, "UploadId"), _moment(_text(upload, "Initiated")))
            further = marker | {
                "key-marker": _text(root, "NextKeyMarker", ""),
                "upload-id-marker": _text(root, "NextUploadIdMarker", ""),
            }
            if _text(root, "IsTruncated", "false") != "true" or further == marker:
                return
            marker = further

    async def send(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        repeatable: bool = True,
        may_refuse: bool = False,
    ) -> httpx.Response:
        """One signed request, with tries and pauses within `total_s`. `may_refuse` gives back what a store answers
        that cannot do this."""
        until = time.monotonic() + self._patience.for_bytes(len(body))
        pause_s = _FIRST_PAUSE_S
        for left in reversed(range(self._patience.tries)):
            sentence, again = "The store did not answer in time.", repeatable
            try:
                async with asyncio.timeout(max(0.001, until - time.monotonic())):
                    answer = await self._client.send(await self._signed(method, url, body, headers or {}))
            except (TimeoutError, httpx.TimeoutException):
                pass
            except httpx.ConnectError:
                sentence, again = "The store cannot be reached: no connection.", True
            except httpx.HTTPError:
                sentence = "The store broke off its answer."
            else:
                code = _code(answer)
                if answer.is_success and not code:
                    return answer
                if may_refuse and answer.status_code in _CANNOT:
                    return answer
                # A bare 404 to a request about an upload is of the upload or the source; else it is of the bucket.
                if code in _GONE or (answer.status_code == 404 and not code and "uploadId=" in url):
                    raise NotFound("The store holds no such upload or source.")
                status = answer.status_code if not answer.is_success else 500
                if status < 500 and status not in (408, 429):
                    raise answered(status, code)
                sentence, again = answered(status, code).detail, True
            if not again or not left or time.monotonic() + pause_s >= until:
                raise Unavailable(sentence)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        raise Unavailable  # for the types: the last try ends above

    async def _signed(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> httpx.Request:
        request = AWSRequest(method, url, data=body, headers=headers)
        signer = S3SigV4Auth(await self._keys.now(), "s3", self.bucket.region)
        await asyncio.to_thread(signer.add_auth, request)  # hashes the body
        words = {**dict(request.headers.items()), "content-length": str(len(body))}
        return self._client.build_request(method, url, content=_once(body), headers=words)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    """Not the bytes themselves: answers and requests of httpx hold each other until the collector comes by."""
    yield body


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _root(answer: httpx.Response) -> Xml.Element:
    try:
        return Xml.fromstring(answer.content)  # noqa: S314 - of the store that was chosen; expat bounds entities
    except Xml.ParseError:
        raise Unavailable("The store gave an answer that nobody can read.") from None


def _code(answer: httpx.Response) -> str:
    """The code of an error, also of one that came with 200, as a copy or completion may answer."""
    if answer.request.method == "PUT" and answer.is_success and not answer.content:
        return ""
    try:
        root = Xml.fromstring(answer.content)  # noqa: S314 - as above
    except Xml.ParseError:
        return ""
    return _text(root, "Code", "InternalError") if _name(root) == "Error" else ""


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: Xml.Element, name: str) -> list[Xml.Element]:
    return [child for child in root if _name(child) == name]


def _text(root: Xml.Element, name: str, default: str | None = None) -> str:
    for child in root:
        if _name(child) == name:
            return (child.text or "").strip()
    if default is None:
        raise Unavailable(f"The store gave an answer without {name}.")
    return default


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Unavailable("The store gave a date that nobody can read.") from None
