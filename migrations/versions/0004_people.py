"""People: profiles.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.String(30), nullable=False),
        sa.Column("display_name", sa.String(60), nullable=False),
        sa.Column("bio", sa.String(500), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="people_profile_pkey"),
        sa.UniqueConstraint("account_id", name="people_profile_account_id_key"),
        sa.UniqueConstraint("handle", name="people_profile_handle_key"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts_account.id"], name="people_profile_account_id_fkey"
        ),
        sa.CheckConstraint("handle ~ '^[a-z0-9_]{3,30}$'", name="people_profile_handle_ck"),
    )


def downgrade() -> None:
    op.drop_table("people_profile")
