"""How far people got in the course on the web."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "course_0001"
down_revision = "uploads_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "course_taken",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("ccrn", sa.String(length=20), nullable=False),
        sa.Column("board", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["web_account.id"], name=op.f("fk_course_taken_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_course_taken")),
    )


def downgrade() -> None:
    op.drop_table("course_taken")
