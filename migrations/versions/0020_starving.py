"""Infra: since when the encoders of a worker hardly get a processor.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("infra_worker", sa.Column("starving_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("infra_worker", "starving_since")
