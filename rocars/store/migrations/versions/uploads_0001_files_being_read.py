"""Files that are being read: how far, and what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "uploads_0001"
down_revision = "scale_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "file_reading",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "state IN ('reading', 'done', 'refused')", name=op.f("ck_file_reading_known_state")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_file_reading_company_id")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_file_reading_batch_id")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_file_reading")),
    )
    op.create_index("ix_file_reading_begun_at", "file_reading", ["begun_at"])
    op.create_index("ix_batch_company_newest", "batch", ["company_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_batch_company_newest", "batch")
    op.drop_table("file_reading")
