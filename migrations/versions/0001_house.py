"""The house: the job queue, tallies, workers, marks.

Revision: 0001, the first
"""

from pathlib import Path

import procrastinate
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from matinee.infra.tally import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _driver_execute(sql: str) -> None:
    """Many statements at once, with literal percent signs: past SQLAlchemy, straight to the driver."""
    raw = op.get_bind().connection.driver_connection
    raw.execute(sql.encode())  # type: ignore[union-attr]


def upgrade() -> None:
    schema = Path(procrastinate.__file__).parent / "sql" / "schema.sql"
    _driver_execute(schema.read_text(encoding="utf-8"))
    # After ANALYZE of an empty queue the planner sorts all jobs at every fetch: 26–56 jobs/s instead of 450 and more.
    op.execute("ALTER FUNCTION procrastinate_fetch_job_v2 SET enable_sort = off")
    op.create_table(
        "infra_tally",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="infra_tally_pkey"),
    )
    op.create_index("infra_tally_kind_xid_id_ix", "infra_tally", ["kind", "xid", "id"])
    op.create_table(
        "infra_tally_cursor",
        sa.Column("listener", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("'0'::xid8"), nullable=False),
        sa.Column("last_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("listener", name="infra_tally_cursor_pkey"),
    )
    op.create_table(
        "infra_job_note",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="infra_job_note_pkey"),
    )
    op.create_table(
        "infra_worker",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("lanes", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", name="infra_worker_pkey"),
    )
    op.create_table(
        "infra_paused_lane",
        sa.Column("lane", sa.String(20), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="infra_paused_lane_pkey"),
    )
    op.create_table(
        "infra_mark",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.String(128), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name="infra_mark_pkey"),
    )


def downgrade() -> None:
    tables = (
        "infra_mark",
        "infra_paused_lane",
        "infra_worker",
        "infra_job_note",
        "infra_tally_cursor",
        "infra_tally",
    )
    for table in tables:
        op.drop_table(table)
    for table in ("events", "periodic_defers", "jobs", "workers"):
        op.execute(f"DROP TABLE procrastinate_{table} CASCADE")
    _driver_execute(
        "DO $$ DECLARE f record; BEGIN FOR f IN SELECT oid::regprocedure AS name FROM pg_proc"
        " WHERE proname LIKE 'procrastinate\\_%' LOOP EXECUTE 'DROP FUNCTION ' || f.name || ' CASCADE';"
        " END LOOP; END $$"
    )
    for kind in ("job_to_defer_v1", "job_event_type", "job_status"):
        op.execute(f"DROP TYPE procrastinate_{kind}")
