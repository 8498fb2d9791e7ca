"""The course at kiosks, beside that on the web."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "course_0002"
down_revision = "forms_0001"
branch_labels = None
depends_on = None

KEY = "pk_course_taken"


def upgrade() -> None:
    with op.batch_alter_table("course_taken") as taken:
        taken.add_column(sa.Column("place", sa.String(5), nullable=False, server_default="web"))
        taken.drop_constraint(op.f(KEY), type_="primary")
        taken.create_primary_key(op.f(KEY), ["account_id", "place"])
        taken.create_check_constraint(
            op.f("ck_course_taken_known_place"), "place IN ('web', 'kiosk')"
        )


def downgrade() -> None:
    op.execute("DELETE FROM course_taken WHERE place = 'kiosk'")
    with op.batch_alter_table("course_taken") as taken:
        taken.drop_constraint(op.f("ck_course_taken_known_place"), type_="check")
        taken.drop_constraint(op.f(KEY), type_="primary")
        taken.create_primary_key(op.f(KEY), ["account_id"])
        taken.drop_column("place")
