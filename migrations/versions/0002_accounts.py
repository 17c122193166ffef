"""Accounts: credentials, sessions, tokens, devices and counters of tries.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _owned_by_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts_account.id"], name=f"{table}_account_id_fkey", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "accounts_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("login_name", sa.String(64), nullable=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(20)), nullable=False),
        sa.Column("theme", sa.String(10), server_default=sa.text("'system'"), nullable=False),
        _moment("created_at"),
        _moment("suspended_at", nullable=True),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_account_pkey"),
        sa.UniqueConstraint("email", name="accounts_account_email_key"),
        sa.UniqueConstraint("login_name", name="accounts_account_login_name_key"),
        sa.UniqueConstraint("erasure_id", name="accounts_account_erasure_id_key"),
    )
    op.create_table(
        "accounts_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        _moment("created_at"),
        _moment("seen_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id", name="accounts_session_pkey"),
        sa.UniqueConstraint("secret_hash", name="accounts_session_secret_hash_key"),
        _owned_by_account("accounts_session"),
    )
    op.create_index("accounts_session_account_id_ix", "accounts_session", ["account_id"])
    op.create_index("accounts_session_expires_at_ix", "accounts_session", ["expires_at"])
    op.create_table(
        "accounts_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("via", sa.String(10), nullable=False),
        _moment("created_at"),
        _moment("last_used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_token_pkey"),
        sa.UniqueConstraint("secret_hash", name="accounts_token_secret_hash_key"),
        _owned_by_account("accounts_token"),
    )
    op.create_index("accounts_token_account_id_ix", "accounts_token", ["account_id"])
    op.create_table(
        "accounts_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_code", sa.String(9), nullable=False),
        sa.Column("client_name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id", name="accounts_device_pkey"),
        sa.UniqueConstraint("secret_hash", name="accounts_device_secret_hash_key"),
        sa.UniqueConstraint("user_code", name="accounts_device_user_code_key"),
        _owned_by_account("accounts_device"),
    )
    op.create_index("accounts_device_account_id_ix", "accounts_device", ["account_id"])
    op.create_index("accounts_device_expires_at_ix", "accounts_device", ["expires_at"])
    op.create_table(
        "accounts_throttle",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        _moment("ends_at"),
        sa.PrimaryKeyConstraint("key", name="accounts_throttle_pkey"),
    )
    op.create_index("accounts_throttle_ends_at_ix", "accounts_throttle", ["ends_at"])


def downgrade() -> None:
    for table in ("throttle", "device", "token", "session", "account"):
        op.drop_table(f"accounts_{table}")
