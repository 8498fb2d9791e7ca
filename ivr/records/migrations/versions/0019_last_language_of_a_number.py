"""The language last spoken from a number is found without reading all calls from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_calls_last_language",
        "calls",
        ["caller_e164", "offered_at", "language"],
        sqlite_where=sa.text("language IS NOT NULL"),
        postgresql_where=sa.text("language IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_calls_last_language", table_name="calls")
