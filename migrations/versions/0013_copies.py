"""Privacy: copies that people ask for of all about them.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("films", sa.Boolean(), nullable=False),
        sa.Column("tree_id", sa.Uuid(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="privacy_copy_pkey"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts_account.id"],
            name="privacy_copy_account_id_fkey",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'making', 'ready', 'failed', 'over')", name="privacy_copy_state_ck"
        ),
    )
    for column in ("account_id", "ends_at"):
        op.create_index(f"privacy_copy_{column}_ix", "privacy_copy", [column])
    op.create_index(
        "privacy_copy_open_ix",
        "privacy_copy",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'making')"),
    )


def downgrade() -> None:
    op.drop_table("privacy_copy")
