"""Failed log-ins are counted by way, name and place; known devices; passwords to be changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "login_failures",
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", INSTANT, nullable=True),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("way", "subject", "source", name=op.f("pk_login_failures")),
    )
    op.create_table(
        "known_devices",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.person_id"],
            name=op.f("fk_known_devices_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", "person_id", name=op.f("pk_known_devices")),
    )
    op.create_index(op.f("ix_known_devices_person_id"), "known_devices", ["person_id"])
    op.add_column(
        "people",
        sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.drop_column("people", "failures")
    op.drop_column("people", "locked_until")


def downgrade() -> None:
    op.add_column(
        "people",
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column("people", sa.Column("locked_until", INSTANT, nullable=True))
    op.drop_column("people", "must_change")
    op.drop_table("known_devices")
    op.drop_table("login_failures")
