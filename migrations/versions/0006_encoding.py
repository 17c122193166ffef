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
        sa.Column("ordered", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("log", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("video_id", "name", name="encoding_step_pkey"),
        sa.ForeignKeyConstraint(
            ["video_id"], ["encoding_encode.video_id"], name="encoding_step_video_id_fkey", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("encoding_step")
    op.drop_table("encoding_encode")
