"""Long audit logs by deed, long lists of calls by caller, driver and outcome: found by an index."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NEW = {
    "ix_audit_action": ("audit", ["action", "entry_id"]),
    "ix_audit_who_action": ("audit", ["who", "action", "entry_id"]),
    "ix_calls_caller": ("calls", ["caller_e164", "call_id"]),
    "ix_calls_driver": ("calls", ["driver", "call_id"]),
    "ix_calls_outcome": ("calls", ["outcome", "call_id"]),
}


def upgrade() -> None:
    for name, (table, columns) in NEW.items():
        op.create_index(name, table, columns)
    op.drop_index("ix_calls_caller_e164", "calls")


def downgrade() -> None:
    op.create_index("ix_calls_caller_e164", "calls", ["caller_e164"])
    for name, (table, _) in NEW.items():
        op.drop_index(name, table)
