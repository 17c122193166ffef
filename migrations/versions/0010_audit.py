"""Accounts: an audit log in a chain, with pseudonyms for the persons in it; tokens with scopes and an end.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# An entry gets its place in the chain once. Only what has become too old is removed, by whoever says so first.
_STANDS = """
    CREATE FUNCTION accounts_audit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' THEN
        IF OLD.seq IS NULL AND OLD.digest IS NULL AND NEW.seq IS NOT NULL AND NEW.digest IS NOT NULL
           AND to_jsonb(NEW) - '{seq,digest}'::text[] = to_jsonb(OLD) - '{seq,digest}'::text[] THEN
          RETURN NEW;
        END IF;
      ELSIF TG_OP = 'DELETE' THEN
        IF OLD.seq IS NOT NULL AND current_setting('matinee.audit_shortens', true) = 'on' THEN
          RETURN OLD;
        END IF;
      END IF;
      RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege';
    END $$
"""


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "accounts_pseudonym",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="accounts_pseudonym_pkey"),
        sa.UniqueConstraint("id", name="accounts_pseudonym_id_key"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts_account.id"],
            name="accounts_pseudonym_account_id_fkey",
            ondelete="CASCADE",
        ),
    )
    op.execute(
        "INSERT INTO accounts_pseudonym (account_id, id, key) SELECT id, gen_random_uuid(),"
        " uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) FROM accounts_account"
    )
    op.create_table(
        "accounts_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("via", sa.String(10), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="accounts_audit_pkey"),
        sa.UniqueConstraint("seq", name="accounts_audit_seq_key"),
    )
    for column in ("at", "by_id", "about_id"):
        op.create_index(f"accounts_audit_{column}_ix", "accounts_audit", [column])
    op.create_index(
        "accounts_audit_waiting_ix", "accounts_audit", ["id"], postgresql_where=sa.text("seq IS NULL")
    )
    op.execute(_STANDS)
    op.execute(
        "CREATE TRIGGER accounts_audit_stands BEFORE UPDATE OR DELETE ON accounts_audit"
        " FOR EACH ROW EXECUTE FUNCTION accounts_audit_stands()"
    )
    op.execute(
        "CREATE TRIGGER accounts_audit_stays BEFORE TRUNCATE ON accounts_audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_stands()"
    )
    op.create_table(
        "accounts_audit_head",
        sa.Column("seal", sa.String(16), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("first_before", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _moment("at"),
        _moment("broken_at", nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal", name="accounts_audit_head_pkey"),
    )
    op.create_table(
        "accounts_refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        _moment("since"),
        sa.PrimaryKeyConstraint("id", name="accounts_refusal_pkey"),
    )

    # What was given out before may go on as before, and ends when its owner ends it.
    for table in ("token", "device"):
        op.add_column(
            f"accounts_{table}",
            sa.Column(
                "scopes",
                postgresql.ARRAY(sa.String(20)),
                nullable=False,
                server_default="{read,upload,manage,account,operate}",
            ),
        )
        op.alter_column(f"accounts_{table}", "scopes", server_default=None)
    op.add_column("accounts_token", _moment("expires_at", nullable=True))
    op.create_index("accounts_token_expires_at_ix", "accounts_token", ["expires_at"])


def downgrade() -> None:
    op.drop_index("accounts_token_expires_at_ix", "accounts_token")
    op.drop_column("accounts_token", "expires_at")
    for table in ("token", "device"):
        op.drop_column(f"accounts_{table}", "scopes")
    for table in ("refusal", "audit_head", "audit", "pseudonym"):
        op.drop_table(f"accounts_{table}")
    op.execute("DROP FUNCTION accounts_audit_stands()")
