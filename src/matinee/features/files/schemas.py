"""Values that leave the room. Never rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType
from uuid import UUID

from pydantic import BaseModel, Field

from matinee.kernel.ids import AccountId, BlobId

TreeId = NewType("TreeId", UUID)
OriginalId = NewType("OriginalId", UUID)


class FetchInfo(BaseModel):
    """A file that the house brings by itself. `trouble` says what went wrong last; while `next_try_at` is given, it is
    tried again then."""

    host: str
    state: Literal["waiting", "running", "failed"]
    total_bytes: int | None = Field(description="Null while nobody knows.")
    trouble: str | None
    next_try_at: datetime | None


class UploadInfo(BaseModel):
    """An unfinished upload as its owner sees it. `offset_bytes` are safely held."""

    id: UUID
    purpose: str
    subject: str
    filename: str
    size_bytes: int
    offset_bytes: int
    created_at: datetime
    expires_at: datetime
    fetch: FetchInfo | None = None
    direct: bool = Field(False, description="Its bytes go straight to the store: see /api/v1/direct-uploads.")


class UploadList(BaseModel):
    items: list[UploadInfo]


class UploadWay(BaseModel):
    """How this house takes files from browsers: `tus`, or `direct` for parts straight to its store."""

    way: Literal["tus", "direct"]
    part_bytes: int | None = Field(description="Of parts of an ordinary file; null for tus.")


class DirectStart(BaseModel):
    """What a file to be sent in parts is, and what for."""

    purpose: str = Field(max_length=32)
    subject: str = Field(max_length=80, description="kind:uuid")
    filename: str = Field("", max_length=1000)
    filetype: str = Field("", max_length=255)
    size_bytes: int = Field(ge=0, le=1 << 50)


class DirectUpload(BaseModel):
    """A file on its way to the store. Part n of `parts` (from 1) is bytes (n - 1) × `part_bytes` up to its end; all but
    the last have `part_bytes`. `held` are the numbers of those that are there as they must be."""

    id: UUID
    size_bytes: int
    part_bytes: int
    parts: int
    held: list[int]
    held_bytes: int
    complete: bool
    expires_at: datetime


class PartsWanted(BaseModel):
    """Numbers of parts that shall be sent soon."""

    parts: list[int] = Field(min_length=1, max_length=32)


class PartAddress(BaseModel):
    """Where exactly this part goes by PUT, without any header of one's own."""

    number: int
    url: str
    size_bytes: int


class PartAddresses(BaseModel):
    """Good for a PUT that begins within `expires_in_s`."""

    items: list[PartAddress]
    expires_in_s: int


class Usage(BaseModel):
    """What an account holds. `used_bytes` counts uploaded originals and the declared sizes of unfinished
    uploads; generated files are shown in `by_purpose` and not charged."""

    used_bytes: int
    limit_bytes: int
    by_purpose: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A whole uploaded file. `key` is its storage key; `received_at` the moment of its last received byte."""

    id: BlobId
    owner_id: AccountId
    purpose: str
    subject: str
    filename: str
    filetype: str
    key: str
    size_bytes: int
    sha256: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Bytes of one sort: `files` originals or trees of generated files."""

    name: str
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShare:
    """What one account keeps."""

    account_id: AccountId
    originals_bytes: int
    generated_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All recorded bytes of the house. `shared_bytes` are counted in the sums and stored once less. `kinds` are
    purposes, `subjects` what files are about, `ages` since when they are kept."""

    originals_bytes: int
    generated_bytes: int
    unfinished_bytes: int
    shared_bytes: int
    kinds: list[Share]
    subjects: list[Share]
    ages: list[Share]
    accounts: list[AccountShare]


@dataclass(slots=True, kw_only=True)
class Swept:
    """What a sweep found: `orphans` are stored values, or trees of them, that nothing records. `strange` keys are not
    of this house's making and are left alone. `refused`: nothing was removed, and why."""

    known: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    young: int = 0
    strange: int = 0
    removed: int = 0
    shared: int = 0
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """Why a file was not brought from its address: a stable code, and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """What tus tells its client about one upload. `concat` is its Upload-Concat, where it is a piece of a file or made
    of such pieces."""

    id: UUID
    size_bytes: int
    offset_bytes: int
    complete: bool
    metadata: str
    expires_at: datetime
    concat: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """What the house takes at most."""

    max_upload_bytes: int
    max_duration_s: float
