"""The room accounts: addresses that are proven, and letters with links.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts_account", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "accounts_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="accounts_letter_pkey"),
        sa.UniqueConstraint("secret_hash", name="accounts_letter_secret_hash_key"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts_account.id"],
            name="accounts_letter_account_id_fkey",
            ondelete="CASCADE",
        ),
    )
    for column in ("account_id", "address", "expires_at"):
        op.create_index(f"accounts_letter_{column}_ix", "accounts_letter", [column])


def downgrade() -> None:
    op.drop_table("accounts_letter")
    op.drop_column("accounts_account", "email_verified_at")
