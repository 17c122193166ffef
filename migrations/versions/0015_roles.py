"""Roles: operators make their own, and the oldest administrator becomes the first owner.

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KNOWN_BEFORE = "ARRAY['viewer', 'creator', 'moderator', 'admin']::varchar[]"


def upgrade() -> None:
    op.create_table(
        "roles_role",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("about", sa.String(300), nullable=False),
        sa.Column("permissions", ARRAY(sa.String(60)), nullable=False),
        sa.Column("factor_needed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="roles_role_pkey"),
    )
    op.create_table(
        "accounts_factor_role",
        sa.Column("role", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("role", name="accounts_factor_role_pkey"),
    )
    op.create_index("accounts_account_roles_ix", "accounts_account", ["roles"], postgresql_using="gin")
    op.execute(
        "UPDATE accounts_account SET roles = array_prepend('owner', roles) WHERE id = ("
        " SELECT id FROM accounts_account"
        " WHERE 'admin' = ANY(roles) AND suspended_at IS NULL AND erasure_id IS NULL"
        " ORDER BY created_at, id LIMIT 1)"
    )


def downgrade() -> None:
    # An owner goes on as an administrator; of the roles that were not known before, a viewer is left.
    op.execute(
        "UPDATE accounts_account SET roles = array_append(roles, 'admin')"
        " WHERE 'owner' = ANY(roles) AND NOT 'admin' = ANY(roles)"
    )
    op.execute(
        "UPDATE accounts_account SET roles = coalesce(nullif(ARRAY("
        f" SELECT role FROM unnest(roles) WITH ORDINALITY AS held(role, place) WHERE role = ANY({KNOWN_BEFORE})"
        f" ORDER BY place)::varchar[], '{{}}'), '{{viewer}}') WHERE NOT roles <@ {KNOWN_BEFORE}"
    )
    op.drop_index("accounts_account_roles_ix", "accounts_account")
    op.drop_table("accounts_factor_role")
    op.drop_table("roles_role")
