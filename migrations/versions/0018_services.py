"""Accounts: those of services, and what the directory of accounts is sorted and searched by.

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEXES = {
    "joined": "(created_at, id)",
    "last": "((coalesce(seen_at, created_at)), id)",
    "services": "(created_at, id) WHERE kind = 'service'",
    "handle": "(login_name text_pattern_ops)",
    "address": "(email text_pattern_ops)",
    "names": r"USING gin (to_tsvector('simple', regexp_replace(shown_name, '\W+|_+', ' ', 'g')))",
}
# What a service is called where every account must have an address: nobody can own one there (RFC 2606).
_RESERVED = "service-%@service.invalid"


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(10), nullable=False, server_default="person")
    op.add_column("accounts_account", kind)
    op.add_column("accounts_account", sa.Column("shown_name", sa.String(60), nullable=True))
    op.add_column("accounts_account", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    for column, length in (("email", 254), ("password_hash", 255)):
        op.alter_column("accounts_account", column, existing_type=sa.String(length), nullable=True)
    op.execute(
        "UPDATE accounts_account SET kind = 'service', email = NULL, password_hash = NULL"
        f" WHERE email LIKE '{_RESERVED}'"
    )
    op.execute(
        "UPDATE accounts_account SET shown_name = people_profile.display_name FROM people_profile"
        " WHERE people_profile.account_id = accounts_account.id"
    )
    op.execute(
        "UPDATE accounts_account SET seen_at = used.at FROM (SELECT account_id, max(refreshed_at) AS at"
        " FROM accounts_session GROUP BY account_id) AS used WHERE used.account_id = accounts_account.id"
    )
    op.create_check_constraint(
        op.f("accounts_account_kind_ck"),
        "accounts_account",
        "CASE kind WHEN 'person' THEN email IS NOT NULL AND password_hash IS NOT NULL"
        " WHEN 'service' THEN email IS NULL AND password_hash IS NULL ELSE false END",
    )
    for name, what in _INDEXES.items():
        op.execute(f"CREATE INDEX accounts_account_{name}_ix ON accounts_account {what}")


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"accounts_account_{name}_ix", "accounts_account")
    op.drop_constraint(op.f("accounts_account_kind_ck"), "accounts_account")
    op.execute(
        "UPDATE accounts_account SET email = 'service-' || id || '@service.invalid', password_hash = '!'"
        " WHERE kind = 'service'"
    )
    for column, length in (("email", 254), ("password_hash", 255)):
        op.alter_column("accounts_account", column, existing_type=sa.String(length), nullable=False)
    for column in ("seen_at", "shown_name", "kind"):
        op.drop_column("accounts_account", column)
