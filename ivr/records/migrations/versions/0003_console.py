"""People, prompt versions, orders, counts and the search by CCRN: what the console needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)

AUDIT_YEARS = 2
"""An entry of the audit log cannot be deleted before, whatever the retention says."""


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.String(length=16), nullable=True),
        sa.Column("pin_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
        sa.UniqueConstraint("operator_id", name=op.f("uq_people_operator_id")),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_web_sessions_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_sessions")),
    )
    op.create_index(op.f("ix_web_sessions_person_id"), "web_sessions", ["person_id"])
    op.create_table(
        "audit",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    _guard_audit()
    op.create_table(
        "prompt_versions",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("base_digest", sa.String(length=64), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("raw_lufs", sa.Double(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", INSTANT, nullable=True),
        sa.Column("live_from", INSTANT, nullable=True),
        sa.Column("was_live_at", INSTANT, nullable=True),
        sa.Column("retired_by", sa.Text(), nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_prompt_versions")),
        sa.UniqueConstraint("language", "clip", "serial", name=op.f("uq_prompt_versions_language")),
    )
    op.create_index(
        "ix_prompt_versions_one_live",
        "prompt_versions",
        ["language", "clip"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_index("ix_prompt_versions_state", "prompt_versions", ["state", "live_from"])
    op.create_table(
        "clip_numbers",
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clip", name=op.f("pk_clip_numbers")),
        sa.UniqueConstraint("number", name=op.f("uq_clip_numbers_number")),
    )
    op.create_table(
        "node_orders",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_node_orders")),
    )
    op.create_index("ix_node_orders_waiting", "node_orders", ["node", "taken_at"])
    op.create_table(
        "node_states",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("front_up", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("workers", JSON, nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_node_states")),
    )
    op.create_table(
        "tallies",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("day", "language", "measure", "name", name=op.f("pk_tallies")),
    )
    op.create_table(
        "request_ccrns",
        sa.Column("ccrn", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["idempotency_key"],
            ["bundle_requests.idempotency_key"],
            name=op.f("fk_request_ccrns_idempotency_key_bundle_requests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ccrn", "idempotency_key", name=op.f("pk_request_ccrns")),
    )
    op.create_index(op.f("ix_request_ccrns_idempotency_key"), "request_ccrns", ["idempotency_key"])
    op.create_index(op.f("ix_bundle_requests_vehicle"), "bundle_requests", ["vehicle"])
    op.create_index(
        "ix_calls_not_ended",
        "calls",
        ["offered_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _index_what_is_there()


def _guard_audit() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN "
            "SELECT RAISE(ABORT, 'the audit log is not changed'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_kept BEFORE DELETE ON audit "
            f"WHEN OLD.at > datetime('now', '-{AUDIT_YEARS} years') BEGIN "
            "SELECT RAISE(ABORT, 'the audit log is kept'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' AND OLD.at < now() - interval '{AUDIT_YEARS} years' "
        "THEN RETURN OLD; END IF; RAISE EXCEPTION 'the audit log is kept as it is'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_guarded BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
    )


def _index_what_is_there() -> None:
    """Requests of earlier releases can be found by their CCRNs too."""
    if op.get_bind().dialect.name == "sqlite":
        each = "json_each(r.ccrns) AS one"
    else:
        each = "jsonb_array_elements_text(r.ccrns) AS one(value)"
    op.execute(
        "INSERT INTO request_ccrns (ccrn, idempotency_key) "
        f"SELECT DISTINCT one.value, r.idempotency_key FROM bundle_requests r, {each}"
    )


def downgrade() -> None:
    op.drop_index("ix_calls_not_ended", table_name="calls")
    op.drop_index(op.f("ix_bundle_requests_vehicle"), table_name="bundle_requests")
    for table in (
        "request_ccrns",
        "tallies",
        "node_states",
        "node_orders",
        "clip_numbers",
        "prompt_versions",
        "audit",
        "web_sessions",
        "people",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
