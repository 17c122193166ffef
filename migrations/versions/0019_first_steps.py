"""Admin: first steps of a new house; accounts: passwords that the house made up,
hashes of codes for devices, and tokens whose end was told.

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0019"
down_revision = "0018"
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

    op.add_column("accounts_token", sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True))
    # Codes live ten minutes: who waits asks for another one.
    op.execute("DELETE FROM accounts_device")
    op.drop_column("accounts_device", "user_code")
    op.add_column("accounts_device", sa.Column("code_hash", sa.LargeBinary(), nullable=False))
    op.create_unique_constraint("accounts_device_code_hash_key", "accounts_device", ["code_hash"])


def downgrade() -> None:
    op.execute("DELETE FROM accounts_device")
    op.drop_column("accounts_device", "code_hash")
    op.add_column("accounts_device", sa.Column("user_code", sa.String(9), nullable=False))
    op.create_unique_constraint("accounts_device_user_code_key", "accounts_device", ["user_code"])
    op.drop_column("accounts_token", "end_told_at")
    op.execute("DELETE FROM accounts_notice WHERE kind = 'token_ends'")
    op.drop_table("admin_first_steps")
    op.drop_index("accounts_audit_backup_ix", "accounts_audit")
    op.drop_column("accounts_account", "password_made_up_at")
