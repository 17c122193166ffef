"""What the room says, and the orders that it gives itself."""

from dataclasses import dataclass

from matinee.features.files.schemas import OriginalId, TreeId
from matinee.kernel.ids import BlobId, UploadId
from matinee.kernel.message import Fact, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCompleted(Fact):
    """All bytes are there and sealed as a blob. `subject` is written kind:uuid. Whose it is, the blob says: jobs
    outlive accounts, so no message names one."""

    upload_id: UploadId
    blob_id: BlobId
    purpose: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed(Fact):
    """A file could not be brought from its address; `fetch_failure` says why."""

    upload_id: UploadId
    purpose: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFetches(Order):
    """Let as many waiting fetches run as may run side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFetch(Order):
    """Bring a file from its address, or go on with it."""

    upload_id: UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class HashBlob(Order):
    """Read a blob once and note its SHA-256."""

    blob_id: BlobId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOriginal(Order):
    """Let a blob share the bytes of an identical one of its owner, if there is one."""

    blob_id: BlobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOriginal(Order):
    """Delete bytes that no blob needs any more."""

    original_id: OriginalId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTreeBytes(Order):
    """Delete all files of a dropped tree."""

    tree_id: TreeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardPart(Order):
    """Delete what an ended upload had brought so far."""

    upload_id: UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortDirect(Order):
    """Delete the parts that an ended upload sent to the store."""

    upload_id: UploadId
    multipart_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinParts(Order):
    """Make a final upload of its pieces, which are all there."""

    upload_id: UploadId


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepUploads(Order):
    """End what expired, finish what a crash left half finished, delete parts without an upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrphans(Order):
    """Delete stored bytes that nothing records, and share what identical files still hold twice."""
