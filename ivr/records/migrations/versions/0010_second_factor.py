"""People may have a second factor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("totp_seed", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("totp_step", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "totp_step")
    op.drop_column("people", "totp_seed")
