"""Accounts: sessions become families of refresh tokens, with signing keys, cuts and notices. Everybody signs in again.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    # The secret of an old session opens nothing that the new ones ask for.
    op.execute("DELETE FROM accounts_session")
    op.drop_constraint("accounts_session_secret_hash_key", "accounts_session", type_="unique")
    op.drop_column("accounts_session", "secret_hash")
    op.alter_column("accounts_session", "seen_at", new_column_name="refreshed_at")
    op.add_column("accounts_session", sa.Column("key", sa.LargeBinary(), nullable=False))
    op.add_column("accounts_session", sa.Column("refresh_hash", sa.LargeBinary(), nullable=False))
    op.add_column("accounts_session", sa.Column("before_hash", sa.LargeBinary(), nullable=True))
    op.add_column("accounts_session", sa.Column("salt", sa.LargeBinary(), nullable=True))
    op.add_column("accounts_session", sa.Column("device", sa.String(80), nullable=False))
    op.add_column("accounts_session", sa.Column("place", sa.String(80), nullable=False))
    op.create_table(
        "accounts_cut",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("id", name="accounts_cut_pkey"),
    )
    op.create_index("accounts_cut_at_ix", "accounts_cut", ["at"])
    op.create_table(
        "accounts_key",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("public", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(16), nullable=False),
        _moment("signs_at"),
        _moment("ends_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_key_pkey"),
    )
    op.create_table(
        "accounts_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        _moment("at"),
        _moment("told_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_notice_pkey"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts_account.id"],
            name="accounts_notice_account_id_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_index("accounts_notice_account_id_ix", "accounts_notice", ["account_id"])
    op.create_index("accounts_notice_at_ix", "accounts_notice", ["at"])


def downgrade() -> None:
    for table in ("notice", "key", "cut"):
        op.drop_table(f"accounts_{table}")
    op.execute("DELETE FROM accounts_session")
    for column in ("place", "device", "salt", "before_hash", "refresh_hash", "key"):
        op.drop_column("accounts_session", column)
    op.alter_column("accounts_session", "refreshed_at", new_column_name="seen_at")
    op.add_column("accounts_session", sa.Column("secret_hash", sa.LargeBinary(), nullable=False))
    op.create_unique_constraint("accounts_session_secret_hash_key", "accounts_session", ["secret_hash"])
