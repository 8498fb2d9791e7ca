"""What was done through each channel; the hotline's officers, and what they looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "hotline_0001"
down_revision = "portal_0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "channel_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("channel", sa.String(length=9), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=4), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_event")),
    )
    op.create_index("ix_channel_event_subject", "channel_event", ["about", "subject", "id"])
    op.create_index("ix_channel_event_done_at", "channel_event", ["done_at"])
    op.create_table(
        "hotline_deed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("officer", sa.String(length=20), nullable=False),
        sa.Column("deed", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hotline_deed")),
    )
    op.create_index("ix_hotline_deed_subject", "hotline_deed", ["kind", "subject"])
    op.create_index("ix_hotline_deed_done_at", "hotline_deed", ["done_at"])
    _know_roles("'officer', 'analyst', 'hotline'")


def _know_roles(roles: str) -> None:
    """SQLite makes the table anew for this, so nobody may be logged in: officers log in again."""
    op.execute("DELETE FROM officer_session")
    with op.batch_alter_table("officer") as officer:
        officer.drop_constraint(op.f("ck_officer_known_role"), type_="check")
        officer.create_check_constraint(op.f("ck_officer_known_role"), f"role IN ({roles})")


def downgrade() -> None:
    op.execute("DELETE FROM officer_session")
    op.execute("DELETE FROM officer WHERE role = 'hotline'")
    _know_roles("'officer', 'analyst'")
    op.drop_table("hotline_deed")
    op.drop_table("channel_event")
