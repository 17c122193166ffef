"""Admission: who may make an account, invitations and requests; accounts: some wait to be let in.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

HANDED_OUT = (
    "account_id IS NULL AND secret_hash IS NOT NULL AND expires_at - created_at < interval '30 hours'"
)


def upgrade() -> None:
    op.add_column(
        "accounts_account", sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # Links that operators handed out open every door; letters that were asked for live two days.
    op.execute(f"UPDATE accounts_letter SET kind = 'invite' WHERE kind = 'join' AND {HANDED_OUT}")
    op.create_table(
        "admission_policy",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("work", sa.Boolean(), nullable=False),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column("invitations_per_member", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="admission_policy_pkey"),
        sa.CheckConstraint("id = 1", name="admission_policy_one_ck"),
        sa.CheckConstraint(
            "mode IN ('open', 'invitation', 'approval', 'closed')", name="admission_policy_mode_ck"
        ),
    )
    op.create_table(
        "admission_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="admission_invitation_pkey"),
        sa.UniqueConstraint("secret_hash", name="admission_invitation_secret_hash_key"),
        _account("admission_invitation", "made_by"),
        sa.CheckConstraint("used BETWEEN 0 AND uses", name="admission_invitation_used_ck"),
    )
    for column in ("made_by", "expires_at"):
        op.create_index(f"admission_invitation_{column}_ix", "admission_invitation", [column])
    op.create_table(
        "admission_invited",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="admission_invited_pkey"),
        _account("admission_invited", "account_id"),
        _account("admission_invited", "by_id"),
    )
    for column in ("by_id", "at"):
        op.create_index(f"admission_invited_{column}_ix", "admission_invited", [column])
    op.create_table(
        "admission_pass",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name="admission_pass_pkey"),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["accounts_letter.id"], name="admission_pass_letter_id_fkey", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["admission_invitation.id"],
            name="admission_pass_invitation_id_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_index("admission_pass_invitation_id_ix", "admission_pass", ["invitation_id"])
    op.create_table(
        "admission_application",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("question", sa.String(300), nullable=False),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name="admission_application_pkey"),
        _account("admission_application", "account_id"),
        sa.CheckConstraint("state IN ('waiting', 'refused')", name="admission_application_state_ck"),
    )
    for column in ("asked_at", "decided_at"):
        op.create_index(f"admission_application_{column}_ix", "admission_application", [column])
    op.create_table(
        "admission_spent",
        sa.Column("salt", sa.String(22), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("salt", name="admission_spent_pkey"),
    )
    op.create_index("admission_spent_at_ix", "admission_spent", ["at"])


def _account(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["accounts_account.id"], name=f"{table}_{column}_fkey", ondelete="CASCADE"
    )


def downgrade() -> None:
    """Who waited or was refused stays out: suspended, since the house of before knows no other such state."""
    op.execute("UPDATE accounts_account SET suspended_at = now() WHERE waits AND suspended_at IS NULL")
    for name in ("spent", "application", "pass", "invited", "invitation", "policy"):
        op.drop_table(f"admission_{name}")
    op.execute("UPDATE accounts_letter SET kind = 'join' WHERE kind = 'invite'")
    op.drop_column("accounts_account", "waits")
