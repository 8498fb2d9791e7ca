"""Messages that agents send for their clients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "agents_0002"
down_revision = "course_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_message",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["bulk_message.id"], name=op.f("fk_agent_message_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_agent_message_agency_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_agent_message")),
    )


def downgrade() -> None:
    op.drop_table("agent_message")
