"""People: handles that somebody had before lead on, and are kept for them.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_former_handle",
        sa.Column("handle", sa.String(30), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("handle", name="people_former_handle_pkey"),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["people_profile.id"],
            name="people_former_handle_profile_id_fkey",
            ondelete="CASCADE",
        ),
    )
    for column in ("profile_id", "kept_until"):
        op.create_index(f"people_former_handle_{column}_ix", "people_former_handle", [column])
    op.add_column(
        "people_profile",
        sa.Column(
            "handle_changes",
            postgresql.ARRAY(sa.DateTime(timezone=True)),
            nullable=False,
            server_default="{}",
        ),
    )


def downgrade() -> None:
    op.drop_column("people_profile", "handle_changes")
    op.drop_table("people_former_handle")
