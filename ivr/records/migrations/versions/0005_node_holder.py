"""A node's name belongs to one service: who has it, and where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("holder", "whereabouts")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column(
            "node_states",
            sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")),
        )


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("node_states", name)
