"""At the boundary: lanes, readings, passages, declarations, risk profiles, officers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "crossing_0001"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LIVE = sa.text("state = 'live'")


def upgrade() -> None:
    op.create_index(
        "ix_bundle_live_mark", "bundle", ["mark"], sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_table(
        "lane_state",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_lane_state")),
    )
    op.create_table(
        "passage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("control_point", sa.String(length=8), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=True),
        sa.Column("instruction", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("ubrs", sa.JSON(), nullable=False),
        sa.Column("cross_from", INSTANT, nullable=True),
        sa.Column("unladen", sa.Boolean(), nullable=False),
        sa.Column("crossed", sa.Boolean(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "direction IN ('inbound', 'outbound')", name=op.f("ck_passage_known_direction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passage")),
    )
    op.create_index("ix_passage_lane_newest", "passage", ["lane", "id"])
    op.create_index("ix_passage_of_vehicle", "passage", ["mark", "direction", "resolved_at"])
    op.create_index("ix_passage_changed_at", "passage", ["changed_at"])
    op.create_table(
        "plate_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("alternatives", sa.JSON(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("passage_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passage.id"], name=op.f("fk_plate_reading_passage_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_reading")),
        sa.UniqueConstraint("lane", "key", name=op.f("uq_plate_reading_lane")),
    )
    op.create_index("ix_plate_reading_passage_id", "plate_reading", ["passage_id"])
    op.create_table(
        "reading_picture",
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["plate_reading.id"], name=op.f("fk_reading_picture_reading_id")
        ),
        sa.PrimaryKeyConstraint("reading_id", name=op.f("pk_reading_picture")),
    )
    op.create_index("ix_reading_picture_taken_at", "reading_picture", ["taken_at"])
    op.create_table(
        "unladen_declaration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("passage_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passage.id"], name=op.f("fk_unladen_declaration_passage_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unladen_declaration")),
        sa.UniqueConstraint("lane", "key", name=op.f("uq_unladen_declaration_lane")),
    )
    op.create_index("ix_unladen_declaration_passage_id", "unladen_declaration", ["passage_id"])
    op.create_table(
        "risk_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("valid_from", INSTANT, nullable=False),
        sa.Column("valid_until", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(length=20), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("withdrawn_by", sa.String(length=20), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "scope IN ('laden', 'unladen', 'both')", name=op.f("ck_risk_profile_known_scope")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_profile")),
    )
    op.create_index("ix_risk_profile_valid_until", "risk_profile", ["valid_until"])
    op.create_table(
        "profile_hit",
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("passage_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["risk_profile.id"], name=op.f("fk_profile_hit_profile_id")
        ),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passage.id"], name=op.f("fk_profile_hit_passage_id")
        ),
        sa.PrimaryKeyConstraint("profile_id", "passage_id", name=op.f("pk_profile_hit")),
    )
    op.create_index("ix_profile_hit_passage_id", "profile_hit", ["passage_id"])
    op.create_table(
        "boundary_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("deed", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_deed")),
    )
    op.create_index("ix_boundary_deed_done_at", "boundary_deed", ["done_at"])
    op.create_table(
        "officer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("seed", sa.String(length=500), nullable=False),
        sa.Column("next_step", sa.BigInteger(), nullable=False),
        sa.Column("drift", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("role IN ('officer', 'analyst')", name=op.f("ck_officer_known_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("name", name=op.f("uq_officer_name")),
    )
    op.create_table(
        "officer_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_officer_session")),
    )


def downgrade() -> None:
    for table in (
        "officer_session",
        "officer",
        "boundary_deed",
        "profile_hit",
        "risk_profile",
        "unladen_declaration",
        "reading_picture",
        "plate_reading",
        "passage",
        "lane_state",
    ):
        op.drop_table(table)
    op.drop_index("ix_bundle_live_mark", "bundle")
