"""What drivers did on the practice line of the telephone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "course_0003"
down_revision = "course_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rehearsed",
        sa.Column("driver_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["driver_id"], ["driver.id"], name=op.f("fk_rehearsed_driver_id")),
        sa.PrimaryKeyConstraint("driver_id", name=op.f("pk_rehearsed")),
    )


def downgrade() -> None:
    op.drop_table("rehearsed")
