"""Versions of prompts that go live as one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_releases")),
    )
    # Without a foreign key: SQLite would copy the whole table, sound and all, to have one.
    op.add_column("prompt_versions", sa.Column("release_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_prompt_versions_release_id"), "prompt_versions", ["release_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_prompt_versions_release_id"), table_name="prompt_versions")
    op.drop_column("prompt_versions", "release_id")
    op.drop_table("releases")
