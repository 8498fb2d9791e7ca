"""Where a session was begun, and by which browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = ("address", "agent")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column(
            "web_sessions", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("web_sessions", name)
