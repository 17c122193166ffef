"""Admin: first steps of a new house; accounts: passwords that the house made up.

Revision: 0019, after 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts_account", sa.Column("password_made_up_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "accounts_audit_backup_ix", "accounts_audit", ["at"], postgresql_where=sa.text("act = 'backup.begun'")
    )
    op.create_table(
        "admin_first_steps",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("put_away_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skipped", ARRAY(sa.String(20)), nullable=False, server_default="{}"),
        sa.Column("letter_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="admin_first_steps_pkey"),
        sa.CheckConstraint("id = 1", name="admin_first_steps_one_ck"),
    )


def downgrade() -> None:
    op.drop_table("admin_first_steps")
    op.drop_index("accounts_audit_backup_ix", "accounts_audit")
    op.drop_column("accounts_account", "password_made_up_at")
