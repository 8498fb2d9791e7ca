"""Accounts of the web portal; what was done to cargo data after it was lodged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "portal_0002"
down_revision = "portal_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("consignment", sa.Column("withdrawn_at", INSTANT, nullable=True))
    op.create_index("ix_consignment_company_newest", "consignment", ["company_id", "id"])
    op.create_table(
        "consignment_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consignment_id", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("done_by", sa.String(length=32), nullable=False),
        sa.Column("deed", sa.String(length=9), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "deed IN ('amended', 'withdrawn')", name=op.f("ck_consignment_change_known_deed")
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"],
            ["consignment.id"],
            name=op.f("fk_consignment_change_consignment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consignment_change")),
    )
    op.create_index(
        "ix_consignment_change_consignment_id", "consignment_change", ["consignment_id"]
    )
    op.create_table(
        "lodging_key",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("consignment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_lodging_key_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["consignment_id"], ["consignment.id"], name=op.f("fk_lodging_key_consignment_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "key", name=op.f("pk_lodging_key")),
    )
    op.create_table(
        "web_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=7), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("driver_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("role IN ('shipper', 'driver')", name=op.f("ck_web_account_known_role")),
        sa.CheckConstraint(
            "(role = 'driver') = (driver_id IS NOT NULL)",
            name=op.f("ck_web_account_driver_is_driver"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_web_account_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["driver_id"], ["driver.id"], name=op.f("fk_web_account_driver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_account")),
        sa.UniqueConstraint("driver_id", name=op.f("uq_web_account_driver_id")),
        sa.UniqueConstraint("user_id", name=op.f("uq_web_account_user_id")),
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("code_until", INSTANT, nullable=True),
        sa.Column("notices", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["web_account.id"], name=op.f("fk_web_session_account_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    op.create_index("ix_web_session_account_id", "web_session", ["account_id"])


def downgrade() -> None:
    for table in ("web_session", "web_account", "lodging_key", "consignment_change"):
        op.drop_table(table)
    op.drop_index("ix_consignment_company_newest", "consignment")
    op.drop_column("consignment", "withdrawn_at")
