"""The room encoding: encodes and their steps.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "encoding_encode",
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=True),
        sa.Column("ladder", postgresql.JSONB(), nullable=True),
        sa.Column("renditions", postgresql.JSONB(), nullable=False),
        sa.Column("firsts", postgresql.JSONB(), nullable=False),
        sa.Column("playable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="encoding_encode_pkey"),
    )
    op.create_table(
        "encoding_step",
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("rungs", postgresql.JSONB(), nullable=False),
        sa.Column("first_segment", sa.Integer(), nullable=False),
        sa.Column("end_segment", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ordered", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("video_id", "name", name="encoding_step_pkey"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["encoding_encode.video_id"], name="encoding_step_video_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("encoding_encode_of_owner_ix", "encoding_encode", ["owner_id", "created_at"])
    op.create_index(
        "encoding_step_open_ix",
        "encoding_step",
        ["lane", "state"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "encoding_share",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "lane", name="encoding_share_pkey"),
    )


def downgrade() -> None:
    op.drop_table("encoding_share")
    op.drop_table("encoding_step")
    op.drop_table("encoding_encode")
