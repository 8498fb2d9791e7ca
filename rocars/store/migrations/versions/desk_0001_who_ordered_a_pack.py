"""Who ordered a secure pack: another officer hands it over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "desk_0001"
down_revision = "systems_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("secure_pack", sa.Column("ordered_by", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("secure_pack", "ordered_by")
