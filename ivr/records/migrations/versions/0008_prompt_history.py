"""In which order versions went live, sets that came as one, and who is at which prompt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("prompt_versions", sa.Column("batch", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_prompt_versions_batch"), "prompt_versions", ["batch"])
    op.create_table(
        "went_live",
        sa.Column("went_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["prompt_versions.version_id"],
            name=op.f("fk_went_live_version_id_prompt_versions"),
        ),
        sa.PrimaryKeyConstraint("went_id", name=op.f("pk_went_live")),
    )
    op.create_index("ix_went_live_clip", "went_live", ["language", "clip"])
    op.create_table(
        "at_prompt",
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("clip", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_at_prompt_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("language", "clip", "person_id", name=op.f("pk_at_prompt")),
    )
    # Of what was live before this release it is known when each was last.
    op.execute(
        "INSERT INTO went_live (language, clip, version_id) "
        "SELECT language, clip, version_id FROM prompt_versions "
        "WHERE was_live_at IS NOT NULL ORDER BY was_live_at, version_id"
    )


def downgrade() -> None:
    op.drop_table("at_prompt")
    op.drop_table("went_live")
    op.drop_index(op.f("ix_prompt_versions_batch"), table_name="prompt_versions")
    op.drop_column("prompt_versions", "batch")
