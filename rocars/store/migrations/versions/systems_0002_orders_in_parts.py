"""The orders of a message in parts, so that not all of them are read for each of its turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "systems_0002"
down_revision = "course_0003"
branch_labels = None
depends_on = None

_KEY = "pk_bulk_orders"


def upgrade() -> None:
    """What waits meanwhile stays as it is: one part with all its orders."""
    with op.batch_alter_table("bulk_orders") as orders:
        orders.add_column(sa.Column("first", sa.Integer(), nullable=False, server_default="0"))
        orders.drop_constraint(_KEY, type_="primary")
        orders.create_primary_key(_KEY, ["message_id", "first"])
    with op.batch_alter_table("bulk_orders") as orders:
        orders.alter_column("first", server_default=None)


def downgrade() -> None:
    """Raises what the database raises while a message waits that is in parts."""
    with op.batch_alter_table("bulk_orders") as orders:
        orders.drop_constraint(_KEY, type_="primary")
        orders.create_primary_key(_KEY, ["message_id"])
        orders.drop_column("first")
