"""Tries counted on all nodes together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "nodes_0001"
down_revision = "agents_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tries",
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("place", "minute", name=op.f("pk_tries")),
    )
    op.create_index("ix_tries_minute", "tries", ["minute"])


def downgrade() -> None:
    op.drop_table("tries")
