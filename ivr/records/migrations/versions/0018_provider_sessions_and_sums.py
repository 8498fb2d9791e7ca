"""Sessions that an OpenID provider has begun, and ends; counts of all languages together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("web_sessions", sa.Column("id_token", sa.Text(), nullable=True))
    op.add_column("web_sessions", sa.Column("provider_session", sa.Text(), nullable=True))
    op.create_table(
        "tally_sums",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("day", "measure", "name", name=op.f("pk_tally_sums")),
    )
    op.execute(
        "INSERT INTO tally_sums (day, measure, name, count) "
        "SELECT day, measure, name, SUM(count) FROM tallies GROUP BY day, measure, name"
    )


def downgrade() -> None:
    op.drop_table("tally_sums")
    op.drop_column("web_sessions", "provider_session")
    op.drop_column("web_sessions", "id_token")
