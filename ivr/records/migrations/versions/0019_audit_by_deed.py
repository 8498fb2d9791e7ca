"""The entries of one deed, and of one deed of one person, in a long audit log."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_action", "audit", ["action", "entry_id"])
    op.create_index("ix_audit_who_action", "audit", ["who", "action", "entry_id"])


def downgrade() -> None:
    op.drop_index("ix_audit_who_action", "audit")
    op.drop_index("ix_audit_action", "audit")
