"""Videos: what they are, their renditions, segments, pictures, checks, views and resume points.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LISTED = sa.text(
    "visibility = 'public' AND NOT held AND state IN ('playable', 'ready') AND published_at IS NOT NULL"
)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_video() -> sa.Column[object]:
    return sa.Column("video_id", sa.Uuid(), nullable=False)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    name = f"videos_{table}_video_id_fkey"
    return sa.ForeignKeyConstraint(["video_id"], ["videos_video.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "videos_video",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("visibility", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.String(255), nullable=True),
        sa.Column("declared_bytes", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("source_blob_id", sa.Uuid(), nullable=True),
        sa.Column("import_url", sa.Text(), nullable=True),
        sa.Column("source", postgresql.JSONB(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("reason_code", sa.String(80), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("error_log", sa.Text(), nullable=True),
        sa.Column("progress", postgresql.JSONB(), nullable=True),
        sa.Column("master", postgresql.JSONB(), nullable=False),
        sa.Column("best_height", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("media_version", sa.BigInteger(), nullable=False),
        sa.Column("poster_number", sa.BigInteger(), nullable=True),
        sa.Column("poster_reason", sa.Text(), nullable=True),
        sa.Column("own_posters", sa.BigInteger(), nullable=False),
        sa.Column("posters_made", sa.BigInteger(), nullable=False),
        sa.Column("storyboards_made", sa.BigInteger(), nullable=False),
        sa.Column("storyboard_tree_id", sa.Uuid(), nullable=True),
        sa.Column("storyboard", postgresql.JSONB(), nullable=True),
        sa.Column("view_count", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _moment("received_at", nullable=True),
        _moment("playable_at", nullable=True),
        _moment("ready_at", nullable=True),
        _moment("published_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="videos_video_pkey"),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts_account.id"], name="videos_video_owner_id_fkey"),
        sa.CheckConstraint(
            "visibility IN ('public', 'unlisted', 'private')", name=op.f("videos_video_visibility_ck")
        ),
        sa.CheckConstraint(
            "state IN ('uploading', 'checking', 'encoding', 'playable', 'ready', 'rejected', 'failed', 'cancelled')",
            name=op.f("videos_video_state_ck"),
        ),
    )
    newest = [sa.text("published_at DESC"), sa.text("id DESC")]
    op.create_index("videos_video_newest_ix", "videos_video", newest, postgresql_where=_LISTED)
    op.create_index(
        "videos_video_newest_of_owner_ix", "videos_video", ["owner_id", *newest], postgresql_where=_LISTED
    )
    op.create_index(
        "videos_video_of_owner_ix",
        "videos_video",
        ["owner_id", sa.text("created_at DESC"), sa.text("id DESC")],
    )
    op.create_index(
        "videos_video_playable_ix",
        "videos_video",
        [sa.text("playable_at DESC")],
        postgresql_where=sa.text("playable_at IS NOT NULL"),
    )
    op.create_table(
        "videos_rendition",
        sa.Column("id", sa.Uuid(), nullable=False),
        _of_video(),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("role", sa.String(6), nullable=False),
        sa.Column("tree_id", sa.Uuid(), nullable=False),
        sa.Column("codecs", sa.String(80), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("fps", sa.Float(), nullable=True),
        sa.Column("language", sa.String(40), nullable=True),
        sa.Column("label", sa.String(200), nullable=True),
        sa.Column("channels", sa.BigInteger(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("aligned", sa.Boolean(), nullable=False),
        sa.Column("target_s", sa.Float(), nullable=False),
        sa.Column("segment_count", sa.BigInteger(), nullable=True),
        sa.Column("frame_count", sa.BigInteger(), nullable=True),
        sa.Column("declared_bps", sa.BigInteger(), nullable=False),
        sa.Column("average_bps", sa.BigInteger(), nullable=False),
        sa.Column("peak_bps", sa.BigInteger(), nullable=True),
        sa.Column("init_bytes", sa.BigInteger(), nullable=True),
        sa.Column("contiguous", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        _moment("withdrawn_at", nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="videos_rendition_pkey"),
        _belongs("rendition"),
        sa.UniqueConstraint(
            "video_id", "generation", "name", name="videos_rendition_video_id_generation_name_key"
        ),
        sa.CheckConstraint("kind IN ('video', 'audio')", name=op.f("videos_rendition_kind_ck")),
        sa.CheckConstraint("role IN ('ladder', 'source', 'audio')", name=op.f("videos_rendition_role_ck")),
    )
    op.create_table(
        "videos_segment",
        sa.Column("rendition_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rendition_id", "number", name="videos_segment_pkey"),
        sa.ForeignKeyConstraint(
            ["rendition_id"],
            ["videos_rendition.id"],
            name="videos_segment_rendition_id_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "videos_poster",
        _of_video(),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=True),
        sa.Column("tint", sa.String(7), nullable=True),
        sa.Column("tree_id", sa.Uuid(), nullable=False),
        sa.Column("widths", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", "number", name="videos_poster_pkey"),
        _belongs("poster"),
    )
    op.create_table(
        "videos_check",
        _of_video(),
        sa.Column("name", sa.String(40), nullable=False),
        _moment("deadline_at"),
        _moment("released_at", nullable=True),
        sa.PrimaryKeyConstraint("video_id", "name", name="videos_check_pkey"),
        _belongs("check"),
    )
    op.create_table(
        "videos_visit",
        _of_video(),
        sa.Column("viewer", sa.String(32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        _moment("first_at"),
        _moment("last_at"),
        sa.Column("watched_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", "viewer", "visit", name="videos_visit_pkey"),
        _belongs("visit"),
    )
    op.create_index("videos_visit_last_at_ix", "videos_visit", ["last_at"])
    op.create_table(
        "videos_view",
        _of_video(),
        sa.Column("viewer", sa.String(32), nullable=False),
        _moment("counted_at"),
        sa.PrimaryKeyConstraint("video_id", "viewer", name="videos_view_pkey"),
        _belongs("view"),
    )
    op.create_index("videos_view_counted_at_ix", "videos_view", ["counted_at"])
    op.create_table(
        "videos_resume",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _of_video(),
        sa.Column("position_s", sa.Float(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("account_id", "video_id", name="videos_resume_pkey"),
        _belongs("resume"),
    )
    op.create_index("videos_resume_video_id_ix", "videos_resume", ["video_id"])


def downgrade() -> None:
    for table in ("resume", "view", "visit", "check", "poster", "segment", "rendition", "video"):
        op.drop_table(f"videos_{table}")
