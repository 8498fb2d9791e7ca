"""Files of many consignments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "portal_0001"
down_revision = "crossing_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=3), nullable=False),
        sa.Column("encoding", sa.String(length=10), nullable=False),
        sa.Column("keep", sa.String(length=4), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("lodged", sa.Integer(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column("unlisted", sa.Integer(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.CheckConstraint("keep IN ('all', 'good')", name=op.f("ck_batch_known_keep")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_batch_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_company_file", "batch", ["company_id", "sha256"])
    op.create_table(
        "batched_consignment",
        sa.Column("consignment_id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch.id"], name=op.f("fk_batched_consignment_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
            name=op.f("fk_batched_consignment_consignment_id"),
        ),
        sa.PrimaryKeyConstraint("consignment_id", name=op.f("pk_batched_consignment")),
    )
    op.create_index("ix_batched_consignment_batch_id", "batched_consignment", ["batch_id"])


def downgrade() -> None:
    op.drop_table("batched_consignment")
    op.drop_table("batch")
