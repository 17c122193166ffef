"""Accounts: second factors (codes of an app, passkeys, recovery codes), and when a session was last proven.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = f"accounts_{table}_account_id_fkey"
    return sa.ForeignKeyConstraint(["account_id"], ["accounts_account.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    # A session that is open already was proven when it began.
    op.add_column("accounts_session", _moment("proven_at", nullable=True))
    op.execute("UPDATE accounts_session SET proven_at = created_at")
    op.alter_column("accounts_session", "proven_at", nullable=False)
    op.create_table(
        "accounts_totp",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(16), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _moment("confirmed_at", nullable=True),
        _moment("last_used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_totp_pkey"),
        _owner("totp"),
    )
    op.create_index("accounts_totp_account_id_ix", "accounts_totp", ["account_id"])
    op.create_table(
        "accounts_passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.String(20)), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        _moment("created_at"),
        _moment("last_used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_passkey_pkey"),
        sa.UniqueConstraint("credential_id", name="accounts_passkey_credential_id_key"),
        _owner("passkey"),
    )
    op.create_index("accounts_passkey_account_id_ix", "accounts_passkey", ["account_id"])
    op.create_table(
        "accounts_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="accounts_recovery_code_pkey"),
        sa.UniqueConstraint("code_hash", name="accounts_recovery_code_code_hash_key"),
        _owner("recovery_code"),
    )
    op.create_index("accounts_recovery_code_account_id_ix", "accounts_recovery_code", ["account_id"])
    op.create_table(
        "accounts_step",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("bound_to", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("kind", "bound_to", name="accounts_step_pkey"),
        _owner("step"),
    )
    op.create_index("accounts_step_account_id_ix", "accounts_step", ["account_id"])
    op.create_index("accounts_step_expires_at_ix", "accounts_step", ["expires_at"])


def downgrade() -> None:
    for table in ("step", "recovery_code", "passkey", "totp"):
        op.drop_table(f"accounts_{table}")
    op.drop_column("accounts_session", "proven_at")
