"""Decisions without database or clock: what metadata means, which lengths are whole numbers, storage keys."""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from matinee.features.files.errors import BadChecksum, BadHeader, BadMetadata
from matinee.features.files.schemas import OriginalId, TreeId
from matinee.kernel.errors import Invalid
from matinee.kernel.ids import UploadId
from matinee.kernel.subject import Subject

MAX_METADATA_CHARACTERS = 4_000
MAX_FILENAME_CHARACTERS = 255
MAX_FILETYPE_CHARACTERS = 127
MAX_SIZE_BYTES = 1 << 50
CHECKSUMS = {"md5": 16, "sha1": 20, "sha256": 32}
"""Algorithms by the bytes of their digest."""

MAX_CHECKED_BYTES = 128 << 20
"""The largest body that may carry a checksum: none of it counts before all of it came, so all of it may come twice."""

LEAST_PART_BYTES = 8 << 20
USUAL_MOST_PART_BYTES = 64 << 20
MOST_PARTS = 10_000
MOST_DIRECT_BYTES = 5 << 40
"""The largest value that every store which speaks S3 takes."""

MAX_PARTIALS = 64
MAX_CONCAT_CHARACTERS = 8_000
ORIGINALS = "originals"
TREES = "trees"
_NAME = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,64}")
_PURPOSE = re.compile(r"[a-z][a-z_]{0,31}")
_UPLOAD_ADDRESS = re.compile(
    r"(?:https?://[^/?#\s]+)?/api/v1/uploads/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_TREE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}){0,3}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Upload-Metadata, read. `raw` is what HEAD gives back."""

    purpose: str
    subject: str
    filename: str
    filetype: str
    raw: str


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a body must hash to."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Concat:
    """Upload-Concat, read. `parts` are the partial uploads of a final one; none for a partial one."""

    parts: tuple[UploadId, ...]
    raw: str


def read_checksum(header: str) -> Checksum:
    """Raises `BadChecksum`."""
    algorithm, _, encoded = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise BadChecksum(f"Upload-Checksum names none of {', '.join(CHECKSUMS)}.")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != CHECKSUMS[algorithm]:
        raise BadChecksum(f"Upload-Checksum holds no {algorithm} in base64.")
    return Checksum(algorithm, digest)


def read_concat(header: str) -> Concat:
    """`partial`, or `final;` and the addresses of partial uploads, whole or without their host. Raises `BadHeader`."""
    raw = header.strip()
    if raw == "partial":
        return Concat((), raw)
    kind, _, rest = raw.partition(";")
    addresses = rest.split()
    if kind != "final" or not addresses or len(raw) > MAX_CONCAT_CHARACTERS:
        raise BadHeader("Upload-Concat must be “partial”, or “final;” and addresses of partial uploads.")
    if len(addresses) > MAX_PARTIALS:
        raise BadHeader(f"At most {MAX_PARTIALS} partial uploads make one file.")
    found = [_UPLOAD_ADDRESS.fullmatch(address) for address in addresses]
    parts = tuple(UploadId(UUID(match[1])) for match in found if match)
    if len(parts) < len(addresses) or len(set(parts)) < len(parts):
        raise BadHeader("Upload-Concat must name partial uploads of this house, each once.")
    return Concat(parts, raw)


def read_metadata(header: str, *, partial: bool = False) -> Metadata:
    """Raises `BadMetadata`. `purpose` and `subject` are needed, but a partial upload may leave both out; unknown names
    are kept in `raw` only."""
    if len(header) > MAX_METADATA_CHARACTERS:
        raise BadMetadata(f"Upload-Metadata is longer than {MAX_METADATA_CHARACTERS} characters.")
    values: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        name, _, encoded = pair.strip().partition(" ")
        if not _NAME.fullmatch(name) or name in values:
            raise BadMetadata
        try:
            values[name] = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise BadMetadata(
                f"The value of “{name}” in Upload-Metadata is not base64 of UTF-8 text."
            ) from None
    purpose = values.get("purpose", "")
    if partial and not purpose and not values.get("subject"):
        return Metadata("", "", clean_name(values.get("filename", "")), "", header.strip())
    if not _PURPOSE.fullmatch(purpose):
        raise BadMetadata("Upload-Metadata must say a purpose, such as “video”.")
    try:
        subject = str(Subject.parse(values.get("subject", "")))
    except Invalid:
        raise BadMetadata("Upload-Metadata must say a subject, written kind:uuid.") from None
    return Metadata(
        purpose=purpose,
        subject=subject,
        filename=clean_name(values.get("filename", "")),
        filetype=_plain(values.get("filetype", ""))[:MAX_FILETYPE_CHARACTERS],
        raw=header.strip(),
    )


def direct_metadata(purpose: str, subject: str, filename: str, filetype: str) -> Metadata:
    """The same facts, given one by one. Raises `BadMetadata`."""
    if not _PURPOSE.fullmatch(purpose):
        raise BadMetadata("An upload must say a purpose, such as “video”.")
    try:
        named = str(Subject.parse(subject))
    except Invalid:
        raise BadMetadata("An upload must say a subject, written kind:uuid.") from None
    return Metadata(purpose, named, clean_name(filename), _plain(filetype)[:MAX_FILETYPE_CHARACTERS], "")


def part_bytes_for(size_bytes: int) -> int:
    """Of each part but the last: small ones lose little when a line breaks, few ones make few requests. Never more than
    10,000 parts, and of files up to 64 GB a thousand."""
    part_bytes = LEAST_PART_BYTES
    while (part_bytes < USUAL_MOST_PART_BYTES and size_bytes > 1000 * part_bytes) or (
        size_bytes > MOST_PARTS * part_bytes
    ):
        part_bytes *= 2
    return part_bytes


def part_sizes(size_bytes: int, part_bytes: int) -> list[int]:
    """Of all parts in their order."""
    whole, rest = divmod(size_bytes, part_bytes)
    return [part_bytes] * whole + ([rest] if rest else [])


def clean_name(name: str) -> str:
    """The last part of a path that some client sent, without control characters; never used as a path by
    us."""
    last = re.split(r"[\\/]", name)[-1]
    return _plain(last).strip()[:MAX_FILENAME_CHARACTERS] or "file"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


def host_of(url: str) -> str:
    """What may be told of an address: its query may open doors."""
    return urlsplit(url).hostname or ""


def whole_number(header: str, value: str | None) -> int:
    """A non-negative number of bytes as tus writes it. Raises `BadHeader`."""
    if value is None or not re.fullmatch(r"[0-9]{1,16}", value.strip(), re.ASCII):
        raise BadHeader(f"{header} must be a whole number of bytes.")
    number = int(value)
    if number > MAX_SIZE_BYTES:
        raise BadHeader(f"{header} is absurdly large.")
    return number


def part_key(upload_id: UploadId) -> str:
    return str(upload_id)


def upload_of_part(key: str) -> UploadId | None:
    """The inverse of `part_key`; None for a key that is not one of ours."""
    try:
        return UploadId(UUID(key))
    except ValueError:
        return None


def original_key(original_id: OriginalId) -> str:
    # The last two digits are random in a UUIDv7: no folder grows without end.
    return f"{ORIGINALS}/{str(original_id)[-2:]}/{original_id}"


def original_of_key(key: str) -> OriginalId | None:
    """The inverse of `original_key`; None for a key that is not one of ours."""
    try:
        found = OriginalId(UUID(key.rpartition("/")[2]))
    except ValueError:
        return None
    return found if original_key(found) == key else None


def tree_of_key(key: str) -> TreeId | None:
    """The tree that a key of `tree_key` lies in; None for a key that is not one of ours."""
    try:
        found = TreeId(UUID(key.split("/")[1]))
    except (ValueError, IndexError):
        return None
    return found if key.startswith(f"{tree_prefix(found)}/") else None


def tree_prefix(tree_id: TreeId) -> str:
    return f"{TREES}/{tree_id}"


def tree_key(tree_id: TreeId, name: str) -> str:
    """The storage key of the file `name` (plain segments, `/` between) in a tree. Raises `Invalid`."""
    if not _TREE_NAME.fullmatch(name):
        raise Invalid("A file's name in a tree is made of plain segments.")
    return f"{tree_prefix(tree_id)}/{name}"


def size_in_words(size_bytes: int) -> str:
    """Such as `1.5 GB` (powers of 1000, as people's file managers count)."""
    value, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
