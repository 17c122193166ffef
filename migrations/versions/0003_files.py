"""Files: uploads, fetches, blobs, trees, expectations, quota.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "files_quota",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", name="files_quota_pkey"),
    )
    op.create_table(
        "files_expectation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="files_expectation_pkey"),
        sa.UniqueConstraint("subject", "purpose", name="files_expectation_subject_purpose_key"),
    )
    op.create_index("files_expectation_owner_id_ix", "files_expectation", ["owner_id"])
    op.create_table(
        "files_upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("filetype", sa.String(127), nullable=False),
        sa.Column("metadata_raw", sa.String(4000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Uuid(), nullable=True),
        _moment("lease_expires_at", nullable=True),
        _moment("last_byte_at", nullable=True),
        sa.Column("blob_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("sized", sa.Boolean(), nullable=False),
        sa.Column("concat_raw", sa.Text(), nullable=True),
        sa.Column("final_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("multipart_id", sa.Text(), nullable=True),
        sa.Column("part_bytes", sa.BigInteger(), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id", name="files_upload_pkey"),
        sa.CheckConstraint("state IN ('open', 'complete')", name="files_upload_state_ck"),
        sa.CheckConstraint("offset_bytes >= 0 AND offset_bytes <= size_bytes", name="files_upload_offset_ck"),
        sa.CheckConstraint(
            "kind IN ('plain', 'partial', 'final', 'fetch', 'direct')", name="files_upload_kind_ck"
        ),
        sa.CheckConstraint(
            "(kind = 'direct') = (multipart_id IS NOT NULL AND part_bytes IS NOT NULL)",
            name="files_upload_direct_ck",
        ),
    )
    op.create_index(
        "files_upload_final_id_ix",
        "files_upload",
        ["final_id"],
        postgresql_where=sa.text("final_id IS NOT NULL"),
    )
    op.create_index("files_upload_owner_id_state_ix", "files_upload", ["owner_id", "state"])
    op.create_index("files_upload_subject_ix", "files_upload", ["subject"])
    op.create_index("files_upload_expires_at_ix", "files_upload", ["expires_at"])
    op.create_table(
        "files_fetch",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("validator", sa.String(300), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("restarts", sa.BigInteger(), nullable=False),
        sa.Column("trouble_code", sa.String(80), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        _moment("not_before"),
        _moment("begun_at"),
        sa.PrimaryKeyConstraint("upload_id", name="files_fetch_pkey"),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["files_upload.id"], name="files_fetch_upload_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("state IN ('waiting', 'running', 'failed')", name="files_fetch_state_ck"),
    )
    op.create_index("files_fetch_owner_id_ix", "files_fetch", ["owner_id"])
    op.create_index("files_fetch_state_not_before_ix", "files_fetch", ["state", "not_before"])
    op.create_table(
        "files_original",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="files_original_pkey"),
    )
    op.create_table(
        "files_blob",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("original_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("filetype", sa.String(127), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        _moment("received_at"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="files_blob_pkey"),
        sa.ForeignKeyConstraint(["original_id"], ["files_original.id"], name="files_blob_original_id_fkey"),
    )
    op.create_index("files_blob_original_id_ix", "files_blob", ["original_id"])
    op.create_index("files_blob_owner_id_ix", "files_blob", ["owner_id"])
    op.create_index("files_blob_subject_ix", "files_blob", ["subject"])
    op.create_index(
        "files_blob_owner_id_sha256_ix",
        "files_blob",
        ["owner_id", "sha256"],
        postgresql_where=sa.text("sha256 IS NOT NULL"),
    )
    op.create_table(
        "files_tree",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="files_tree_pkey"),
    )
    op.create_index("files_tree_owner_id_ix", "files_tree", ["owner_id"])
    op.create_index("files_tree_subject_ix", "files_tree", ["subject"])


def downgrade() -> None:
    tables = (
        "files_tree",
        "files_blob",
        "files_original",
        "files_fetch",
        "files_upload",
        "files_expectation",
        "files_quota",
    )
    for table in tables:
        op.drop_table(table)
