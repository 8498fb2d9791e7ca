"""The audit log is a chain of hashes, and can neither be overwritten nor emptied."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AUDIT = sa.table(
    "audit",
    sa.column("entry_id", sa.Integer()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("who", sa.Text()),
    sa.column("action", sa.String()),
    sa.column("subject", sa.Text()),
    sa.column("detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
    sa.column("previous", sa.String()),
    sa.column("hash", sa.String()),
)
AT_ONCE = 2000


def upgrade() -> None:
    for name in ("previous", "hash"):
        op.add_column(
            "audit",
            sa.Column(name, sa.String(length=64), nullable=False, server_default=sa.text("''")),
        )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_unchanged")
        _chain_what_is_there()
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN "
            "SELECT RAISE(ABORT, 'the audit log is not changed'); END"
        )
        # REPLACE deletes the row in its way without firing triggers of deletion.
        op.execute(
            "CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE entry_id = NEW.entry_id) BEGIN "
            "SELECT RAISE(ABORT, 'the audit log is not overwritten'); END"
        )
        return
    op.execute("ALTER TABLE audit DISABLE TRIGGER audit_guarded")
    _chain_what_is_there()
    op.execute("ALTER TABLE audit ENABLE TRIGGER audit_guarded")
    op.execute(
        "CREATE FUNCTION refuse_audit_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the audit log is not emptied'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_truncate()"
    )


def _chain_what_is_there() -> None:
    connection = op.get_bind()
    last, previous = 0, ""
    change = (
        sa.update(AUDIT)
        .where(AUDIT.c.entry_id == sa.bindparam("id"))
        .values(previous=sa.bindparam("before"), hash=sa.bindparam("sealed"))
    )
    while True:
        rows = connection.execute(
            sa.select(AUDIT)
            .where(AUDIT.c.entry_id > last)
            .order_by(AUDIT.c.entry_id)
            .limit(AT_ONCE)
        ).all()
        changes: list[dict[str, Any]] = []
        for row in rows:
            sealed = _sealed(previous, row)
            changes.append({"id": row.entry_id, "before": previous, "sealed": sealed})
            last, previous = row.entry_id, sealed
        if changes:
            connection.execute(change, changes)
        if len(rows) < AT_ONCE:
            return


def _sealed(previous: str, row: Any) -> str:
    at: datetime = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [previous, when, row.who, row.action, row.subject, row.detail]
    written = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_not_replaced")
    else:
        op.execute("DROP TRIGGER audit_not_emptied ON audit")
        op.execute("DROP FUNCTION refuse_audit_truncate()")
    op.drop_column("audit", "hash")
    op.drop_column("audit", "previous")
