"""Tables of the room. Private.

Owners are plain ids: a room above asks and erases through the service, and files outlive no account.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matinee.infra.db import Base


class Quota(Base):
    """One row per account that ever uploaded: its own limit, and the lock under which sums are checked."""

    __tablename__ = "files_quota"

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    limit_bytes: Mapped[int | None] = mapped_column(BigInteger)


class Expectation(Base):
    """A room above waits for a file of this owner, for this purpose and subject."""

    __tablename__ = "files_expectation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80))
    max_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("subject", "purpose"),)


class Upload(Base):
    """A tus upload. While `lease_owner` renews its lease nobody else writes.

    `kind` is `plain`; `partial` for one that becomes the `position`-th piece of `final_id`, `final` for one that is
    made of such pieces and whose bytes are counted there; `fetch` for one that the house brings itself; or `direct` for
    one that its browser sends to the store in parts of `part_bytes`, as the store's upload `multipart_id`. While one is
    not `sized` nobody knows how large it gets, and `size_bytes` is what is set aside for it.
    """

    __tablename__ = "files_upload"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID]
    purpose: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80))
    filename: Mapped[str] = mapped_column(String(255))
    filetype: Mapped[str] = mapped_column(String(127))
    metadata_raw: Mapped[str] = mapped_column(String(4000))
    state: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    offset_bytes: Mapped[int] = mapped_column(BigInteger)
    lease_owner: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    last_byte_at: Mapped[datetime | None]
    blob_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(7))
    sized: Mapped[bool]
    concat_raw: Mapped[str | None] = mapped_column(Text)
    final_id: Mapped[UUID | None]
    position: Mapped[int | None]
    multipart_id: Mapped[str | None] = mapped_column(Text)
    part_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('open', 'complete')", name="state"),
        CheckConstraint("offset_bytes >= 0 AND offset_bytes <= size_bytes", name="offset"),
        CheckConstraint("kind IN ('plain', 'partial', 'final', 'fetch', 'direct')", name="kind"),
        Index("files_upload_final_id_ix", "final_id", postgresql_where=text("final_id IS NOT NULL")),
        CheckConstraint(
            "(kind = 'direct') = (multipart_id IS NOT NULL AND part_bytes IS NOT NULL)", name="direct"
        ),
        Index("files_upload_owner_id_state_ix", "owner_id", "state"),
        Index("files_upload_subject_ix", "subject"),
        Index("files_upload_expires_at_ix", "expires_at"),
    )


class Fetch(Base):
    """Where the house brings an upload from. `validator` names the version whose first bytes it holds; `failures`
    counts tries without a new byte, `restarts` beginnings anew; `trouble` is a sentence."""

    __tablename__ = "files_fetch"

    upload_id: Mapped[UUID] = mapped_column(
        ForeignKey("files_upload.id", ondelete="CASCADE"), primary_key=True
    )
    owner_id: Mapped[UUID] = mapped_column(index=True)
    url: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    validator: Mapped[str | None] = mapped_column(String(300))
    failures: Mapped[int]
    restarts: Mapped[int]
    trouble_code: Mapped[str | None] = mapped_column(String(80))
    trouble: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[datetime]
    begun_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'failed')", name="state"),
        Index("files_fetch_state_not_before_ix", "state", "not_before"),
    )


class Original(Base):
    """The stored bytes of one blob, or of several that are identical and of one owner."""

    __tablename__ = "files_original"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID]
    created_at: Mapped[datetime]


class BlobRow(Base):
    """A whole uploaded file."""

    __tablename__ = "files_blob"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    original_id: Mapped[UUID] = mapped_column(ForeignKey("files_original.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    filetype: Mapped[str] = mapped_column(String(127))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "files_blob_owner_id_sha256_ix", "owner_id", "sha256", postgresql_where=text("sha256 IS NOT NULL")
        ),
    )


class Tree(Base):
    """Many generated files below one prefix."""

    __tablename__ = "files_tree"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
