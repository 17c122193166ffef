"""Accounts: restrictions with an end in place of `suspended_at`, looks through people's eyes, where people sign in.

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str = "account_id") -> sa.ForeignKeyConstraint:
    name = f"accounts_{table}_{column}_fkey"
    return sa.ForeignKeyConstraint([column], ["accounts_account.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "accounts_restriction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False, server_default=sa.text("''")),
        _moment("since"),
        _moment("until", nullable=True),
        _moment("lifted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_restriction_pkey"),
        _key("restriction"),
    )
    op.create_index("accounts_restriction_account_id_ix", "accounts_restriction", ["account_id"])
    op.execute(
        "INSERT INTO accounts_restriction (id, account_id, kind, reason, since)"
        " SELECT gen_random_uuid(), id, 'suspended', 'The operator of this house suspended it.', suspended_at"
        " FROM accounts_account WHERE suspended_at IS NOT NULL"
    )
    op.drop_column("accounts_account", "suspended_at")
    op.create_table(
        "accounts_seen",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("account_id", "mark", name="accounts_seen_pkey"),
        _key("seen"),
    )
    op.create_index("accounts_seen_at_ix", "accounts_seen", ["at"])
    op.create_table(
        "accounts_look",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        _moment("since"),
        _moment("until"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_look_pkey"),
        _key("look", "by_id"),
        _key("look", "about_id"),
    )
    for column in ("session_id", "by_id", "about_id"):
        op.create_index(f"accounts_look_{column}_ix", "accounts_look", [column])


def downgrade() -> None:
    # The house of before has no words for these, and could show nobody their sign-ins.
    op.execute("DELETE FROM accounts_notice WHERE kind IN ('new_place', 'looked_at')")
    op.drop_table("accounts_look")
    op.drop_table("accounts_seen")
    op.add_column("accounts_account", _moment("suspended_at", nullable=True))
    # Nothing there ends by itself, and nobody is limited: who is suspended now stays out, all others are in.
    op.execute(
        "UPDATE accounts_account SET suspended_at = held.since FROM accounts_restriction AS held"
        " WHERE held.account_id = accounts_account.id AND held.kind = 'suspended' AND held.lifted_at IS NULL"
        " AND (held.until IS NULL OR held.until > now())"
    )
    op.drop_table("accounts_restriction")
