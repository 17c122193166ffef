"""Accounts: leaving has a grace; people: profiles of those who leave are hidden.

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts_account", sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True))
    # Who was leaving before leaves now, as they were told.
    op.execute("UPDATE accounts_account SET leaves_at = now() WHERE erasure_id IS NOT NULL")
    op.create_index(
        "accounts_account_leaves_at_ix",
        "accounts_account",
        ["leaves_at"],
        postgresql_where=sa.text("leaves_at IS NOT NULL"),
    )
    op.add_column(
        "people_profile", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("people_profile", "hidden")
    op.drop_index("accounts_account_leaves_at_ix", "accounts_account")
    op.drop_column("accounts_account", "leaves_at")
