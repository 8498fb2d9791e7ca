"""Consents that clients confirmed by themselves, and what agents did for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "agents_0001"
down_revision = "desk_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("agency", sa.Column("confirmed_at", INSTANT, nullable=True))
    op.add_column("agency", sa.Column("confirmed_by", sa.String(length=32), nullable=True))
    op.create_table(
        "agent_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=4), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_agent_deed_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_deed")),
    )
    op.create_index("ix_agent_deed_newest", "agent_deed", ["agency_id", "id"])
    op.create_index("ix_agent_deed_subject", "agent_deed", ["about", "subject"])


def downgrade() -> None:
    op.drop_table("agent_deed")
    op.drop_column("agency", "confirmed_by")
    op.drop_column("agency", "confirmed_at")
