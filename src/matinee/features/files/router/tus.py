"""tus 1.0 (core, creation, creation-with-upload, termination, expiration, checksum, concatenation) and the storage
figures, over HTTP.

Reads and writes headers; decides nothing else. https://tus.io/protocols/resumable-upload
"""

from collections.abc import MutableMapping
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive as AsgiReceive
from starlette.types import Scope, Send

from matinee.features.files import service
from matinee.features.files.errors import BadChecksum, ChecksumMismatch, TakesNoBytes, UploadLocked
from matinee.features.files.rules import CHECKSUMS, read_checksum, read_concat, read_metadata, whole_number
from matinee.features.files.schemas import UploadList, UploadState, Usage
from matinee.infra.http import needs
from matinee.infra.problems import problem
from matinee.infra.work import Work
from matinee.kernel.ids import UploadId

VERSION = "1.0.0"
EXTENSIONS = (
    "creation,creation-with-upload,termination,expiration,checksum,concatenation,concatenation-unfinished"
)
CONTENT_TYPE = "application/offset+octet-stream"
_LOCKED = 423
_UNREADABLE = 400
_MISMATCH = 460


class TusRoute(APIRoute):
    """Every answer of the room, refusals too, says the version of tus."""

    async def handle(self, scope: Scope, receive: AsgiReceive, send: Send) -> None:
        async def marked(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"tus-resumable", VERSION.encode())]
            await send(message)

        await super().handle(scope, receive, marked)


router = APIRouter(prefix="/api/v1", tags=["files"], route_class=TusRoute)
TusResumable = Annotated[str | None, Header(description="The protocol's version, 1.0.0.")]
UploadChecksum = Annotated[
    str | None,
    Header(
        description="`md5`, `sha1` or `sha256` and its base64 over this body, of at most 128 MiB. The body counts only"
        " when it is whole and matches; else 460, and nothing of it is kept."
    ),
]


@router.options("/uploads", status_code=204)
async def discover(work: Work = needs("files.limits")) -> Response:
    """Version, extensions and the largest size."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        "Tus-Max-Size": str(service.limits(work).max_upload_bytes),
    }
    return Response(status_code=204, headers=headers)


@router.post("/uploads", status_code=201)
async def create(
    request: Request,
    work: Work = needs("files.upload", limit="upload"),
    tus_resumable: TusResumable = None,
    upload_length: Annotated[str | None, Header(description="Size of the whole file in bytes.")] = None,
    upload_metadata: Annotated[
        str, Header(description="Pairs `name base64`: filename, filetype, purpose, subject (kind:uuid).")
    ] = "",
    upload_concat: Annotated[
        str | None,
        Header(
            description="`partial`, or `final;` and the addresses of at most 64 partial uploads, in order."
        ),
    ] = None,
    upload_checksum: UploadChecksum = None,
) -> Response:
    """Begin an upload of a file that a subject of yours waits for; the body may already bring its first
    bytes. Or make the file of partial uploads, which may still be on their way."""
    if refusal := _wrong_version(request, tus_resumable):
        return refusal
    brings_bytes = _announced(request) != 0
    if brings_bytes and (refusal := _wrong_type(request)):
        return refusal
    concat = None if upload_concat is None else read_concat(upload_concat)
    if concat is not None and concat.parts:
        if brings_bytes:
            raise TakesNoBytes
        state = await service.join_uploads(work, read_metadata(upload_metadata), concat)
        return Response(status_code=201, headers={"Location": _location(state)} | _progress(state))
    size_bytes = whole_number("Upload-Length", upload_length)
    metadata = read_metadata(upload_metadata, partial=concat is not None)
    state = await service.create_upload(work, metadata, size_bytes, concat=concat)
    headers = {"Location": _location(state), **_progress(state)}
    if brings_bytes:
        # From here on the upload exists: whatever goes wrong with these first bytes, the client may go on
        # later.
        return await _receive(request, work, state.id, 0, upload_checksum, 201, headers)
    return Response(status_code=201, headers=headers)


@router.get("/uploads")
async def mine(work: Work = needs("files.read_own")) -> UploadList:
    """Your unfinished uploads, newest first."""
    return UploadList(items=await service.my_uploads(work))


@router.head("/uploads/{upload_id}", status_code=200)
async def ask(
    request: Request, upload_id: UUID, work: Work = needs("files.upload"), tus_resumable: TusResumable = None
) -> Response:
    """How many bytes are safely held."""
    if refusal := _wrong_version(request, tus_resumable):
        return refusal
    state = await service.upload_state(work, UploadId(upload_id))
    headers = {"Upload-Length": str(state.size_bytes), "Upload-Metadata": state.metadata}
    if state.concat is not None:
        headers["Upload-Concat"] = state.concat
    return Response(status_code=200, headers=headers | _progress(state))


@router.patch("/uploads/{upload_id}", status_code=204)
async def bring(
    request: Request,
    upload_id: UUID,
    work: Work = needs("files.upload"),
    tus_resumable: TusResumable = None,
    upload_offset: Annotated[str | None, Header(description="Where these bytes begin.")] = None,
    upload_checksum: UploadChecksum = None,
) -> Response:
    """Bring bytes from the offset on. Answers with the new offset."""
    if refusal := _wrong_version(request, tus_resumable) or _wrong_type(request):
        return refusal
    offset_bytes = whole_number("Upload-Offset", upload_offset)
    return await _receive(request, work, upload_id, offset_bytes, upload_checksum, 204, {})


async def _receive(
    request: Request,
    work: Work,
    upload_id: UUID,
    offset_bytes: int,
    upload_checksum: str | None,
    status: int,
    headers: dict[str, str],
) -> Response:
    try:
        checksum = None if upload_checksum is None else read_checksum(upload_checksum)
        state = await service.receive(
            work, UploadId(upload_id), offset_bytes, _announced(request), _pieces(request), checksum
        )
    except UploadLocked as error:
        return problem(request, _LOCKED, error.code, error.detail, headers=headers | {"Retry-After": "1"})
    except BadChecksum as error:
        return problem(request, _UNREADABLE, error.code, error.detail, headers=headers)
    except ChecksumMismatch as error:
        return problem(request, _MISMATCH, error.code, error.detail, headers=headers)
    return Response(status_code=status, headers=headers | _progress(state))


@router.delete("/uploads/{upload_id}", status_code=204)
async def end(
    request: Request, upload_id: UUID, work: Work = needs("files.upload"), tus_resumable: TusResumable = None
) -> Response:
    """Give an unfinished upload up; its bytes are deleted."""
    if refusal := _wrong_version(request, tus_resumable):
        return refusal
    await service.end_upload(work, UploadId(upload_id))
    return Response(status_code=204)


@router.post("/uploads/{upload_id}", status_code=204)
async def overridden(
    request: Request,
    upload_id: UUID,
    work: Work = needs("files.upload"),
    tus_resumable: TusResumable = None,
    upload_offset: Annotated[str | None, Header(description="Where these bytes begin.")] = None,
    upload_checksum: UploadChecksum = None,
    x_http_method_override: Annotated[str, Header(description="PATCH or DELETE.")] = "",
) -> Response:
    """For clients that can send nothing but POST: X-HTTP-Method-Override says what is meant."""
    method = x_http_method_override.upper()
    if method == "PATCH":
        return await bring(request, upload_id, work, tus_resumable, upload_offset, upload_checksum)
    if method == "DELETE":
        return await end(request, upload_id, work, tus_resumable)
    sentence = "X-HTTP-Method-Override must be PATCH or DELETE here."
    return problem(request, 405, "files.method", sentence, headers={"Allow": "HEAD, PATCH, DELETE"})


@router.get("/me/storage")
async def storage(work: Work = needs("files.read_own")) -> Usage:
    """What you keep here, and how much you may."""
    return await service.storage_of(work)


def _wrong_version(request: Request, version: str | None) -> Response | None:
    if version == VERSION:
        return None
    sentence = f"This house speaks tus {VERSION}; send the header Tus-Resumable: {VERSION}."
    return problem(request, 412, "files.tus_version", sentence, headers={"Tus-Version": VERSION})


def _wrong_type(request: Request) -> Response | None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE:
        return None
    return problem(request, 415, "files.content_type", f"Bytes come as Content-Type: {CONTENT_TYPE}.")


def _announced(request: Request) -> int | None:
    """Bytes of the body as announced; None when it comes in chunks of unknown number."""
    if "transfer-encoding" in request.headers:
        return None
    return whole_number("Content-Length", request.headers.get("content-length", "0"))


def _pieces(request: Request) -> "service.Receive":
    async def receive() -> tuple[bytes, bool]:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        return message.get("body", b""), message.get("more_body", False)

    return receive


def _location(state: UploadState) -> str:
    return f"/api/v1/uploads/{state.id}"


def _progress(state: UploadState) -> dict[str, str]:
    headers = {"Upload-Expires": format_datetime(state.expires_at, usegmt=True)}
    # A file made of pieces has no offset before they are joined.
    if state.complete or state.concat in (None, "partial"):
        headers["Upload-Offset"] = str(state.offset_bytes)
    return headers
