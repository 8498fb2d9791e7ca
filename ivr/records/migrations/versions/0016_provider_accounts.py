"""People whose log-ins are an OpenID provider's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("subject", sa.Text(), nullable=True))
    op.create_index("ix_people_subject", "people", ["issuer", "subject"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_people_subject", table_name="people")
    op.drop_column("people", "subject")
    op.drop_column("people", "issuer")
