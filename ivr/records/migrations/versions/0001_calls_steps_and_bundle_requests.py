"""Calls (CDRs), their steps, and the audit of bundle requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bundle_requests",
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("worker_pid", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("driver_user_id", sa.Text(), nullable=False),
        sa.Column("ccrns", JSON, nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ubr", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("crossing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crossing_immediately", sa.Boolean(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_bundle_requests")),
    )
    op.create_index(
        op.f("ix_bundle_requests_call_id"), "bundle_requests", ["call_id"], unique=False
    )
    op.create_index(
        op.f("ix_bundle_requests_driver_user_id"),
        "bundle_requests",
        ["driver_user_id"],
        unique=False,
    )
    op.create_index(op.f("ix_bundle_requests_ubr"), "bundle_requests", ["ubr"], unique=False)
    op.create_index(
        "ix_bundle_requests_unsettled", "bundle_requests", ["state", "sent_at"], unique=False
    )

    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("worker_pid", sa.Integer(), nullable=False),
        sa.Column("worker_slot", sa.Integer(), nullable=False),
        sa.Column("sip_call_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("caller_kind", sa.String(length=32), nullable=False),
        sa.Column("caller_e164", sa.String(length=16), nullable=True),
        sa.Column("caller_region", sa.String(length=3), nullable=True),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("driver", sa.Text(), nullable=True),
        sa.Column("ubr", sa.Text(), nullable=True),
        sa.Column("login_attempts", sa.Integer(), nullable=True),
        sa.Column("codec", sa.Text(), nullable=True),
        sa.Column("packets_sent", sa.Integer(), nullable=True),
        sa.Column("packets_received", sa.Integer(), nullable=True),
        sa.Column("packets_lost", sa.Integer(), nullable=True),
        sa.Column("jitter_ms", sa.Double(), nullable=True),
        sa.Column("keys", sa.Integer(), nullable=True),
        sa.Column("stand_ins", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_calls_ended_with_outcome")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_caller_e164"), "calls", ["caller_e164"], unique=False)
    op.create_index(
        "ix_calls_in_progress", "calls", ["node", "worker_pid", "ended_at"], unique=False
    )
    op.create_index(op.f("ix_calls_offered_at"), "calls", ["offered_at"], unique=False)
    op.create_index(op.f("ix_calls_sip_call_id"), "calls", ["sip_call_id"], unique=False)
    op.create_index(op.f("ix_calls_ubr"), "calls", ["ubr"], unique=False)

    op.create_table(
        "steps",
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.call_id"], name=op.f("fk_steps_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "sequence", name=op.f("pk_steps")),
    )


def downgrade() -> None:
    op.drop_table("steps")
    op.drop_index(op.f("ix_calls_ubr"), table_name="calls")
    op.drop_index(op.f("ix_calls_sip_call_id"), table_name="calls")
    op.drop_index(op.f("ix_calls_offered_at"), table_name="calls")
    op.drop_index("ix_calls_in_progress", table_name="calls")
    op.drop_index(op.f("ix_calls_caller_e164"), table_name="calls")

    op.drop_table("calls")
    op.drop_index("ix_bundle_requests_unsettled", table_name="bundle_requests")
    op.drop_index(op.f("ix_bundle_requests_ubr"), table_name="bundle_requests")
    op.drop_index(op.f("ix_bundle_requests_driver_user_id"), table_name="bundle_requests")
    op.drop_index(op.f("ix_bundle_requests_call_id"), table_name="bundle_requests")

    op.drop_table("bundle_requests")
